"""Checks XML against the schemas of a contract, by libxml2, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from lxml import etree

_XSD = "http://www.w3.org/2001/XMLSchema"
_PLACES = (f"{{{_XSD}}}import", f"{{{_XSD}}}include", f"{{{_XSD}}}redefine")


class Schemas:
    """The schemas in a contract's documents, by their addresses."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._schema = _schema_of(documents)

    def problem(self, element: Any) -> str:
        """What does not fit in the element; empty where all does, or where the schemas are such that libxml2 cannot
        read them."""
        if self._schema is None:
            return ""
        alone = etree.fromstring(etree.tostring(element))
        if self._schema.validate(alone):
            return ""
        first: Any = self._schema.error_log[0]
        return _readable(str(first.message))


class _Parts(etree.Resolver):
    def __init__(self, parts: Mapping[str, bytes]) -> None:
        self._parts = parts

    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:  # type: ignore[override]  # stubs lack it
        """The part; nothing is ever fetched."""
        give: Any = self.resolve_string
        return give(self._parts.get(system_url, b""), context)


def _schema_of(documents: Mapping[str, bytes]) -> Any:
    parts: dict[str, bytes] = {}
    roots: list[tuple[str, str]] = []
    for url, body in documents.items():
        root = etree.fromstring(body, parser=_parser())
        inner = [root] if root.tag == f"{{{_XSD}}}schema" else list(root.iter(f"{{{_XSD}}}schema"))
        for number, schema in enumerate(inner):
            name = url if schema is root else f"{url}#{number}"
            for place in schema.iterchildren(*_PLACES):
                if place.get("schemaLocation"):
                    place.set("schemaLocation", urljoin(url, place.get("schemaLocation")))
            parts[name] = etree.tostring(schema)
            if schema is not root:
                roots.append((schema.get("targetNamespace") or "", name))
    whole = etree.Element(f"{{{_XSD}}}schema")
    for namespace, name in roots:
        attributes = {"namespace": namespace} if namespace else {}
        etree.SubElement(whole, f"{{{_XSD}}}import", {**attributes, "schemaLocation": name})
    parser = _parser()
    parser.resolvers.add(_Parts(parts))
    try:
        return etree.XMLSchema(etree.fromstring(etree.tostring(whole), parser=parser))
    except etree.LxmlError:
        return None  # zeep's own check of names and counts has to do


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)


def _readable(message: str) -> str:
    """libxml2's words without the namespaces."""
    while "{" in message and "}" in message.partition("{")[2]:
        before, _, rest = message.partition("{")
        message = before + rest.partition("}")[2]
    return message.rstrip(". ")
