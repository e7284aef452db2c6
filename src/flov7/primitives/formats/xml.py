"""XML to JSON values and back, safely: no entities, no document types, no network, bounded depth.

An element with nothing but text is that text; otherwise it is an object: attributes under `@name`, text under
`#text`, children under their names, a list where a name comes more than once. Namespaces are dropped unless
`namespaces` is kept, then names read `{uri}local`.
"""

from __future__ import annotations

import re
from typing import Any

from flov7.kit.errors import StepRefused

_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no form for these
_NAME = re.compile(r"^[^\W\d][\w.\-]*$")


def parse(text: str | bytes, *, keep_namespaces: bool = False) -> dict[str, Any]:
    """`{root name: value}` of an XML text. Raises StepRefused for what is no XML, or holds a document type."""
    root = parse_element(text)
    return {_name(root.tag, keep=keep_namespaces): _value(root, keep=keep_namespaces)}


def parse_element(text: str | bytes) -> Any:
    """The root element (lxml) of an XML text, read safely. Raises StepRefused."""
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    body = text.encode() if isinstance(text, str) else text
    if isinstance(text, str):  # a declared encoding is wrong once the text has been decoded
        body = re.sub(rb"^\s*<\?xml[^>]*\?>", b"", body, count=1)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise StepRefused(
            f"This is no XML: {error}.", hint="Look at the line that is named.", code="format.xml"
        ) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise StepRefused(
            "This XML brings a document type (`<!DOCTYPE …>`), which is not read here.",
            hint="Ask the sender for XML without it.",
            code="format.xml",
        )
    return root


def element_value(element: Any) -> Any:
    """The JSON value of an lxml element, without namespaces."""
    return _value(element, keep=False)


def show(value: Any, *, root: str | None = None, indent: bool = False, declaration: bool = False) -> str:
    """XML of a value. Without `root` it is an object of one key, the root. Raises StepRefused for bad names."""
    from lxml import etree

    if root is None:
        if not isinstance(value, dict) or len(value) != 1:
            raise StepRefused(
                "XML has one outermost element; here is none to take its name from.",
                hint="Name it with `root`, or give an object with one key.",
                code="format.xml",
            )
        root, value = next(iter(value.items()))
    element = etree.Element(_checked(str(root)))
    _fill(element, value)
    if indent:
        etree.indent(element)
    body = etree.tostring(element, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}' if declaration else body


def _name(tag: str, *, keep: bool) -> str:
    return tag if keep else tag.rpartition("}")[2]


def _value(element: Any, *, keep: bool) -> Any:
    content: dict[str, Any] = {f"@{_name(name, keep=keep)}": text for name, text in element.attrib.items()}
    texts = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str):
            _add(content, _name(child.tag, keep=keep), _value(child, keep=keep))
        texts.append(child.tail or "")
    text = "".join(texts)
    if not content:
        return text
    if text.strip():
        content["#text"] = text.strip()
    return content


def _add(content: dict[str, Any], name: str, value: Any) -> None:
    if name not in content:
        content[name] = value
    elif isinstance(content[name], list):
        content[name].append(value)
    else:
        content[name] = [content[name], value]


def _fill(element: Any, value: Any) -> None:
    from lxml import etree

    if not isinstance(value, dict):
        element.text = _text(value)
        return
    for name, item in value.items():
        if name == "#text":
            element.text = _text(item)
        elif name.startswith("@"):
            element.set(_checked(name[1:]), _text(item))
        else:
            for one in item if isinstance(item, list) else [item]:
                _fill(etree.SubElement(element, _checked(name)), one)


def _checked(name: str) -> str:
    if not _NAME.match(name):
        raise StepRefused(
            f"`{name}` cannot be the name of an XML element or attribute.",
            hint="Names begin with a letter and hold letters, digits, `.`, `-` and `_`; `rename` it first.",
            code="format.xml",
        )
    return name


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return _FORBIDDEN.sub("", value)
        case list() | dict():
            raise StepRefused("A list inside a list has no form in XML.", hint="Give it a name.", code="format.xml")
        case _:
            return str(value)
