"""A connector's table: a small YAML text that says what a service can do, read into operations.

    title: Notion
    about: Pages, databases and blocks of a Notion workspace.
    docs: https://developers.notion.com/reference/intro
    base: https://api.notion.com/v1
    headers: {Notion-Version: "2022-06-28"}
    auth:
      api_key: {secret: {key: The integration's secret}, headers: {Authorization: "Bearer {key}"}}
    test: GET /users/me
    operations:
      create_page:
        does: Create a page
        say: [Add a page to Notion]
        call: POST /pages
        take:
          parent: object! Where it goes, as {"database_id": "…"}
          children: object+ The blocks of its content

A field is `type[!] [= default] words`: `!` must be given; `a|b|c` is one of these; `type+` a list. It goes into
the path where `{name}` stands there, into `query`, `body` or `headers` where these name it, else into the body of
POST, PUT and PATCH, and into the address of all others. A word before the type says otherwise (`query:string`,
`header:string`, `body:object`), `name@wire` gives it another name there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from flov7.kit.errors import Misconfigured
from flov7.language.effects import Effect
from flov7.primitives.connectors.operation import Auth, Encoding, Fails, Operation, Paging, Take, Where
from flov7.primitives.connectors.shaping import names_in

_FIELD = re.compile(
    r"(?:(?P<where>path|query|header|body|none):)?(?P<type>[A-Za-z0-9_.|/-]+?\+?)(?P<needed>!)?"
    r"(?:\s+=\s+(?P<default>\S+))?(?:\s+(?P<words>.*))?",
    re.DOTALL,
)
_TYPES = {
    "string", "integer", "number", "boolean", "object", "any", "file",
    "text", "email", "url", "date", "datetime",
}  # fmt: skip
_FORMATS = {"email": "email", "url": "uri", "date": "date", "datetime": "date-time"}
READS = ("GET", "HEAD", "OPTIONS")
_EFFECTS = {"GET": Effect.READ, "HEAD": Effect.READ, "PUT": Effect.IDEMPOTENT, "DELETE": Effect.IRREVERSIBLE}


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AuthTable(_Table):
    """How one kind of connection gets in: the parts of its secret, and what they add to a request."""

    secret: dict[str, str] = Field(default={}, description="Parts of the secret, with what they are.")
    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    basic: tuple[str, str] | None = None
    authorize: str = Field(default="", description="OAuth: where a person allows it.")
    token: str = Field(default="", description="OAuth: where tokens are given.")
    grant: Literal["authorization_code", "client_credentials"] = "authorization_code"
    scopes: tuple[str, ...] = Field(default=(), description="OAuth: what is asked for.")
    scope_mark: str = Field(default=" ", description="OAuth: what stands between scopes.")
    client_auth: Literal["basic", "body"] = Field(default="body", description="OAuth: how the client says who it is.")
    extra: dict[str, str] = Field(default={}, description="OAuth: parameters beside, when a person is asked.")
    pkce: bool = True

    def sent(self) -> Auth:
        """What a request needs of it."""
        headers = self.headers
        if not (headers or self.query or self.basic) and self.token:
            headers = {"Authorization": "Bearer {access_token}"}
        return Auth(headers=headers, query=self.query, basic=self.basic)


class OperationTable(_Table):
    """One operation as the table says it."""

    does: str
    call: str = Field(pattern=r"^(GET|HEAD|POST|PUT|PATCH|DELETE) \S*$")
    say: tuple[str, ...] = ()
    when: str = Field(default="", description="When to choose it, where that is not plain from `does`.")
    take: dict[str, str] = {}
    query: dict[str, Any] = {}
    headers: dict[str, str] = {}
    body: Any = None
    send: Encoding = "json"
    make: Literal["", "mail"] = ""
    base: str = ""
    effect: Effect | None = None
    target: tuple[str, ...] = ()
    key: str = ""
    items: str | None = None
    give: str = ""
    gives: dict[str, str] = Field(default={}, description="What is in the answer: name to type and words.")
    paging: Paging | Literal["none"] | None = None
    fails: Fails | None = None
    scopes: tuple[str, ...] = ()
    timeout: float = 30.0
    docs: str = ""


class Connector(_Table):
    """A whole table. `name` is its folder's."""

    name: str
    title: str
    about: str
    icon: str = "plug"
    docs: str
    words: tuple[str, ...] = ()
    base: str
    settings: dict[str, str] = Field(default={}, description="What a connection must say to complete `base`.")
    headers: dict[str, str] = {}
    auth: dict[str, AuthTable] = {}
    test: str = ""
    fails: Fails | None = None
    paging: Paging | None = None
    operations: dict[str, OperationTable]

    def operation(self, name: str) -> Operation:
        """One operation, ready to be called. Raises Misconfigured where its table does not hold."""
        table = self.operations[name]
        method, _, path = table.call.partition(" ")
        own = names_in([table.body, table.query, table.headers, {"h": self.headers}])
        return Operation(
            service=self.name,
            base=table.base or self.base,
            method=method,
            path=path,
            fields=tuple(
                _take(f"{self.name}.{name}", given, text, method=method, path=path, own=own, make=table.make)
                for given, text in table.take.items()
            ),
            headers={**self.headers, **table.headers},
            query=table.query,
            body=table.body,
            encoding=table.send,
            make=table.make,
            auth={kind: auth.sent() for kind, auth in self.auth.items()},
            key=table.key,
            items=table.items,
            give=table.give,
            paging=None if table.items is None or table.paging == "none" else table.paging or self.paging,
            fails=table.fails or self.fails,
            scopes=table.scopes,
            settings=tuple(self.settings),
            docs=table.docs or self.docs,
        )

    def effect(self, name: str) -> Effect:
        """What the operation may do to the world: said, or by its method."""
        table = self.operations[name]
        return table.effect or _EFFECTS.get(table.call.split(" ")[0], Effect.WRITE)


def field_of(where: str, text: str) -> dict[str, Any]:
    """The parts of a field's line: where, type, list, choices, needed, default, words. Raises Misconfigured."""
    found = _FIELD.fullmatch(text.strip())
    kind = found["type"].removesuffix("+") if found else ""
    if found is None or not (kind in _TYPES or "|" in kind):
        raise Misconfigured(f"The field {where} says `{text}`, which is no field.", hint="Write `type[!] words`.")
    default = found["default"]
    return {
        "where": found["where"],
        "type": kind,
        "list": found["type"].endswith("+"),
        "choices": [_scalar(one) for one in kind.split("|")] if "|" in kind else None,
        "needed": found["needed"] is not None and default is None,
        "default": None if default is None else _scalar(default),
        "words": (found["words"] or "").strip(),
    }


def _scalar(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _take(operation: str, given: str, text: str, *, method: str, path: str, own: set[str], make: str) -> Take:
    name, _, wire = given.partition("@")
    parts = field_of(f"{operation}.{name}", text)
    where: Where
    if parts["where"]:
        where = parts["where"]
    elif "{" + name + "}" in path or "{+" + name + "}" in path:
        where = "path"
    elif name in own or make:
        where = "none"
    else:
        where = "body" if method in ("POST", "PUT", "PATCH") else "query"
    return Take(
        name=name,
        where=where,
        type="array" if parts["list"] else _wire_type(parts),
        wire=wire,
        required=parts["needed"] or where == "path",
        default=parts["default"],
        style="deep" if method in READS and parts["type"] == "object" else "repeat",
    )


def _wire_type(parts: Mapping[str, Any]) -> str:
    kind = parts["type"]
    if parts["choices"] is not None:
        return "string" if all(isinstance(one, str) for one in parts["choices"]) else "any"
    return "string" if kind in (*_FORMATS, "text") else kind


def schema_of(text: str) -> dict[str, Any]:
    """The JSON Schema of a field's line."""
    parts = field_of("", text)
    kind = parts["type"]
    schema: dict[str, Any] = {}
    if parts["choices"] is not None:
        schema["enum"] = parts["choices"]
    elif kind == "file":
        schema["anyOf"] = [{"type": "string"}, {"type": "object"}]
    elif kind != "any":
        schema["type"] = "string" if kind in (*_FORMATS, "text") else kind
    if kind in _FORMATS:
        schema["format"] = _FORMATS[kind]
    if parts["list"]:
        schema = {"type": "array", "items": schema}
    if parts["words"]:
        schema["description"] = parts["words"]
    if parts["default"] is not None:
        schema["default"] = parts["default"]
    return schema
