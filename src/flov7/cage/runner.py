"""Runs inside the cage: reads a question, runs the node's code, writes the answer. It uses the standard library only.

The question is `{"do": "run", "inputs": …}` or `{"do": "test"}`; the answer is one line of JSON on the real standard
output. What the code prints goes to the error stream, which people are shown.
"""

import json
import os
import sys
import traceback
from typing import Any

PLACE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - nothing more than is needed is imported


def main() -> None:
    """Answer one question."""
    answer = os.dup(1)
    os.dup2(2, 1)
    question: Any = json.loads(sys.stdin.buffer.read())
    sys.stdin = open(os.devnull)  # noqa: SIM115, PTH123
    try:
        said = {"run": _run, "test": _test}[question["do"]](question)
        text = json.dumps(said, allow_nan=False)
    except BaseException as error:  # noqa: BLE001 - whatever the code raises is its answer
        text = json.dumps({"error": _told(error)})
    sys.stdout.flush()
    os.write(answer, text.encode() + b"\n")


def _loaded(name: str, names: dict[str, Any] | None = None) -> dict[str, Any]:
    with open(f"{PLACE}/{name}", encoding="utf-8") as file:  # noqa: PTH123
        code = compile(file.read(), name, "exec")
    space: dict[str, Any] = {"__name__": name.removesuffix(".py"), **(names or {})}
    exec(code, space)  # noqa: S102 - this is the cage
    return space


def _run(question: Any) -> Any:
    return {"output": _loaded("node.py")["run"](question["inputs"])}


def _test(question: Any) -> Any:
    """Each `test_…` of `tests.py`, which sees `run`."""
    del question
    space = _loaded("tests.py", {"run": _loaded("node.py")["run"]})
    found = [name for name in space if name.startswith("test_") and callable(space[name])]
    results: list[dict[str, Any]] = []
    for name in found:
        try:
            space[name]()
            results.append({"name": name, "ok": True, "message": ""})
        except Exception as error:  # noqa: BLE001 - a failing test
            results.append({"name": name, "ok": False, "message": _told(error)["message"]})
    return {"tests": results}


def _told(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    line = next((frame.lineno for frame in reversed(frames) if frame.filename in ("node.py", "tests.py")), None)
    return {"type": type(error).__name__, "message": f"{type(error).__name__}: {error}"[:2000], "line": line}


if __name__ == "__main__":
    main()
