"""Fills the settings of a wait: for a time, a date, an approval, an answer, a callback."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flov7.generation.draft import Sort
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.durations import duration
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.people import Person, person, recipient
from flov7.generation.offline.schedules import clock
from flov7.generation.offline.words import Word, find, inside, said

_APPROVAL = (
    "approval",
    "approve",
    "approves",
    "approved",
    "sign-off",
    "go-ahead",
    "permission",
    "ok",
    "okay",
    "decision",
)
_READY = ("ready", "done", "finished", "complete", "completed", "available", "processed", "over")
"""What another system says when it has come so far."""
_CALLBACK = ("callback", "call back", "webhook", "hear back", "system", "reply", "response", "answers back")


def wait(wish: Wish, desk: Desk) -> Filled:
    """What the step waits for."""
    words = wish.words
    verb = words[0].low
    if find(words, *_APPROVAL) or verb == "approve":
        return _approval(wish)
    if verb == "ask" or find(words, "answer", "answers", "input"):
        return _answer(wish)
    date = next((word.text for word in words if word.sort == "date"), None)
    if date:
        return Filled({"for": "date", "until": _moment(date, words)})
    read = duration(words)
    if find(words, *_CALLBACK) or (find(words, "until") and find(words, *_READY)):
        return Filled({"for": "callback"} | ({"timeout": read[0]} if read else {}), result="payload")
    if read:
        return Filled({"for": "time", "duration": read[0]})
    if find(words, "until"):
        asked = f"Until which moment shall it wait ({said(words)})? Say a date, as in 2027-01-31T09:00."
        return Filled(
            {"for": "date", "until": desk.ask(f"{wish.name}.until", asked, ["2027-01-31T09:00:00Z"], sort=Sort.SETUP)}
        )
    return Filled(
        {
            "for": "time",
            "duration": desk.ask(
                f"{wish.name}.duration",
                "How long shall it wait?",
                ["1m", "1h", "1d"] if find(words, "bit", "moment", "little", "between", "briefly") else ["1h", "1d"],
                sort=Sort.ASSUMED,
            ),
        }
    )


def is_wait(words: Sequence[Word]) -> bool:
    """Whether the words ask for a pause or for a person's word."""
    verb = words[0].low
    if verb in ("wait", "pause", "hold", "sleep", "delay"):
        return True
    if verb in ("get", "request", "obtain", "require", "ask", "await", "need", "have") and find(words, *_APPROVAL[:7]):
        return True
    if verb in ("collect", "gather", "buffer") and duration(words) is not None:
        return True
    if verb == "ask" and find(words, "for", "what", "which", "whether", "how", "when", "if", "who"):
        return True
    return duration(words) is not None and len(words) <= 3


def _moment(date: str, words: Sequence[Word]) -> str:
    if "T" in date:
        return date
    at = find(words, "at")
    time = clock(words[at[1] :]) if at else None
    return f"{date}T{time[0]}:00Z" if time else date


def _approval(wish: Wish) -> Filled:
    words = wish.words
    config: dict[str, Any] = {"for": "approval", "ask": _question(wish)}
    read = duration(words)
    if read:
        config["timeout"] = read[0]
    who = _approver(wish)
    if who is not None and who.sort == "literal":
        config["to"] = [one.strip() for one in who.value.split(",")]
    elif who is not None and who.sort in ("team", "data") and who.words.isascii():
        config["details"] = f"Wanted: the approval of {who.words}."
    return Filled(config, noun="approval")


def _question(wish: Wish) -> str:
    quoted = next((inside(word) for word in wish.words if word.sort == "quoted"), None)
    if quoted:
        return quoted
    return f"Shall this {wish.scope.noun.replace('_', ' ')} go on?" if wish.scope.noun else "Shall this go on?"


def _approver(wish: Wish) -> Person | None:
    words = wish.words
    for phrase in ("approval from", "approval by", "approval of", "sign-off from", "sign-off by", "permission from",
                   "go-ahead from", "ok from", "decision by", "approved by", "approval by the", "decision from"):  # fmt: skip
        at = find(words, phrase)
        if at:
            return person(recipient((words[0], *words[at[1] :])), wish.scope)
    literal = [word for word in words if word.sort == "address"]
    if literal:
        return person(literal, wish.scope)
    if words[0].low == "ask":
        return person(recipient(words), wish.scope)
    at = find(words, "'s")
    before = words[at[0] - 2 : at[0]] if at and at[0] >= 2 else ()
    if before:
        return person([word for word in before if word.low != "for"], wish.scope)
    at = find(words, "until", "for")
    back = find(words, "to approve", "approves", "approve")
    if at and back and back[0] > at[1]:
        return person(words[at[1] : back[0]], wish.scope)
    return None


def _answer(wish: Wish) -> Filled:
    words = wish.words
    quoted = next((inside(word) for word in words if word.sort == "quoted"), None)
    at = find(words, "for", "what", "which", "whether", "how", "who", "when", "about")
    if quoted:
        asked = quoted
    elif at is not None:
        low = words[at[0]].low
        rest = said(words[at[1] :]) if low in ("for", "about") else said(words[at[0] :])
        asked = f"Please give {rest}." if low in ("for", "about") else f"{rest[:1].upper()}{rest[1:]}?"
    else:
        asked = f"{said(words)}?"
    config: dict[str, Any] = {"for": "answer", "ask": asked}
    literal = [word.text for word in words if word.sort == "address"]
    if literal:
        config["to"] = literal
    read = duration(words)
    return Filled(config | ({"timeout": read[0]} if read else {}), noun="answer", result="answer")
