"""One operation of a service as data: how it is called, what its answer means. Frozen; it travels in the plan.

Texts hold `{name}`: in `base` a setting of the connection or a part of its secret, in `auth` a part of the secret,
elsewhere a field of the step. A text that is one `{name}` alone keeps the value's type; what has no value is left
out, with the key that it stands under.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Where = Literal["path", "query", "header", "body", "none"]
Encoding = Literal["json", "form", "multipart", "related", "raw", "xml"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Take(_Frozen):
    """One field that a step gives. `wire` is its name there; `none`: a template or a maker uses it."""

    name: str
    where: Where
    type: str = Field(default="any", description="JSON type, or `file`, or `any`.")
    wire: str = ""
    required: bool = False
    default: Any = None
    style: Literal["repeat", "comma", "space", "pipe", "deep", "json"] = Field(
        default="repeat", description="How a list or an object is written into the address."
    )

    @property
    def sent_as(self) -> str:
        """Its name on the wire."""
        return self.wire or self.name


class Auth(_Frozen):
    """What a secret adds to a request, for one connection kind."""

    headers: dict[str, str] = {}
    query: dict[str, str] = {}
    basic: tuple[str, str] | None = None


class Paging(_Frozen):
    """How the next page is asked for.

    `cursor`: `read` (a path in the answer) goes into `param`; `next`: `read` is the next address; `link`: the
    `Link` header holds it; `page` counts from `first`; `offset` counts items. `size` is the field for how many a
    page holds, at most `most`.
    """

    by: Literal["cursor", "next", "link", "page", "offset", "last"]
    read: str = ""
    param: str = ""
    where: Literal["query", "body"] = "query"
    size: str = ""
    most: int = 100
    first: int = 1
    more: str = Field(default="", description="A path that is true while there are more.")


class Fails(_Frozen):
    """How an answer with a good status says that it failed all the same."""

    unless: str = Field(default="", description="A path that is true where all went well.")
    on: str = Field(default="", description="A path that holds something only where it failed.")
    say: str = Field(default="", description="A path to the words.")
    expired: tuple[str, ...] = Field(default=(), description="Words that mean: the credential does not hold.")
    limited: tuple[str, ...] = Field(default=(), description="Words that mean: come back later.")


class Operation(_Frozen):
    """How one operation is called."""

    service: str
    base: str
    method: str
    path: str = ""
    fields: tuple[Take, ...] = ()
    headers: dict[str, str] = {}
    query: dict[str, Any] = {}
    body: Any = None
    encoding: Encoding = "json"
    together: tuple[str, ...] = Field(default=(), description="Fields that are needed once the body has any field.")
    make: Literal["", "mail"] = Field(default="", description="What is made of the fields before they are put in.")
    auth: dict[str, Auth] = Field(default={}, description="By connection kind.")
    open: bool = Field(default=False, description="It may be called without a connection.")
    key: str = Field(default="", description="The header in which the receiver takes an idempotency key.")
    items: str | None = Field(default=None, description="A path to the list that is given; '' is the whole answer.")
    give: str = Field(default="", description="A path to what is given; '' is the whole answer.")
    paging: Paging | None = None
    fails: Fails | None = None
    scopes: tuple[str, ...] = ()
    settings: tuple[str, ...] = Field(default=(), description="Settings of the connection that `base` needs.")
    docs: str = Field(default="", description="The vendor's page.")

    def packed(self) -> dict[str, Any]:
        """As a plan holds it: JSON without what is left at its default."""
        return self.model_dump(mode="json", exclude_defaults=True)


LIMIT = "limit"
"""The field that every operation with pages takes: how many items at most, over all pages."""
