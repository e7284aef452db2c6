"""How often a step is tried and how long it may take: `retry 5 times`, `with a timeout of 30 seconds`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flov7.generation.offline.durations import duration
from flov7.generation.offline.words import Word, find, number

_RETRY = ("retry", "retrying", "retries", "try again", "trying again")
_TRY = ("try", "tries", "attempts", "trying")


def policies(words: Sequence[Word]) -> tuple[list[Word], dict[str, Any]]:
    """The words without their policy, and the policy's fields (`retry`, `timeout`)."""
    rest, fields = list(words), dict[str, Any]()
    at = find(rest, "with up to", "with", "and", "up to", *_RETRY, *_TRY)
    while at is not None:
        policy = retry(rest[at[0] :])
        if policy is not None:
            fields["retry"] = policy
            rest = rest[: at[0]]
            break
        at = find(rest, "with up to", "with", "and", "up to", *_RETRY, *_TRY, start=at[0] + 1)
    cut = find(rest, "with a timeout of", "timeout of", "timing out after", "within")
    if (
        cut is not None
        and rest[0].low not in ("wait", "ask", "get")
        and (read := duration(rest[cut[1] :]))
        and read[1] == 0
    ):
        fields["timeout"] = read[0]
        rest = rest[: cut[0]] + rest[cut[1] + read[2] :]
    while rest and rest[-1].sort == "mark":
        rest.pop()
    return rest, fields


def retry(words: Sequence[Word]) -> dict[str, Any] | None:
    """`retry 5 times` is six attempts, `try 5 times` five; `every 10 seconds` is the wait between them."""
    again, tries = find(words, *_RETRY), find(words, *_TRY)
    if again is None and tries is None:
        return None
    if (again or tries or (0, 0))[0] > 4:
        return None
    counted = next(
        (value for at, word in enumerate(words) if (value := number(word)) is not None and _counts(words, at)), None
    )
    if counted is None:
        counted = 1 if find(words, "once", "one more time", "again once") else 2 if find(words, "twice") else None
    if counted is None and again is None:
        return None
    amount = int(counted) if counted is not None else 3
    policy: dict[str, Any] = {"max_attempts": amount + 1 if again is not None else amount}
    every = find(words, "every", "waiting", "with pauses of")
    if every and (read := duration(words[every[1] :])) and read[1] == 0:
        policy |= {"initial": read[0], "factor": 1, "maximum": read[0]}
    return policy


def _counts(words: Sequence[Word], at: int) -> bool:
    after = words[at + 1].low if at + 1 < len(words) else ""
    before = words[at - 1].low if at else ""
    return after in ("times", "time", "retries", "tries", "attempts", "more") or before in ("to", "max", "maximum")
