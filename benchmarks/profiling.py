"""Where the gateway's time goes under express load: `python -m benchmarks.profiling` writes results/express_profile.txt.

The profiler doubles the time of every call, so look at the order, not at the seconds. The start of the process is in
it: imports, `marshal`, `exec` and `__build_class__` are not paid by runs.
"""

from __future__ import annotations

import asyncio
import io
import pstats
import tempfile
from pathlib import Path

from benchmarks import express
from benchmarks.measuring import RESULTS
from flov7.gateway.serving import fast_loop

RUNS = 4000
ROWS = 45


async def main() -> None:
    """Load a gateway that runs under the profiler, end it, and write what it found."""
    with tempfile.TemporaryDirectory(prefix="flov7-bench-") as folder:
        raw = str(Path(folder) / "gateway.profile")
        async with express.stand(under=("cProfile", "-o", raw, "-m")) as at:
            workflow_id, path = await express.hook(at, "express", mode="express")
            load = express.Load(at.gateway.port, path, 202, [])
            await load.send(RUNS, at_once=express.AT_ONCE)
            await express.ended_at(at, workflow_id)(RUNS)
        text = io.StringIO()
        pstats.Stats(raw, stream=text).strip_dirs().sort_stats("tottime").print_stats(ROWS)
    words = text.getvalue().split("\n", 2)[2].lstrip()
    lines = [line.rstrip() for line in words.splitlines()]
    (RESULTS / "express_profile.txt").write_text(
        f"{RUNS} express runs, ten pure steps each\n" + "\n".join(lines) + "\n"
    )


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=fast_loop) as runner:
        runner.run(main())
