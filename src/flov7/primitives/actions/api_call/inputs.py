"""What an `api_call` takes, and what of it goes together."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field, model_validator

from flov7.primitives.actions.api_call.paging import Paging
from flov7.primitives.actions.api_call.pieces import Batch
from flov7.primitives.declare import Json, KindInputs, secret
from flov7.primitives.fields import rules, where_is
from flov7.primitives.files import File
from flov7.primitives.repeating import Retries
from flov7.primitives.schemes.fetching import PerSecond

Method = Literal["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


class Inputs(KindInputs):
    """What is called, and what counts as well answered."""

    model_config = ConfigDict(
        json_schema_extra=rules(
            where_is("mode", "graphql", needs="query"), where_is("mode", "soap", needs="body", unless="wsdl")
        )
    )

    mode: Literal["http", "graphql", "soap"] = Field(default="http", description="The protocol.")
    method: Method = Field(default="GET", description="For HTTP; GraphQL and SOAP always POST.")
    url: str = Field(
        default="",
        max_length=8000,
        description="The address, or the path below the connection's.",
        examples=["/orders/{{ id }}"],
    )
    headers: Annotated[dict[str, str], secret()] = Field(default_factory=dict, description="Sent along.")
    query: dict[str, Json] | str | None = Field(
        default=None, description="For HTTP: parameters of the address. For GraphQL: the document."
    )
    json_: Json = Field(default=None, alias="json", description="A body, sent as JSON.")
    form: dict[str, Json] | None = Field(default=None, description="A body, sent as a form.")
    body: Json = Field(default=None, description="A body as it is; for SOAP the content of the envelope.")
    variables: dict[str, Json] = Field(default_factory=dict, description="For GraphQL.")
    schema_: str | File | None = Field(
        default=None,
        alias="schema",
        description="For GraphQL: the service's schema as text or file, or `introspect` to ask for it: the document and "
        "its variables are checked before they are sent.",
    )
    operation: str | None = Field(
        default=None, description="For GraphQL: which operation of the document. For SOAP with `wsdl`: its name."
    )
    wsdl: str | File | None = Field(
        default=None,
        description="For SOAP: the address of the service's contract, or a file that holds it.",
        examples=["https://shop.example.com/orders?wsdl"],
    )
    soap_action: str | None = Field(default=None, description="For SOAP: the action.")
    soap_version: Literal["1.1", "1.2"] | None = Field(
        default=None, description="For SOAP; left out, as the contract says, else 1.1."
    )
    soap_header: Json = Field(default=None, description="For SOAP: the content of the header, XML or an object.")
    namespace: str | None = Field(default=None, description="For SOAP: the namespace of a body given as an object.")
    expect_status: list[int] | None = Field(
        default=None, description="The statuses that are no error; left out: all below 400."
    )
    files: dict[str, File] | None = Field(default=None, description="Files, sent in a form beside `form`, by field.")
    paging: Paging | None = Field(default=None, description="For GET: reads the list's further pages too.")
    batch: Batch | None = Field(default=None, description="Sends a list in several requests, a piece of it in each.")
    per_second: PerSecond = None
    retries: Retries | None = Field(
        default=None,
        description="How often each request is made where it was turned away, or failed and a repetition does no harm; "
        "left out, once, and three times for further pages and for pieces.",
    )
    parse: Literal["auto", "json", "text", "xml", "file"] = Field(
        default="auto", description="How the answer is read; `auto` goes by its content type; `file` keeps it."
    )
    follow_redirects: bool = Field(default=True, description="Whether redirects are followed, at most 5.")
    effect: Literal["read", "idempotent", "write"] | None = Field(
        default=None, description="For POST, PATCH, mutations and SOAP: says that it only reads, or is safe to repeat."
    )
    idempotency: bool = Field(default=False, description="The receiver honours `Idempotency-Key`: send ours.")

    @model_validator(mode="after")
    def _goes_together(self) -> Inputs:
        bodies = [n for n, v in (("json", self.json_), ("form", self.form), ("body", self.body)) if v is not None]
        if len(bodies) > 1:
            raise ValueError(f"give one body; here are {' and '.join(bodies)}")
        if self.files is not None and (self.mode != "http" or "json" in bodies or "body" in bodies):
            raise ValueError("`files` goes with `form` only, in `mode: http`")
        if self.paging is not None and (self.mode != "http" or self.method != "GET" or self.parse == "file"):
            raise ValueError("`paging` goes with GET, and not with `parse: file`")
        _batch_fits(self)
        bodies = (
            bodies or (["files"] if self.files is not None else []) or (["batch"] if self.batch is not None else [])
        )
        if self.mode == "http" and bodies and self.method in ("GET", "HEAD"):
            raise ValueError(f"{self.method} takes no body; give `method: POST`, or put it into `query`")
        if self.mode == "http" and isinstance(self.query, str):
            raise ValueError('`query` is an object of parameters, as in {"page": 2}; for GraphQL set `mode: graphql`')
        if self.mode == "graphql" and not isinstance(self.query, str):
            raise ValueError("`mode: graphql` needs the document as text in `query`")
        _soap_is_whole(self)
        return self


def _soap_is_whole(inputs: Inputs) -> None:
    if inputs.wsdl is not None and (inputs.mode != "soap" or not inputs.operation):
        raise ValueError("`wsdl` goes with `mode: soap` and needs `operation`: what of it is called")
    if inputs.mode == "soap" and inputs.wsdl is None and inputs.body is None:
        raise ValueError("`mode: soap` needs `body`, the content of the envelope; or `wsdl` and `operation`")


def _batch_fits(inputs: Inputs) -> None:
    if inputs.batch is None:
        return
    if inputs.mode == "soap" or inputs.files is not None or inputs.form is not None or inputs.body is not None:
        raise ValueError("`batch` goes with `json` or GraphQL `variables`, not with `form`, `body`, `files` or SOAP")
    if inputs.mode == "graphql" and not inputs.batch.into:
        raise ValueError("`batch` needs `into`: the variable of the document that takes a piece")
    if not inputs.batch.into and inputs.json_ is not None:
        raise ValueError(
            "`batch` is the body itself here; say in `into` where in `json` a piece goes, or leave `json` out"
        )
