"""What a node has to show before a person is asked about it: it reads well, its tests pass, and they would notice."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from flov7.cage import mutation, reading
from flov7.cage.cage import Cage, Tested
from flov7.kit.errors import FlowError, StepFailed

ENOUGH = 0.6
"""The share of changed versions that tests must notice; some changes make no difference."""


@dataclass(frozen=True)
class Report:
    """What was found. `problems` are for whoever writes; a node with none may be put to a person."""

    problems: tuple[str, ...] = ()
    tests: tuple[Tested, ...] = ()
    noticed: int = 0
    changes: int = 0
    unnoticed_outputs: tuple[str, ...] = ()
    cage: str = ""
    unnoticed: tuple[str, ...] = field(default=(), repr=False)

    @property
    def ok(self) -> bool:
        """Whether it may be put to a person."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """For people and programs."""
        return {**asdict(self), "ok": self.ok}


async def proved(cage: Cage, *, code: str, tests: str, outputs: Mapping[str, Any]) -> Report:
    """Read it, run its tests in the cage, then run them against changed versions. Raises Misconfigured without a cage."""
    wrong = [*reading.problems(code), *(f"tests: {one}" for one in reading.problems(tests, tests=True))]
    name = await cage.name()
    if wrong:
        return Report(problems=tuple(wrong), cage=name)
    try:
        results = await cage.test(code, tests)
    except StepFailed as error:
        return Report(problems=(error.message,), cage=name)
    failed = [f"{one.name}: {one.message}" for one in results if not one.ok]
    if failed:
        return Report(problems=tuple(failed), tests=tuple(results), cage=name)
    return await _noticing(cage, name, code, tests, list(outputs.get("properties", {})), tuple(results))


async def _noticing(
    cage: Cage, name: str, code: str, tests: str, outputs: Sequence[str], results: tuple[Tested, ...]
) -> Report:
    """What the tests say of versions that are wrong on purpose."""
    by_output = list(mutation.of_outputs(code, outputs))
    changed = mutation.of_code(code)
    seen = await asyncio.gather(*(_notices(cage, one, tests) for one in [*(text for _, text in by_output), *changed]))
    missed = tuple(output for (output, _), noticed in zip(by_output, seen, strict=False) if not noticed)
    rest = seen[len(by_output) :]
    noticed = sum(rest)
    problems = [f"no test looks at the output `{output}`" for output in missed]
    if changed and noticed / len(changed) < ENOUGH:
        problems.append(f"the tests notice {noticed} of {len(changed)} changes to the code; add cases at its borders")
    unnoticed = tuple(text for text, was in zip(changed, rest, strict=True) if not was)
    return Report(tuple(problems), results, noticed, len(changed), missed, name, unnoticed[:3])


async def _notices(cage: Cage, code: str, tests: str) -> bool:
    """Whether a test fails, or the code does not even end."""
    try:
        return not all(one.ok for one in await cage.test(code, tests, seconds=3.0))
    except FlowError:
        return True
