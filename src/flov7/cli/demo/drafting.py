"""The sentence of the demo as a document that can run here."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from flov7.cli.screen import say
from flov7.kit import json
from flov7.kit.errors import Invalid
from flov7.language.diagnostics import DocumentInvalid
from flov7.language.document import Document
from flov7.language.front import check_value
from flov7.language.plan import Plan, TriggerNode
from flov7.language.printing import to_json

if TYPE_CHECKING:
    from flov7.generation.draft import Draft, Question

_MOST = 6
"""Questions of one demo."""
_HOST = re.compile(r"https?://[^/\s\"'{}]+")


@dataclass
class Drafted:
    """The document with its plan; `body` is its JSON."""

    body: dict[str, Any]
    document: Document
    plan: Plan
    questions: list[str]

    @property
    def trigger(self) -> TriggerNode:
        """How its runs begin here: its first trigger."""
        return self.plan.parts[0].triggers[0]

    def connections(self, *, mail: dict[str, Any], shop: str) -> dict[str, tuple[str, dict[str, Any]]]:
        """A connection to the example's servers for every name that steps use and the document leaves open."""
        found: dict[str, tuple[str, dict[str, Any]]] = {}
        for line in self.plan.manifest:
            if line.connection is None:
                continue
            declared = self.plan.connections.get(line.connection)
            service = declared.service if declared is not None and declared.service else _usual(line.kind)
            secret = declared.secret if declared is not None else line.connection
            config = (
                mail
                if service == "smtp"
                else {"url": f"{shop}/{line.connection}"}
                if service == "webhook"
                else {"base_url": shop}
            )
            found[secret] = (service, config)
        return found

    def stand_in(self, shop: str) -> list[str]:
        """Let the shop stand in for every host outside; those hosts. The demo calls nobody but its own servers."""
        hosts = sorted(set(_hosts(self.body["primitives"])))
        text = json.dumps(self.body).decode()
        for host in hosts:
            text = text.replace(host, shop)
        self.body = json.loads(text)
        return hosts


async def drafted(sentence: str) -> Drafted:
    """What the offline drafter makes of it. Raises Invalid where it cannot, with what it asks."""
    from flov7.generation.generate import draft
    from flov7.primitives.registry import catalogue

    made = await _talked(await draft(sentence, catalogue=catalogue()))
    if made.document is None or not made.is_valid:
        asks = " ".join(question.text for question in made.questions)
        raise Invalid("The sentence could not be made a workflow.", hint=asks or "Say when it starts and what it does.")
    checked = check_value(_without_connections(made.document), catalogue())
    if checked.document is None or checked.plan is None:
        raise DocumentInvalid(checked.diagnostics)
    questions = [
        f"{one.text} Taken for now: {one.suggestions[0]}." if one.suggestions else one.text for one in made.questions
    ]
    return Drafted(to_json(checked.document), checked.document, checked.plan, questions)


async def _talked(made: Draft) -> Draft:
    """What is not clear is asked; where nobody sits at a terminal, what is suggested first is taken, and said."""
    from flov7.generation.draft import Sort
    from flov7.generation.generate import draft
    from flov7.primitives.registry import catalogue

    asked: set[str] = set()
    while len(asked) < _MOST:
        question = next(
            (one for one in made.questions if one.sort is Sort.OPEN and one.suggestions and one.key not in asked), None
        )
        if question is None or question.key == "sentence":
            break
        asked.add(question.key)
        answer = await _answer(question)
        said = {**made.earlier.answers, question.key: answer}
        earlier = made.earlier.model_copy(update={"answers": said})
        made = await draft(made.sentence, catalogue=catalogue(), earlier=earlier)
    return made


async def _answer(question: Question) -> str:
    first = question.suggestions[0]
    if not sys.stdin.isatty():
        say(f"{question.text} Nobody is here to ask, so it is: {first}.")
        return first
    others = ", ".join(question.suggestions[1:])
    words = f"{question.text}{f' (or: {others})' if others else ''}"
    return str(await asyncio.to_thread(typer.prompt, words, default=first))


def _without_connections(document: dict[str, Any]) -> dict[str, Any]:
    """The demo's workspace has a connection of its own for every name, so that nothing goes to anybody else."""
    from flov7.marketplace.complexity import primitives

    for one in primitives(document["primitives"]):
        service, _, operation = str(one.get("kind")).partition(".")
        if one["type"] == "action" and operation:  # an account there cannot be had here: its calls go to the shop
            host = service.replace("_", "-")
            one["kind"] = "api_call"
            one["config"] = {
                "method": "POST",
                "url": f"https://{host}.example/{operation}",
                "json": one.get("config", {}),
            }
            one.pop("connection", None)
    kept = [one for one in document["primitives"] if one["type"] != "connection"]
    return {**document, "primitives": kept}


def _usual(kind: str) -> str:
    """The service of a connection that a step only names."""
    return {"action/email_send": "smtp", "action/notification": "webhook"}.get(kind, "api")


def _hosts(tree: Any) -> Iterator[str]:
    match tree:
        case str():
            yield from _HOST.findall(tree)
        case list():
            for one in tree:
                yield from _hosts(one)
        case dict():
            for one in tree.values():
                yield from _hosts(one)
        case _:
            return
