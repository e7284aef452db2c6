"""Turn one value into another form: JSON, XML, CSV, HTML, Markdown, Base64, URL text, a hash, plain text, a date.

It works on one value as a whole. To reshape lists and objects item by item take `data/transform`.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Literal
from urllib.parse import quote, unquote

from pydantic import Field

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Json, Kind, KindInputs
from flov7.primitives.fields import TimeZone, kind_of
from flov7.primitives.formats import csv_text, dates, html_select, html_text, json_text, markdown, xml

Operation = Literal[
    "parse_json", "print_json", "parse_xml", "print_xml", "parse_csv", "print_csv",
    "base64_encode", "base64_decode", "url_encode", "url_decode", "hash", "strip_html", "select_html",
    "print_markdown", "date",
]  # fmt: skip


class Inputs(KindInputs):
    """The value and what becomes of it."""

    value: Json = Field(description="What is turned into another form.", examples=["{{ answer.body }}"])
    operation: Operation = Field(description="What becomes of it.")
    delimiter: csv_text.Delimiter = Field(default="auto", description="For CSV: what stands between fields.")
    header: bool = Field(default=True, description="For CSV: whether the first row has the names.")
    root: str | None = Field(default=None, description="For `print_xml`: the outermost element.")
    indent: bool = Field(default=False, description="For printing JSON and XML: in lines, for people.")
    keep_namespaces: bool = Field(default=False, description="For `parse_xml`: names read `{uri}local`.")
    select: dict[str, str] = Field(
        default_factory=dict,
        description="For `select_html`: name to CSS selector; a selector may end in `@attribute`.",
        examples=[{"title": "h1", "link": "a.more@href"}],
    )
    each: str | None = Field(
        default=None, description="For `select_html`: a selector; gives one object for each element that it finds."
    )
    url_safe: bool = Field(default=False, description="For Base64: `-` and `_`, without `=` at the end.")
    algorithm: Literal["sha256", "sha512", "sha1", "md5"] = Field(default="sha256", description="For `hash`.")
    input_format: str | None = Field(
        default=None, description="For `date`: how it is written, as in `%d.%m.%Y`; else ISO 8601.", max_length=100
    )
    output_format: str | None = Field(
        default=None, description="For `date`: how it shall be written; else ISO 8601.", max_length=100
    )
    time_zone: TimeZone = Field(default="UTC", description="For `date`: where a date without a zone is meant.")
    to_time_zone: TimeZone | None = Field(default=None, description="For `date`: the zone of the result.")
    add_days: float = Field(default=0, ge=-4e6, le=4e6, description="For `date`: this many days later.")


class Outputs(AnyOutput):
    """The value in its new form."""


def run(inputs: Inputs) -> Json:
    """The value in its new form. Raises StepRefused where it cannot be read."""
    return _OPERATIONS[inputs.operation](inputs)


def _text(inputs: Inputs) -> str:
    if not isinstance(inputs.value, str):
        raise StepRefused(
            f"`{inputs.operation}` takes text; here is {kind_of(inputs.value)}.",
            hint="Name the field that holds the text; to print a value use `print_json`.",
        )
    return inputs.value


def _encode(inputs: Inputs) -> str:
    data = _text(inputs).encode()
    if inputs.url_safe:
        return base64.urlsafe_b64encode(data).decode().rstrip("=")
    return base64.b64encode(data).decode()


def _decode(inputs: Inputs) -> str:
    text = "".join(_text(inputs).split()).replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise StepRefused(
            "This is no Base64 of a UTF-8 text.", hint="Files and pictures cannot become text.", code="format.base64"
        ) from error


def _hash(inputs: Inputs) -> str:
    value = inputs.value if isinstance(inputs.value, str) else json_text.show(inputs.value)
    return hashlib.new(inputs.algorithm, value.encode(), usedforsecurity=False).hexdigest()


def _date(inputs: Inputs) -> str:
    moment = dates.read(inputs.value, form=inputs.input_format, zone=inputs.time_zone)
    try:
        moment += timedelta(days=inputs.add_days)
    except OverflowError as error:
        raise StepRefused("That date is further away than dates go here.", code="format.date") from error
    return dates.show(moment, form=inputs.output_format, zone=inputs.to_time_zone)


_OPERATIONS: dict[str, Callable[[Inputs], Json]] = {
    "parse_json": lambda inputs: json_text.parse(_text(inputs)),
    "print_json": lambda inputs: json_text.show(inputs.value, indent=inputs.indent),
    "parse_xml": lambda inputs: xml.parse(_text(inputs), keep_namespaces=inputs.keep_namespaces),
    "print_xml": lambda inputs: xml.show(inputs.value, root=inputs.root, indent=inputs.indent, declaration=True),
    "parse_csv": lambda inputs: csv_text.parse(_text(inputs), delimiter=inputs.delimiter, header=inputs.header),
    "print_csv": lambda inputs: csv_text.show(inputs.value, delimiter=inputs.delimiter, header=inputs.header),
    "base64_encode": _encode,
    "base64_decode": _decode,
    "url_encode": lambda inputs: quote(_text(inputs), safe=""),
    "url_decode": lambda inputs: unquote(_text(inputs)),
    "hash": _hash,
    "strip_html": lambda inputs: html_text.strip(_text(inputs)),
    "select_html": lambda inputs: html_select.select(_text(inputs), inputs.select, each=inputs.each),
    "print_markdown": lambda inputs: markdown.html(_text(inputs)),
    "date": _date,
}

KIND = Kind(
    title="Convert",
    icon="arrow-left-right",
    summary="One value into another form: JSON, XML, CSV, HTML, Markdown, Base64, hash, plain text, a date.",
    confused_with="`data/transform` reshapes lists and objects; `data/mapping` renames fields; `file` reads files.",
    examples=("Parse the CSV file", "Turn the answer into XML", "Strip the HTML from the mail"),
    synonyms=("convert", "parse", "encode", "decode", "format", "hash"),
    lowering=Lowering.PURE,
)
