"""What each task asks of a model: its words, its shape, how hard it is, and what is checked beside the shape."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flov7.kit.errors import StepRefused
from flov7.language.schemas import check_schema
from flov7.llm.routing import Need

Check = Callable[[Any], list[str]]
Inputs = Mapping[str, Any]


@dataclass(frozen=True)
class Task:
    """One task, ready to be asked. `shape` is the schema of its answer; `check` finds what a schema cannot say."""

    name: str
    rules: str
    material: str
    shape: dict[str, Any]
    need: Need
    check: Check = lambda _: []
    words: bool = False
    """Whether the answer is plain words under `text`, so that no structure is asked of the model."""


def task_of(inputs: Inputs) -> Task:
    """The task that a step's inputs describe. Raises StepRefused where its schema is none."""
    made = _MAKERS[inputs["task"]](inputs)
    if inputs.get("schema"):
        _check_own(inputs["schema"])
    return made


def material(value: Any) -> str:
    """What the model works on, marked as such."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"<input>\n{text.replace('</input>', '< /input>')}\n</input>"


def an_object(**parts: dict[str, Any]) -> dict[str, Any]:
    """An object of exactly these fields."""
    return {"type": "object", "properties": parts, "required": list(parts), "additionalProperties": False}


_TEXT = {"type": "string"}


def _classify(inputs: Inputs) -> Task:
    labels, meaning = _labels(inputs)
    label: dict[str, Any] = {"type": "string", "enum": labels} if labels else _TEXT
    reason = {**_TEXT, "description": "Why, in one sentence."}
    if inputs.get("several"):
        shape = an_object(labels={"type": "array", "items": label}, reason=reason)
        return Task("classify", f"Name every label that fits the input.{meaning}", _in(inputs), shape, Need.SIMPLE)
    sure = {"type": "number", "minimum": 0, "maximum": 1}
    shape = an_object(label=label, confidence=sure, reason=reason)
    return Task("classify", f"Name the one label that fits the input best.{meaning}", _in(inputs), shape, Need.SIMPLE)


def _extract(inputs: Inputs) -> Task:
    rules = "Take the asked-for values out of the input. What it does not say is null; nothing is made up."
    if inputs.get("schema"):
        return Task("extract", rules, _in(inputs), inputs["schema"], Need.SIMPLE)
    if fields := inputs.get("fields"):
        parts = {
            name: {"type": ["string", "number", "boolean", "null"], "description": words}
            for name, words in fields.items()
        }
        return Task("extract", rules, _in(inputs), an_object(**parts), Need.SIMPLE)
    pair = an_object(name=_TEXT, value={"type": ["string", "number", "boolean", "null"]})
    return Task("extract", rules, _in(inputs), an_object(values={"type": "array", "items": pair}), Need.SIMPLE)


def _summarise(inputs: Inputs) -> Task:
    most = f" Use at most {inputs['words']} words." if inputs.get("words") else ""
    shape = inputs.get("schema") or an_object(
        summary=_TEXT, points={"type": "array", "items": _TEXT, "description": "What matters most, each in a sentence."}
    )
    rules = f"Say briefly what the input says, and nothing that it does not say.{most}{_tongue(inputs)}"
    return Task("summarise", rules, _in(inputs), shape, Need.SIMPLE, check=_at_most(inputs, "summary"))


def _decide(inputs: Inputs) -> Task:
    labels, meaning = _labels(inputs)
    options: dict[str, Any] = {"type": "string", "enum": labels or ["yes", "no"]}
    sure = {"type": "number", "minimum": 0, "maximum": 1}
    shape = an_object(reason={**_TEXT, "description": "The reasons, first."}, decision=options, confidence=sure)
    rules = f"Decide about the input by the rules that you are given, after weighing them.{meaning}"
    return Task("decide", rules, _in(inputs), shape, Need.STRONG)


def _draft(inputs: Inputs) -> Task:
    most = f" Use at most {inputs['words']} words." if inputs.get("words") else ""
    rules = f"Write what you are asked for; take facts from the input only.{most}{_tongue(inputs)}"
    shape = inputs.get("schema") or an_object(text=_TEXT)
    return Task("draft", rules, _in(inputs), shape, Need.STRONG, check=_at_most(inputs, "text"),
                words=not inputs.get("schema"))  # fmt: skip


def _translate(inputs: Inputs) -> Task:
    rules = f"Translate the input{_into(inputs)}. Keep names, numbers and markup as they are; add nothing."
    return Task("translate", rules, _in(inputs), an_object(text=_TEXT), Need.SIMPLE, words=True)


def _answer(inputs: Inputs) -> Task:
    given = inputs.get("documents")
    documents = _documents([inputs.get("input")] if given is None else given)
    named = ", ".join(documents) or "none"
    quote = an_object(document={"type": "string", "enum": list(documents)} if documents else _TEXT, words=_TEXT)
    shape = an_object(
        answer={"type": ["string", "null"]},
        found={"type": "boolean", "description": "Whether the documents answer it."},
        quotes={"type": "array", "items": quote, "description": "The words that the answer rests on, copied exactly."},
    )
    rules = (
        f"Answer from the documents only ({named}). Where they do not say it, `found` is false and `answer` null. "
        f"Every quote is copied word for word.{_tongue(inputs)}"
    )
    question = inputs.get("question") or inputs.get("instructions") or ""
    texts = "\n".join(f'<document name="{name}">\n{text}\n</document>' for name, text in documents.items())
    return Task(
        "answer", rules, f"{material(texts)}\nQuestion: {question}", shape, Need.STRONG, check=_quoted(documents)
    )


def _agent(inputs: Inputs) -> Task:
    rules = (
        "Do what you are asked, with the tools that you have. Use a tool only where it helps; when you are done, "
        f"answer. Never make up what a tool could tell you.{_tongue(inputs)}"
    )
    shape = inputs.get("schema") or an_object(text=_TEXT)
    return Task("agent", rules, _in(inputs), shape, Need.STRONG, words=not inputs.get("schema"))


_MAKERS: dict[str, Callable[[Inputs], Task]] = {
    "classify": _classify,
    "extract": _extract,
    "summarise": _summarise,
    "decide": _decide,
    "draft": _draft,
    "translate": _translate,
    "answer": _answer,
    "agent": _agent,
}


def _in(inputs: Inputs) -> str:
    return material(inputs.get("input"))


def _labels(inputs: Inputs) -> tuple[list[str], str]:
    given = inputs.get("labels") or []
    if isinstance(given, Mapping):
        meaning = "\n".join(f"- {label}: {words}" for label, words in given.items())
        return list(given), f" The labels mean:\n{meaning}"
    return list(dict.fromkeys(given)), ""


def _tongue(inputs: Inputs) -> str:
    return f" Write in {inputs['language']}." if inputs.get("language") else ""


def _into(inputs: Inputs) -> str:
    return f" into {inputs['language']}" if inputs.get("language") else ""


def _at_most(inputs: Inputs, field: str) -> Check:
    """More words than were allowed are sent back; a few more are let pass."""
    most = inputs.get("words")

    def check(value: Any) -> list[str]:
        count = len(str(value.get(field, "")).split()) if isinstance(value, dict) else 0
        return [f"`{field}` has {count} words, at most {most} are wanted"] if most and count > most * 1.1 else []

    return check


def _documents(given: list[Any]) -> dict[str, str]:
    """Texts by name."""
    made: dict[str, str] = {}
    for at, one in enumerate(given, start=1):
        named = one if isinstance(one, dict) and "text" in one else {"text": one}
        text = named["text"] if isinstance(named["text"], str) else json.dumps(named["text"], ensure_ascii=False)
        made[str(named.get("name") or f"document_{at}")] = text
    return made


def _quoted(documents: Mapping[str, str]) -> Check:
    """A quote that is not in its document is made up."""
    plain = {name: _blank(text) for name, text in documents.items()}

    def check(value: Any) -> list[str]:
        if not value.get("found"):
            return []
        wrong = [one for one in value["quotes"] if _blank(one["words"]) not in plain.get(one["document"], "")]
        found = [f"{one['words'][:80]!r} does not stand in `{one['document']}`" for one in wrong]
        return found if value["quotes"] else ["an answer that was found needs at least one quote"]

    return check


def _blank(text: str) -> str:
    return " ".join(text.lower().split())


def _check_own(schema: dict[str, Any]) -> None:
    check_schema(schema)
    if schema.get("type", "object") != "object" or "ai" in schema.get("properties", {}):
        raise StepRefused(
            "The schema of an AI step is an object, and has no field `ai`: what the step took stands there.",
            hint="Put a list or a plain value into a field of an object.",
            code="ai.schema",
        )
