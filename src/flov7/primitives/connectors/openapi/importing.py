"""A whole document read into a connector: what it is, its index, and each operation as a kind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from flov7.kit.errors import FlowError, Invalid, TooLarge
from flov7.language.catalogue import Entry, KindSpec
from flov7.primitives.connectors import builtin
from flov7.primitives.connectors.openapi.access import OWN_BASE, auth_of, base_of
from flov7.primitives.connectors.openapi.document import ApiDocument
from flov7.primitives.connectors.openapi.effects import effect_of
from flov7.primitives.connectors.openapi.operations import Service, kind_of, name_of
from flov7.primitives.connectors.table import AuthTable

NAME = re.compile(r"[a-z][a-z0-9_]{0,38}[a-z0-9]?\Z")
MOST_OPERATIONS = 20_000


class About(BaseModel):
    """What a workspace keeps of an imported document, beside its operations."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(description="The connector's name; its operations are `NAME.operation`.")
    title: str
    about: str = ""
    version: str = ""
    open: bool = Field(default=False, description="It may be called without a connection.")
    base: str = Field(description="The service's address; `{base_url}` where the connection has to say it.")
    auth: dict[str, AuthTable] = {}
    warnings: tuple[str, ...] = ()

    @property
    def needs_address(self) -> bool:
        """Whether a connection has to say where the service is."""
        return self.base.startswith(OWN_BASE)


@dataclass
class Imported:
    """A document that was read: `about`, `entries`, and its kinds, made when they are asked for."""

    about: About
    digest: str
    _document: ApiDocument
    _service: Service
    _places: dict[str, tuple[str, str]]
    entries: tuple[Entry, ...]

    def kind(self, name: str) -> KindSpec:
        """One operation by its name without the connector's. Raises KeyError, Invalid."""
        path, method = self._places[name]
        item = self._document.of(self._document.root["paths"][path])
        return kind_of(self._document, self._service, name=name, path=path, method=method, call=item[method], item=item)

    def kinds(self) -> Iterator[KindSpec]:
        """All operations that can be read; the others are warnings."""
        for name, (path, method) in self._places.items():
            try:
                yield self.kind(name)
            except (FlowError, ValueError, TypeError, KeyError, AttributeError) as problem:
                words = problem.message if isinstance(problem, FlowError) else str(problem)
                self._document.warn(f"{method.upper()} {path} was left out: {words}")

    @property
    def warnings(self) -> tuple[str, ...]:
        """What could not be understood, so far."""
        return tuple(self._document.warnings)


def read_openapi(text: str | bytes, *, name: str | None = None, source: str | None = None) -> Imported:
    """Read a document. `source` is where it came from, for addresses that are not whole.

    Raises Invalid (what is wrong and how to mend it), TooLarge.
    """
    document = ApiDocument.read(text)
    info = document.of(document.root.get("info"))
    title = " ".join(str(info.get("title") or name or "Service").split())[:80]
    chosen = name or name_from(title)
    check_name(chosen)
    said = auth_of(document)
    # A document that names no way in may be of a service that has one; most take a token as a bearer.
    auth = said or {
        "api_key": AuthTable(secret={"key": "The key or token."}, headers={"Authorization": "Bearer {key}"})
    }
    base = base_of(document, source=source)
    service = Service(
        name=chosen,
        title=title,
        base=base,
        auth={kind: one.sent() for kind, one in auth.items()},
        source=source,
        open=not said,
    )
    places, entries = _index(document, chosen)
    about = About(
        name=chosen,
        title=title,
        about=" ".join(str(info.get("description") or "").split())[:500],
        version=str(info.get("version") or "")[:60],
        base=base,
        auth=auth,
        open=not said,
    )
    body = text.encode() if isinstance(text, str) else text
    digest = hashlib.sha256(b"1\n" + chosen.encode() + b"\n" + (source or "").encode() + b"\n" + body).hexdigest()
    return Imported(
        about=about, digest=digest, _document=document, _service=service, _places=places, entries=tuple(entries)
    )


def _index(document: ApiDocument, connector: str) -> tuple[dict[str, tuple[str, str]], list[Entry]]:
    places: dict[str, tuple[str, str]] = {}
    entries: list[Entry] = []
    taken: set[str] = set()
    for path, method, call, _ in document.calls():
        if len(places) >= MOST_OPERATIONS:
            raise TooLarge(f"The document has more than {MOST_OPERATIONS} operations.", hint="Split it.")
        name = name_of(path, method, call, taken=taken)
        places[name] = (path, method)
        summary = str(call.get("summary") or "")
        words = str(call.get("description") or "")[:300]
        tags = " ".join(str(one) for one in call.get("tags") or [] if isinstance(one, str))
        entries.append(
            Entry(
                name=f"{connector}.{name}",
                title=summary[:120] or words[:120] or name.replace("_", " "),
                effect=effect_of(method, call),
                words=f"{tags} {words if summary else ''} {path}".strip(),
            )
        )
    if not places:
        raise Invalid("The document has no operations.", code="openapi.empty")
    return places, entries


def name_from(title: str) -> str:
    """A name for the connector, of its title: `GitHub v3 REST API` is `github`."""
    words = [
        word for word in re.findall(r"[a-z0-9]+", title.lower()) if not re.fullmatch(r"v\d+|rest|api|the|open", word)
    ]
    found = "_".join(words)[:40].strip("_") or "service"
    return found if found[0].isalpha() else f"api_{found}"[:40]


def check_name(name: str) -> None:
    """Raises Invalid for a name that is none, or is that of a connector that ships."""
    if not NAME.match(name):
        raise Invalid(f"`{name}` is no name for a connector.", hint="Write it in snake_case, up to 40 letters.")
    if name in builtin.shelves():
        raise Invalid(
            f"`{name}` is a connector that comes with Flov7.", hint=f"Use it, or name yours `{name}_own`, with --name."
        )
