"""The demo, whole: it ends well, accounts for each effect, and leaves nothing behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest


class TestTheDemo:
    @pytest.mark.timeout(180)
    def test_kills_a_worker_and_counts_each_effect_once(self, tmp_path: Path) -> None:
        environment = {**os.environ, "COLUMNS": "100", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-m", "flov7.cli.main", "demo"],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=environment,
            timeout=170,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        for words in (
            "(SIGKILL)",
            "The demo approves",
            "is in doubt",
            "by the receivers' own log",
            "2 runs: 2 succeeded",
        ):
            assert words in " ".join(done.stdout.split()), done.stdout
        assert "Traceback" not in done.stderr
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith("flov7-demo")] == []
        left = [one.cmdline() for one in psutil.process_iter() if any(str(tmp_path) in word for word in _words(one))]
        assert left == []


def _words(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
