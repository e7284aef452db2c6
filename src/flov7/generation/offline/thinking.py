"""Steps that a model does: read, write, judge. What it is asked is what was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flov7.generation.offline import reshaping
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.slots import noun_phrase
from flov7.generation.offline.words import Word, closed, find, said, snake

_TASKS: dict[str, frozenset[str]] = {
    "classify": closed("classify categorize categorise label tag sort route rate score grade rank"),
    "extract": closed("extract find list identify detect pull pick"),
    "summarise": closed("summarize summarise condense digest shorten"),
    "translate": closed("translate"),
    "decide": closed("decide judge choose determine check assess evaluate"),
    "draft": closed(
        "write draft compose generate create reply answer rewrite suggest propose criticise criticize explain"
    ),
}
"""What a model can be asked for, by the verb."""
_ASKS = closed("ask let have use get tell")
_RESULTS = {"classify": "label", "extract": "", "summarise": "summary", "decide": "decision", "draft": "text",
            "translate": "text", "answer": "answer"}  # fmt: skip
"""Where the answer is in what each task gives."""
_NOUNS = {"summarise": "summary", "translate": "translation", "draft": "text", "classify": "label"}
_LONGEST = 40
_MODELS = ("ai", "gpt", "chatgpt", "llm", "openai", "claude", "gemini")


def is_thinking(words: Sequence[Word]) -> bool:
    """Whether a model is named as the one who does it."""
    return find(words[1:], *_MODELS) is not None


def think(wish: Wish, desk: Desk) -> Filled:
    """What it is asked, and what it reads."""
    words = wish.words
    what = list(words)
    model = find(words, *_MODELS)
    if words[0].low in _ASKS and model:
        what = list(words[model[1] :])
        while len(what) > 1 and what[0].low in ("to", "for"):
            what.pop(0)
    verb = what[0].low if what else words[0].low
    task = next((name for name, verbs in _TASKS.items() if verb in verbs), "answer")
    labels = _either(what)
    if find(what[:4], "whether"):
        task = "classify" if labels else "decide"
    about = wish.scope.last or wish.scope.whole
    properties: dict[str, Any] = wish.kind.inputs.get("properties", {})
    text = said(what) or said(words)
    if not properties:
        return Filled({"prompt": text}, noun=_NOUNS.get(task, "answer"), result=_RESULTS[task])
    return Filled(
        _settings(properties, task, what, about, labels=labels), noun=_NOUNS.get(task, "answer"), result=_RESULTS[task]
    )


def verdict(result: str, *, negated: bool) -> str:
    """Whether the model said yes, or found anything; `result` is where its answer is."""
    if result.endswith(".decision"):
        return f"{result} {'!=' if negated else '=='} 'yes'"
    return f"not {result}" if negated else result


def _either(what: Sequence[Word]) -> list[str]:
    """`whether it is good or bad`: the labels between which it is decided."""
    at = find(what, "whether it is", "whether they are", "whether its tone is")
    rest = what[at[1] :] if at else ()
    end = next((n for n, word in enumerate(rest) if word.sort == "mark"), len(rest))
    two = [word.text for word in rest[:end] if word.low not in ("or", "a", "an", "the")]
    return two if len(two) == 2 and find(rest[:end], "or") else []


def _settings(
    properties: dict[str, Any], task: str, what: Sequence[Word], about: str | None, *, labels: Sequence[str]
) -> dict[str, Any]:
    """The settings by the names that the kind has."""
    text = said(what)
    config: dict[str, Any] = {"task": task, "instructions": text[:1].upper() + text[1:] + "."}
    fields = [snake(noun_phrase(one)) for one in reshaping.pieces(_object(what))] if task == "extract" else []
    if fields and all(len(one) < _LONGEST for one in fields):
        config["fields"] = {one: one.replace("_", " ") for one in fields}
    if labels:
        config["labels"] = list(labels)
    to = find(what, "to", "into")
    if task == "translate" and to and to[1] < len(what):
        config["language"] = what[to[1]].text
    if about:
        config["input"] = f"{{{{ {about} }}}}"
    return {key: value for key, value in config.items() if key in properties}


def _object(what: Sequence[Word]) -> Sequence[Word]:
    """`extract vendor, date and total from the mail`: what is extracted."""
    end = find(what, "from", "out", "of", "with", "using", "in", "as")
    return what[1 : end[0]] if end else what[1:]
