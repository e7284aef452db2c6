"""Read what is in a file, or make one: text, JSON, CSV, XML, a spreadsheet, a ZIP.

- `read`: the content of `file` as a value: rows of a CSV or a spreadsheet, the value of JSON or XML, else text.
- `write`: a file of `value`, in `format`, under `name`.
- `unzip`: the files in a ZIP. `zip`: one file of `files`.

Files travel as references; their bytes lie sealed in the workspace.
"""

from __future__ import annotations

import io
import posixpath
import zipfile
from typing import Any, Literal

from pydantic import Field, model_validator

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import Lowering, Queue
from flov7.language.effects import Effect
from flov7.primitives.declare import AnyOutput, Context, Json, Kind, KindInputs
from flov7.primitives.files import LARGEST, File, check_size, kept
from flov7.primitives.formats import csv_text, json_text, xlsx, xml

Format = Literal["text", "json", "csv", "xml", "xlsx"]
_MEDIA: dict[str, str] = {
    "text": "text/plain",
    "json": "application/json",
    "csv": "text/csv",
    "xml": "application/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_MOST_FILES = 1000


class Inputs(KindInputs):
    """Which file, and what becomes of it."""

    operation: Literal["read", "write", "zip", "unzip"] = Field(description="What is done.")
    file: File | None = Field(default=None, description="For `read`, `unzip`: the file.", examples=["{{ got.body }}"])
    files: list[File] = Field(default_factory=list, max_length=_MOST_FILES, description="For `zip`: the files.")
    value: Json = Field(default=None, description="For `write`: what stands in it.")
    name: str = Field(default="file", min_length=1, max_length=255, description="For `write`, `zip`: its name.")
    format: Format | None = Field(default=None, description="Left out: as the name or the media type says.")
    sheet: str | None = Field(default=None, max_length=31, description="For spreadsheets: the sheet.")
    header: bool = Field(default=True, description="For CSV and spreadsheets: whether the first row has the names.")
    delimiter: csv_text.Delimiter = Field(default="auto", description="For CSV: what stands between fields.")
    charset: str = Field(default="utf-8", max_length=40, description="For text, CSV: how its letters are written.")

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Inputs:
        if self.operation in ("read", "unzip") and self.file is None:
            raise ValueError(f"`{self.operation}` needs `file`")
        if self.operation == "zip" and not self.files:
            raise ValueError("`zip` needs `files`")
        return self


class Outputs(AnyOutput):
    """The content, a file, or a list of files."""


async def run(context: Context, inputs: Inputs) -> Json:
    """Reads or makes files. Raises StepRefused for what is not of its format."""
    match inputs.operation:
        case "read":
            return await _read(context, inputs)
        case "write":
            return await _kept(context, _written(inputs), name=inputs.name, media_type=_MEDIA[_format(inputs)])
        case "zip":
            return await _zip(context, inputs)
        case "unzip":
            return await _unzip(context, inputs)


def _format(inputs: Inputs) -> Format:
    if inputs.format is not None:
        return inputs.format
    name = inputs.file.name if inputs.file else inputs.name
    ending = name.rpartition(".")[2].lower()
    known: dict[str, Format] = {
        "json": "json",
        "csv": "csv",
        "tsv": "csv",
        "xml": "xml",
        "xlsx": "xlsx",
        "xlsm": "xlsx",
    }
    if ending in known:
        return known[ending]
    media = (inputs.file.media_type if inputs.file else "").split(";")[0]
    return next((form for form, one in _MEDIA.items() if one == media), "text")  # type: ignore[return-value]  # its keys


async def _read(context: Context, inputs: Inputs) -> Json:
    assert inputs.file is not None
    body = await context.files.read(inputs.file.file)
    form = _format(inputs)
    if form == "xlsx":
        return xlsx.parse(body, sheet=inputs.sheet, header=inputs.header)
    if form == "xml":
        return xml.parse(body)
    try:
        text = body.decode(inputs.charset)
    except (UnicodeDecodeError, LookupError) as error:
        raise StepRefused(
            f"`{inputs.file.name}` is no text in {inputs.charset}.",
            hint="Say its `charset`, as latin-1, or its `format`.",
            code="file.not_text",
        ) from error
    match form:
        case "json":
            return json_text.parse(text.removeprefix("\ufeff"))
        case "csv":
            return csv_text.parse(text, delimiter=inputs.delimiter, header=inputs.header)
        case _:
            return text


def _written(inputs: Inputs) -> bytes:
    match _format(inputs):
        case "xlsx":
            return xlsx.show(inputs.value, sheet=inputs.sheet, header=inputs.header)
        case "json":
            return json_text.show(inputs.value, indent=True).encode()
        case "csv":
            text = csv_text.show(inputs.value, delimiter=inputs.delimiter, header=inputs.header)
        case "xml":
            return xml.show(inputs.value, declaration=True).encode()
        case "text":
            text = inputs.value if isinstance(inputs.value, str) else json_text.show(inputs.value)
    try:
        return text.encode(inputs.charset)
    except (UnicodeEncodeError, LookupError) as error:
        raise StepRefused(
            f"The text cannot be written in {inputs.charset}: {error}.",
            hint="Leave `charset` out.",
            code="file.charset",
        ) from error


async def _zip(context: Context, inputs: Inputs) -> Json:
    out = io.BytesIO()
    check_size(sum(file.size for file in inputs.files), name=inputs.name)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for number, file in enumerate(inputs.files):
            taken = {one.filename for one in packed.infolist()}
            name = file.name if file.name not in taken else f"{number}-{file.name}"
            # Always the same moment, so that equal files make an equal ZIP.
            packed.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), await context.files.read(file.file))
    return await _kept(context, out.getvalue(), name=inputs.name, media_type="application/zip")


async def _unzip(context: Context, inputs: Inputs) -> Json:
    assert inputs.file is not None
    body = await context.files.read(inputs.file.file)
    try:
        packed = zipfile.ZipFile(io.BytesIO(body))
    except zipfile.BadZipFile as error:
        raise StepRefused(f"`{inputs.file.name}` is no ZIP.", code="format.zip") from error
    with packed:
        inside = [one for one in packed.infolist() if not one.is_dir()]
        if len(inside) > _MOST_FILES or sum(one.file_size for one in inside) > 4 * LARGEST:
            raise StepRefused(f"`{inputs.file.name}` holds too much when unpacked.", code="file.too_large")
        made: list[Json] = []
        for one in inside:
            check_size(one.file_size, name=one.filename)
            if one.flag_bits & 1:
                raise StepRefused(f"`{inputs.file.name}` wants a password.", code="format.zip")
            name = posixpath.basename(one.filename.replace("\\", "/"))
            made.append(await _kept(context, packed.read(one), name=name, media_type=_media_of(name)))
    return made


def _media_of(name: str) -> str:
    import mimetypes

    return mimetypes.guess_type(name)[0] or "application/octet-stream"


async def _kept(context: Context, body: bytes, *, name: str, media_type: str) -> dict[str, Any]:
    return (await kept(context.files.keep, body, name=name, media_type=media_type)).model_dump()


KIND = Kind(
    title="File",
    icon="file",
    summary="What is in a file as a value, or a file of a value: text, JSON, CSV, XML, a spreadsheet, a ZIP.",
    confused_with="`transform` turns text that is already in the run; `api_call` fetches and sends files.",
    examples=("Read the spreadsheet", "Make a CSV file of the orders", "Unzip the attachment"),
    synonyms=("spreadsheet", "excel", "xlsx", "csv file", "extract from file", "convert to file", "zip", "attachment"),
    lowering=Lowering.CALL,
    effect=Effect.READ,  # it keeps bytes under their own digest: nothing that was there changes
    timeout=60.0,
    queue=Queue.ACTIONS,
)
