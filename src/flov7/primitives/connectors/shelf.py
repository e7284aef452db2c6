"""The shelf of one connector: kinds made of a table or of stored specifications, one at a time when asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from flov7.language.catalogue import ConnectionNeed, Entry, KindSpec, Lowering, PrimitiveType, Queue, Retry, Shelf
from flov7.primitives.connectors.operation import LIMIT
from flov7.primitives.connectors.running import DEFAULT_LIMIT
from flov7.primitives.connectors.searching import WordIndex
from flov7.primitives.connectors.table import Connector, field_of, schema_of

_RETRY = Retry(max_attempts=4, initial=1.0, factor=2.0, maximum=60.0)
ITEMS = {
    "type": "object",
    "properties": {
        "items": {"type": "array", "description": "What was found."},
        "more": {"type": "boolean", "description": "Whether there are more than `limit`."},
    },
    "required": ["items", "more"],
}


class TableShelf(Shelf):
    """The operations of a table. It is read when something of it is asked for, not before."""

    def __init__(self, name: str, *, title: str, digest: str, load: Callable[[], Connector]) -> None:
        self.name, self.title, self.digest = name, title, digest
        self._load = load
        self._made: dict[str, KindSpec] = {}

    @cached_property
    def connector(self) -> Connector:
        """The table."""
        return self._load()

    def get(self, name: str) -> KindSpec | None:
        """See `Shelf`."""
        if name not in self._made:
            operation = name.split(".", 1)[1]
            if operation not in self.connector.operations:
                return None
            self._made[name] = spec_of_table(self.connector, operation)
        return self._made[name]

    @cached_property
    def _entries(self) -> tuple[Entry, ...]:
        table = self.connector
        return tuple(
            Entry(
                name=f"{self.name}.{name}",
                title=one.does,
                effect=table.effect(name),
                words=" ".join((*one.say, one.when)),
            )
            for name, one in sorted(table.operations.items())
        )

    @cached_property
    def _index(self) -> WordIndex:
        return WordIndex(self._entries, title=self.title, always=" ".join((self.name, *self.connector.words)))

    def entries(self) -> Sequence[Entry]:
        """See `Shelf`."""
        return self._entries

    def search(self, words: str, *, limit: int) -> list[tuple[float, Entry]]:
        """See `Shelf`."""
        return self._index.search(words, limit=limit)

    def connection(self, kinds: Mapping[str, KindSpec], *, wanted: str | None) -> KindSpec | None:
        """See `Shelf`."""
        kind = connection_kind(list(self.connector.auth), wanted)
        base = kinds.get(f"connection/{kind}")
        if kind is None or base is None:
            return None
        auth = self.connector.auth[kind]
        return connection_spec(base, settings=self.connector.settings, secret=auth.secret)


_ALIASES = {"basic": "api", "bearer": "api", "none": "api", "password": "api", "token": "api_key", "key": "api_key"}


def connection_kind(takes: Sequence[str], wanted: str | None) -> str | None:
    """Which connection kind is meant: the wanted one where the service takes it, else its first."""
    if wanted is None:
        return takes[0] if takes else "api"
    if wanted in takes:
        return wanted
    if wanted == "oauth":  # gmail, slack and hubspot are kinds of their own, and OAuth all the same
        return next((kind for kind in takes if kind not in ("api", "api_key")), None)
    alias = _ALIASES.get(wanted)
    return alias if alias in takes or (alias == "api" and not takes) else None


def connection_spec(base: KindSpec, *, settings: Mapping[str, str], secret: Mapping[str, str]) -> KindSpec:
    """A connection kind as one service takes it: with its own settings, and its own parts of the secret."""
    inputs, credentials = base.inputs, base.credentials
    if settings:
        more = {name: {"type": "string", "description": words} for name, words in settings.items()}
        inputs = {**inputs, "properties": {**inputs.get("properties", {}), **more}}
    if secret:
        own = {name: {"type": "string", "description": words} for name, words in secret.items()}
        credentials = {**credentials, "properties": {**own}, "required": list(own)}
    return base.model_copy(update={"inputs": inputs, "credentials": credentials})


def spec_of_table(connector: Connector, name: str) -> KindSpec:
    """The kind of one operation of a table."""
    table, operation = connector.operations[name], connector.operation(name)
    inputs = _inputs(table.take, pages=table.items is not None)
    return KindSpec(
        type=PrimitiveType.ACTION,
        name=f"{connector.name}.{name}",
        lowering=Lowering.CALL,
        title=f"{connector.title}: {table.does}",
        icon=connector.icon,
        summary=table.when or f"{table.does}, in {connector.title}.",
        examples=table.say,
        synonyms=connector.words,
        inputs=inputs,
        outputs=_outputs(table.gives, pages=table.items is not None),
        effect=connector.effect(name),
        target_fields=table.target or tuple(take.name for take in operation.fields if take.where == "path"),
        takes_key=bool(table.key),
        retry=_RETRY,
        timeout=table.timeout,
        queue=Queue.LOCAL,
        connection=need_of(connector.name, takes=tuple(connector.auth), scopes=table.scopes),
        operation=operation.packed(),
    )


def need_of(service: str, *, takes: Sequence[str], scopes: tuple[str, ...] = ()) -> ConnectionNeed:
    """The connection that the operations of a service use; none is required where it takes no secret."""
    return ConnectionNeed(kinds=(), services=(service,), required=bool(takes), scopes=scopes)


def limit_schema() -> dict[str, Any]:
    """The schema of `limit`."""
    return {
        "type": "integer",
        "minimum": 1,
        "default": DEFAULT_LIMIT,
        "description": "How many at most, over all pages.",
    }


def _inputs(take: Mapping[str, str], *, pages: bool) -> dict[str, Any]:
    properties = {given.partition("@")[0]: schema_of(text) for given, text in take.items()}
    needed = [given.partition("@")[0] for given, text in take.items() if field_of(given, text)["needed"]]
    if pages:
        properties[LIMIT] = limit_schema()
    schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
    return {**schema, "required": needed} if needed else schema


def _outputs(gives: Mapping[str, str], *, pages: bool) -> dict[str, Any]:
    if pages:
        return ITEMS
    if not gives:
        return {"type": "object"}
    return {"type": "object", "properties": {name: schema_of(text) for name, text in gives.items()}}
