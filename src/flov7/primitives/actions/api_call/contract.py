"""A SOAP service's contract (WSDL): which operations there are, their messages, and what an answer holds.

`zeep` reads the contract and builds messages; libxml2 checks them against the contract's own schemas. Neither reaches
the network: what they ask for is fetched by the caller and given to them.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from typing import Any, Literal

from lxml import etree

from flov7.kit.errors import StepRefused
from flov7.primitives.actions.api_call.checked_xml import Schemas
from flov7.primitives.declare import Json

logging.getLogger("zeep").setLevel(logging.ERROR)  # it warns about contracts that people cannot change
_ENVELOPES = {"http://schemas.xmlsoap.org/soap/envelope/": "1.1", "http://www.w3.org/2003/05/soap-envelope": "1.2"}


class Wanted(Exception):
    """A document that the contract names and that has not been fetched yet."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


@dataclass(frozen=True, kw_only=True)
class Ready:
    """One message, ready to be sent."""

    envelope: bytes
    action: str
    version: Literal["1.1", "1.2"]
    address: str


class Contract:
    """A contract that was read. `documents` are its parts by address, `location` that of the first."""

    def __init__(self, location: str, *, documents: Mapping[str, bytes]) -> None:
        """Raises Wanted for a part that is missing, StepRefused (`soap.contract`) for what is no contract."""
        errors = _zeep("exceptions")
        options = _zeep("settings").Settings(forbid_dtd=True, forbid_entities=True, force_https=False)
        try:
            self._document = _zeep("wsdl").Document(location, _Fetched(documents), settings=options)
        except Wanted:
            raise
        except (errors.Error, etree.LxmlError, NotImplementedError, AttributeError, ValueError) as error:
            raise _no_contract(f"{str(error)[:200] or type(error).__name__}") from error
        self._schemas = Schemas(documents)
        if not self._ports():
            raise _no_contract("it names no SOAP service")

    def operations(self) -> list[str]:
        """The names of all operations."""
        return sorted({name for _, port in self._ports() for name in port.binding._operations})

    def message(
        self, name: str, values: Mapping[str, Json], *, version: str | None = None, header: list[Any] | None = None
    ) -> Ready:
        """The message of an operation with these parameters. Raises StepRefused where they do not fit the contract."""
        found_version, port, operation = self._operation(name, version)
        try:
            serialized = operation.create(**_bare(values))
        except Exception as error:
            raise _unfit(name, _words(error), signature=_signature(operation)) from error
        envelope = serialized.content
        body = next(one for one in envelope if etree.QName(one).localname == "Body")
        if operation.style == "document" and len(body):
            problem = self._schemas.problem(body[0])
            if problem:
                raise _unfit(name, problem, signature=_signature(operation))
        if header:
            self._with_header(envelope, header)
        return Ready(
            envelope=etree.tostring(envelope, xml_declaration=True, encoding="UTF-8"),
            action=operation.soapaction or "",
            version="1.2" if found_version == "1.2" else "1.1",
            address=str(port.binding_options.get("address") or ""),
        )

    def value(self, name: str, answer: bytes, *, version: str) -> Json:
        """What an answer holds, with the types that the contract says. Raises ValueError where it does not fit."""
        _, _, operation = self._operation(name, version)
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)
        try:
            root = etree.fromstring(answer, parser=parser)
            return _plain(_zeep("helpers").serialize_object(operation.process_reply(root), dict))
        except (_zeep("exceptions").Error, etree.LxmlError, TypeError, LookupError, AttributeError) as error:
            raise ValueError(str(error)[:300] or type(error).__name__) from error

    def _with_header(self, envelope: Any, header: list[Any]) -> None:
        found = next((one for one in envelope if etree.QName(one).localname == "Header"), None)
        if found is None:
            found = etree.Element(f"{{{etree.QName(envelope).namespace}}}Header")
            envelope.insert(0, found)
        found.extend(header)

    def _ports(self) -> list[tuple[str, Any]]:
        ports = [port for service in self._document.services.values() for port in service.ports.values()]
        found = [(_ENVELOPES.get(getattr(port.binding, "nsmap", {}).get("soap-env", "")), port) for port in ports]
        return [(version, port) for version, port in found if version is not None]

    def _operation(self, name: str, version: str | None) -> tuple[str, Any, Any]:
        for found, port in self._ports():
            if version in (None, found) and name in port.binding._operations:
                return found, port, port.binding.get(name)
        names = ", ".join(self.operations()[:40])
        raise StepRefused(
            f"The contract has no operation `{name}`{f' for SOAP {version}' if version else ''}.",
            hint=f"There are: {names}.",
            code="soap.operation",
        )


def _zeep(part: str) -> Any:
    """A module of zeep, read when a contract is (it has no types)."""
    return import_module(f"zeep.{part}")


class _Fetched:
    """What zeep takes for its transport: the documents that are there."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._documents = documents

    def load(self, url: str) -> bytes:
        """The document. Raises Wanted."""
        if url not in self._documents:
            raise Wanted(url)
        return self._documents[url]


def _bare(values: Mapping[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in values.items() if value is not None}


def _plain(value: Any) -> Json:
    match value:
        case dict():
            return {str(name): _plain(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
        case datetime() | date() | time():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case bytes():
            return value.decode("ascii", errors="replace")
        case None | bool() | int() | float() | str():
            return value
        case _:
            return etree.tostring(value, encoding="unicode") if etree.iselement(value) else str(value)


def _signature(operation: Any) -> str:
    try:
        return str(operation.input.signature())
    except Exception:  # noqa: BLE001  a hint must not hide the error that it is for
        return ""


def _words(error: Exception) -> str:
    text = str(error).split(" Signature:")[0].strip()
    if isinstance(error, TypeError) and "unexpected keyword argument" in text:
        return f"it has no parameter {text.rpartition('argument ')[2].strip('. ')}"
    return text[:300] or type(error).__name__


def _unfit(name: str, why: str, *, signature: str) -> StepRefused:
    takes = f"It takes: {signature[:600]}." if signature else "Look at the contract."
    return StepRefused(f"This does not fit `{name}`: {why.rstrip('.')}.", hint=takes, code="soap.message")


def _no_contract(why: str) -> StepRefused:
    return StepRefused(
        f"This is no contract of a SOAP service: {why.rstrip('.')}.",
        hint="`wsdl` is the address of a WSDL 1.1 document, often the service's with `?wsdl`, or a file.",
        code="soap.contract",
    )
