"""What people call the few things that operations do, and which operation may stand in for which."""

from __future__ import annotations

from flov7.generation.offline.words import closed

ASKED: dict[str, frozenset[str]] = {
    "create": closed(
        "create make add new submit enter open raise log register generate file write insert build set launch initiate "
        "draft compose issue start record book schedule invite establish place prepare put introduce include assign"
    ),
    "retrieve": closed(
        "retrieve get list fetch find read show compile collect look check search gather pull obtain see view give "
        "display extract load query grab lookup access scan bring return select review use receive"
    ),
    "update": closed("update change modify edit set mark adjust revise refresh alter amend correct close append"),
    "delete": closed("delete remove drop erase discard clear destroy cancel unsubscribe"),
    "send": closed(
        "send email message notify post publish tell alert inform text write share ping announce mail reply"
    ),
    "upload": closed("upload attach put store save push import"),
    "download": closed("download export save"),
    "copy": closed("copy duplicate clone replicate back backup transfer migrate sync import export"),
    "move": closed("move transfer shift"),
    "rename": closed("rename"),
    "invoke": closed("invoke run call execute trigger"),
    "purge": closed("purge empty"),
    "redact": closed("redact"),
    "share": closed("share"),
}
"""Words for each thing, in their plain form. A word may stand for several."""

STANDS_IN: dict[str, dict[str, float]] = {
    "create": {"create": 1.0, "upsert": 0.8, "add": 0.95, "upload": 0.6, "send": 0.5, "invite": 1.0, "put": 0.8},
    "retrieve": {"retrieve": 1.0, "download": 0.35, "current": 0.7},
    "update": {"update": 1.0, "upsert": 0.8, "append": 0.7},
    "delete": {"delete": 1.0},
    "send": {"send": 1.0, "create": 0.8, "publish": 0.95, "put": 0.9},
    "upload": {"upload": 1.0, "create": 0.85, "upsert": 0.85, "add": 0.8, "update": 0.3},
    "download": {"download": 1.0, "retrieve": 0.5},
    "copy": {"copy": 1.0, "create": 0.6, "upsert": 0.5},
    "move": {"move": 1.0},
    "rename": {"rename": 1.0, "update": 0.4},
    "invoke": {"invoke": 1.0},
    "purge": {"purge": 1.0},
    "redact": {"redact": 1.0},
    "share": {"share": 1.0, "invite": 0.5},
}
"""How well an operation that does the second fits a request for the first."""

DOES = (
    "retrieve", "create", "update", "delete", "upsert", "download", "copy", "move", "rename", "send", "publish", "invoke",
    "purge", "upload", "append", "redact", "share", "invite", "add", "put", "get",
)  # fmt: skip
"""What operations say that they do, in their names or the first word of their titles."""

_SAME = {"get": "retrieve", "getcurrent": "current", "list": "retrieve", "post": "create", "patch": "update"}


def classes(verb: str) -> list[str]:
    """The things that a verb may ask for, the likeliest first."""
    return [name for name, words in ASKED.items() if verb in words]


def deed(token: str) -> str | None:
    """What an operation's first token says that it does; None where it says nothing known."""
    low = token.lower()
    for one in DOES:
        if low.startswith(one):
            return _SAME.get(one, one)
    return _SAME.get(low)


TELLS = closed("notify inform alert tell email mail message ping text remind warn")
"""Verbs whose object is who is told: what is sent is a message."""

EVERY = frozenset(word for words in ASKED.values() for word in words)
"""All verbs that ask for something that operations do."""
