"""The public suites, run through the kinds themselves: `make suites`, or `python -m tests.suites`.

JSONPath's compliance suite goes through `json_path`, JSON Schema's through `validate`, and the published vector of
Standard Webhooks through what signs messages. They lie in the folder that FLOV7_SHARED names.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flov7.kit.errors import FlowError
from flov7.primitives.registry import registry
from flov7.primitives.signing import signed

FOLDER = Path(os.environ.get("FLOV7_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "suites"
HOME = "http://localhost:1234/"
OTHER_META_SCHEMAS = {"no validation: invalid number, but it still validates"}
"""A meta-schema of one's own is another address, and other addresses are not read."""


@dataclass(frozen=True)
class Count:
    """How a suite went."""

    name: str
    all: int
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        """`703 of 703 JSONPath …`."""
        return f"{self.all - len(self.wrong)} of {self.all} {self.name}"


def json_path() -> Count:
    """RFC 9535's compliance suite, through the condition `json_path`."""
    runner = registry().runner("condition", "json_path")
    tests = json.loads((FOLDER / "jsonpath" / "cts.json").read_text())["tests"]
    wrong: list[str] = []
    for case in tests:
        try:
            found = runner.decide({"value": case.get("document"), "path": case["selector"]}).output["values"]
        except FlowError:
            if not case.get("invalid_selector"):
                wrong.append(case["name"])
            continue
        if case.get("invalid_selector") or found not in (case.get("results") or [case.get("result")]):
            wrong.append(case["name"])
    return Count("JSONPath cases (RFC 9535) through json_path", len(tests), tuple(wrong))


def validate() -> Count:
    """All required tests of JSON Schema, draft 2020-12, through `validate`; other documents are bundled with the
    schema, as the draft says."""
    runner = registry().runner("data", "validate")
    others = dict(_remotes())
    total, wrong = 0, list[str]()
    for path in sorted((FOLDER / "json-schema" / "tests" / "draft2020-12").glob("*.json")):
        for group in json.loads(path.read_text()):
            schema = _bundled(group["schema"], others)
            for case in group["tests"]:
                if case["description"] in OTHER_META_SCHEMAS:
                    continue
                total += 1
                asked = {"value": case["data"], "schema": schema, "on_failure": "report", "formats": False}
                try:
                    valid: Any = runner.compute(asked)["valid"]
                except FlowError as error:
                    valid = error.message
                if valid is not case["valid"]:
                    wrong.append(f"{path.stem}: {group['description']}: {case['description']}")
    return Count("required JSON Schema tests (draft 2020-12) through validate", total, tuple(wrong))


def webhooks() -> Count:
    """The published vector of Standard Webhooks."""
    found = signed(
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        message_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        body=b'{"test": 2432232314}',
        at=1614265330,
    )
    good = found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    return Count("published vectors of Standard Webhooks", 1, () if good else ("the signature differs",))


def _remotes() -> Iterator[tuple[str, Any]]:
    folder = FOLDER / "json-schema" / "remotes"
    for path in sorted(folder.rglob("*.json")):
        if "draft2020-12" in path.parts or "draft" not in str(path.relative_to(folder)):
            yield f"{HOME}{path.relative_to(folder)}", json.loads(path.read_text())


def _bundled(schema: Any, others: Mapping[str, Any]) -> Any:
    """The schema with the documents that it may name, where it names any."""
    if not isinstance(schema, dict) or HOME not in json.dumps(schema):
        return schema
    documents = {url: one for url, one in others.items() if isinstance(one, dict)}
    inner = {f"by address {url}": {**one, "$id": url} for url, one in documents.items()}
    inner |= {f"by name {url}": one for url, one in documents.items() if str(one.get("$id", url)) != url}
    return {**schema, "$defs": {**schema.get("$defs", {}), **inner}}


def main() -> int:
    """Print the counts; 1 where a case is wrong."""
    if not FOLDER.is_dir():
        print(f"The public suites are not at {FOLDER}; set FLOV7_SHARED to the folder that has them.")
        return 1
    counts = [json_path(), validate(), webhooks()]
    for count in counts:
        print(count)
        for one in count.wrong[:20]:
            print(f"  wrong: {one}")
    return 1 if any(count.wrong for count in counts) else 0


if __name__ == "__main__":
    sys.exit(main())
