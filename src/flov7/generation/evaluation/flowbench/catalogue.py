"""The benchmark's catalogue as a Flov7 catalogue: each operation becomes an action `connector.operation`."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flov7.language.catalogue import Catalogue, Entry, KindSpec, Lowering, PrimitiveType, Shelf
from flov7.language.effects import Effect

_READS = ("retrieve", "get", "download")
_BASE = ("trigger/manual", "condition/if_else", "condition/loop", "action/wait")


@dataclass(frozen=True, slots=True)
class Operations:
    """The catalogue, and the benchmark's own id of each action."""

    catalogue: Catalogue
    ids: Mapping[str, str]

    @property
    def kinds(self) -> dict[str, str]:
        """The action of each of the benchmark's ids."""
        return {own: kind for kind, own in self.ids.items()}


class OperationShelf(Shelf):
    """One service of the benchmark: its operations have a name and a description, and no settings."""

    def __init__(self, name: str, kinds: Mapping[str, KindSpec]) -> None:
        self.name = name
        self.title = name.replace("_", " ").title()
        self._kinds = dict(sorted(kinds.items()))
        told = "\n".join(f"{key} {kind.title}" for key, kind in self._kinds.items())
        self.digest = hashlib.sha256(told.encode()).hexdigest()

    def get(self, name: str) -> KindSpec | None:
        """The operation of that whole name."""
        return self._kinds.get(name)

    def entries(self) -> Sequence[Entry]:
        """All of them."""
        return [Entry(name=one.name, title=one.title, effect=_effect(one.name)) for one in self._kinds.values()]

    def search(self, words: str, *, limit: int) -> list[tuple[float, Entry]]:
        """By the words that both have."""
        wanted = set(words.lower().split())
        scored = [(float(len(wanted & set(one.title.lower().split()))), one) for one in self.entries()]
        return sorted((one for one in scored if one[0]), key=lambda one: (-one[0], one[1].name))[:limit]

    def connection(self, kinds: Mapping[str, KindSpec], *, wanted: str | None) -> KindSpec | None:
        """None: the benchmark says nothing of connections."""
        return None


def operations(entries: Sequence[Mapping[str, str]], *, base: Catalogue) -> Operations:
    """Reads `{id, description}`. `base` gives the trigger, conditions, loops and waits, and nothing else."""
    ids: dict[str, str] = {}
    shelved: dict[str, dict[str, KindSpec]] = {}
    for entry in entries:
        name = _name(entry["id"])
        while name in ids:
            name += "_2"
        ids[name] = entry["id"]
        told = entry.get("description") or ""
        title = "" if told == entry["id"] else told
        spec = KindSpec(type=PrimitiveType.ACTION, name=name, lowering=Lowering.CALL, title=title, summary=title,
                        inputs={"type": "object"}, outputs={}, effect=_effect(name))  # fmt: skip
        shelved.setdefault(name.partition(".")[0], {})[name] = spec
    kinds = {key: base.kinds[key] for key in _BASE}
    catalogue = Catalogue(kinds=kinds).with_shelves(OperationShelf(name, found) for name, found in shelved.items())
    return Operations(catalogue, ids)


def _effect(name: str) -> Effect:
    return Effect.READ if name.partition(".")[2].startswith(_READS) else Effect.WRITE


def _name(own: str) -> str:
    """`Jira_Issue__2_0_0__create_Issue` is `jira.create_issue`."""
    place, *_, last = own.split("__")
    verb, _, thing = last.partition("_")
    if verb.isupper() and "_" in thing and thing.isupper() is False:
        verb, _, thing = last.rpartition("_")
    connector = place.removesuffix(thing).strip("_") or place
    plain = thing.removesuffix("_model")
    words = _snake(plain)
    deed = "retrieve" if verb == "retrievewithwhere" else verb.removesuffix("withwhere")
    if deed.isupper():
        short = re.sub("[^a-z]", "", deed.lower())
        deed = short.removesuffix(plain.lower()) or short
    if _snake(deed) == words:
        deed = re.match(r"[a-z]+", deed)[0]  # type: ignore[index]  # a name begins with a letter
    return f"{connector.lower()}.{_snake(deed).replace('_', '')}_{words}".strip("_")


def _snake(text: str) -> str:
    opened = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", text)
    return re.sub(r"[^a-z0-9]+", "_", opened.lower()).strip("_")
