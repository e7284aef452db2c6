"""Runs every benchmark, each in a process of its own, and prints their tables."""

from __future__ import annotations

import subprocess
import sys

ALL = ("growth", "items", "connectors", "durable", "express", "webhooks", "start", "ai")


def main() -> int:
    """0 where all could be measured; an aim that is missed is shown, not an error: machines are noisy."""
    wanted = sys.argv[1:] or ALL
    failed = 0
    for name in wanted:
        print(f"\n== {name} ==", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"benchmarks.{name}"], check=False).returncode
    return failed


if __name__ == "__main__":
    raise SystemExit(main())
