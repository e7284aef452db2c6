"""The shelf of a connector that a workspace made of a document."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from flov7.kit import json
from flov7.language.catalogue import Entry, KindSpec, Shelf
from flov7.language.effects import Effect
from flov7.primitives.connectors.openapi.importing import About
from flov7.primitives.connectors.searching import WordIndex
from flov7.primitives.connectors.shelf import connection_kind, connection_spec
from flov7.primitives.connectors.table import AuthTable


class StoredShelf(Shelf):
    """Operations as they were kept: JSON texts that are read one at a time. `effects` are a person's corrections."""

    def __init__(
        self,
        about: About,
        *,
        digest: str,
        entries: Sequence[Mapping[str, Any]],
        kinds: Mapping[str, bytes],
        effects: Mapping[str, str],
    ) -> None:
        self.about, self.name, self.title = about, about.name, about.title
        self.digest = hashlib.sha256(f"{digest} {json.digest(dict(effects))}".encode()).hexdigest()
        self._raw_entries, self._kinds, self._effects = entries, kinds, effects
        self._made: dict[str, KindSpec] = {}

    def get(self, name: str) -> KindSpec | None:
        """See `Shelf`."""
        if name not in self._made:
            raw = self._kinds.get(name.split(".", 1)[1])
            if raw is None:
                return None
            self._made[name] = self._corrected(KindSpec.model_validate_json(raw))
        return self._made[name]

    def _corrected(self, spec: KindSpec) -> KindSpec:
        said = self._effects.get(spec.name.split(".", 1)[1])
        return spec if said is None else spec.model_copy(update={"effect": Effect(said)})

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        made = (Entry.model_validate(one) for one in self._raw_entries)
        effects = self._effects
        return tuple(
            one.model_copy(update={"effect": Effect(effects[operation])})
            if (operation := one.name.split(".", 1)[1]) in effects
            else one
            for one in made
        )

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex(self._entries, title=self.title, always=self.name)

    def entries(self) -> Sequence[Entry]:
        """See `Shelf`."""
        return self._entries

    def search(self, words: str, *, limit: int) -> list[tuple[float, Entry]]:
        """See `Shelf`."""
        return self._index.search(words, limit=limit)

    def connection(self, kinds: Mapping[str, KindSpec], *, wanted: str | None) -> KindSpec | None:
        """See `Shelf`."""
        kind = connection_kind(list(self.about.auth), wanted)
        base = kinds.get(f"connection/{kind}")
        if kind is None or base is None:
            return None
        auth = self.about.auth.get(kind)
        return connection_spec(base, settings={}, secret=auth.secret if auth else {})

    def config_of(self, kind: str) -> dict[str, Any]:
        """What a new connection of that kind says of itself: its address, and where tokens are given."""
        auth = self.about.auth.get(kind)
        config: dict[str, Any] = {} if self.about.needs_address else {"base_url": self.about.base}
        if auth is not None and kind == "api_key":
            config |= _key_of(auth)
        if auth is not None and auth.token:
            said = {"authorize_url": auth.authorize, "token_url": auth.token, "scopes": list(auth.scopes)}
            config |= {name: value for name, value in said.items() if value}
            if auth.grant != "authorization_code":
                config["grant"] = auth.grant
        return config


def _key_of(auth: AuthTable) -> dict[str, Any]:
    """How the key is sent, as the kind `api_key` says it; then its test and plain API calls send it so too."""
    if list(auth.secret) != ["key"]:
        return {}
    for name, text in auth.query.items():
        return {"query_name": name} if text == "{key}" else {}
    for name, text in auth.headers.items():
        return {"header": name, "prefix": text.removesuffix("{key}").strip()} if text.endswith("{key}") else {}
    return {}
