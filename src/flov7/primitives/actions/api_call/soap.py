"""SOAP 1.1 and 1.2: an envelope around a body, a fault is an error, the answer as a value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from flov7.kit.errors import StepFailed, StepRefused
from flov7.primitives.actions.api_call.http import Call, judge
from flov7.primitives.credentials import joined
from flov7.primitives.declare import Json
from flov7.primitives.formats import xml
from flov7.primitives.outside import Answer

if TYPE_CHECKING:
    from flov7.primitives.actions.api_call.contract import Contract, Ready

Version = Literal["1.1", "1.2"]
_NAMESPACES: dict[Version, str] = {
    "1.1": "http://schemas.xmlsoap.org/soap/envelope/",
    "1.2": "http://www.w3.org/2003/05/soap-envelope",
}


def envelope(body: Json, *, header: Json, version: Version, namespace: str | None) -> bytes:
    """The envelope around XML text or an object of one key. Raises StepRefused for what has no form in XML."""
    from lxml import etree

    uri = _NAMESPACES[version]
    outer = etree.Element(f"{{{uri}}}Envelope", nsmap={"soap": uri})
    if header is not None:
        etree.SubElement(outer, f"{{{uri}}}Header").extend(elements(header, namespace))
    etree.SubElement(outer, f"{{{uri}}}Body").extend(elements(body, namespace))
    return etree.tostring(outer, xml_declaration=True, encoding="UTF-8")


def elements(content: Json, namespace: str | None) -> list[Any]:
    """The elements that XML text or an object is, in `namespace` where it is an object. Raises StepRefused."""
    from lxml import etree

    if isinstance(content, str):
        root = xml.parse_element(content)
        if etree.QName(root).localname == "Envelope":
            raise StepRefused("`body` holds a whole envelope.", hint="Give what stands inside `Body`.")
        return [root]
    if not isinstance(content, dict):
        raise StepRefused("`body` is XML text or an object.", hint='As in {"GetPrice": {"item": "tea"}}.')
    elements: list[Any] = []
    for name, value in content.items():
        text = xml.show(value, root=name)
        if namespace:  # a default namespace on the root holds for all that is below it
            element = etree.fromstring(text)
            text = _in_namespace(element, namespace)
        elements.append(xml.parse_element(text))
    return elements


def _in_namespace(element: Any, namespace: str) -> str:
    from lxml import etree

    for each in element.iter():
        each.tag = f"{{{namespace}}}{each.tag}"
    nsmap: Any = {None: namespace}
    top = etree.Element(element.tag, attrib=element.attrib, nsmap=nsmap)
    top.text = element.text
    top.extend(list(element))
    return etree.tostring(top, encoding="unicode")


async def ask(call: Call, *, envelope: bytes, version: Version, action: str | None) -> tuple[Answer, Any]:
    """The answer and the content of its body. Raises StepRefused for a fault of ours, StepFailed for one of theirs."""
    if version == "1.1":
        headers, content_type = {"SOAPAction": f'"{action or ""}"'}, "text/xml; charset=utf-8"
    else:
        headers = {}
        content_type = "application/soap+xml; charset=utf-8" + (f'; action="{action}"' if action else "")
    sending = replace(call, headers={**headers, **call.headers})
    answer = await sending.send_raw(
        "POST", body=envelope, content_type=content_type, accept="text/xml, application/soap+xml"
    )
    body = _body(answer)
    if body is None:
        judge(answer, expect=call.expect)
        raise StepFailed("The answer is no SOAP envelope.", hint="Look at the address.", code="soap.answer")
    content = {name: value for name, value in body.items() if not name.startswith("@")}
    if "Fault" in content:
        raise _fault(content["Fault"])
    judge(answer, expect=call.expect)
    return answer, content


def _body(answer: Answer) -> dict[str, Any] | None:
    try:
        parsed = xml.parse(answer.body)
    except StepRefused:
        return None
    outer = parsed.get("Envelope")
    if not isinstance(outer, dict) or "Body" not in outer:
        return None
    return outer["Body"] if isinstance(outer["Body"], dict) else {}


def _fault(fault: Any) -> StepFailed:
    fault = fault if isinstance(fault, dict) else {"faultstring": str(fault)}
    reason = fault.get("Reason")
    text = fault.get("faultstring") or (reason.get("Text") if isinstance(reason, dict) else reason) or "no reason given"
    inner = fault.get("Code")
    code = str(fault.get("faultcode") or (inner.get("Value") if isinstance(inner, dict) else inner) or "")
    text = text if isinstance(text, str) else str(_text_of(text))
    ours = code.rpartition(":")[2].split(".")[0] in ("Client", "Sender", "VersionMismatch", "MustUnderstand")
    wrong = StepRefused if ours else StepFailed
    return wrong(
        f"The service answers with a fault: {text[:300]}",
        hint="Look at what was sent." if ours else "The service has trouble of its own.",
        code="soap.fault",
        details={"fault_code": code, "detail": fault.get("detail") or fault.get("Detail")},
    )


def _text_of(value: Any) -> Any:
    if isinstance(value, list) and value:
        return _text_of(value[0])
    return value.get("#text", value) if isinstance(value, dict) else value


async def ask_by_contract(
    call: Call,
    *,
    placed: bool,
    contract: Contract,
    operation: str,
    values: Json,
    header: Json,
    version: Version | None,
    namespace: str | None,
) -> tuple[Answer, Any]:
    """The answer and what it holds, by the contract; `placed`: the call has its address from the step. Raises
    StepRefused before anything is sent where the values do not fit the contract."""
    if not isinstance(values, dict | None):
        raise StepRefused("With a contract `body` is an object of the operation's parameters.", code="soap.message")
    more = None if header is None else elements(header, namespace)
    ready = contract.message(operation, values or {}, version=version, header=more)
    here = call if placed else _placed(call, ready)
    answer, _ = await ask(here, envelope=ready.envelope, version=ready.version, action=ready.action)
    try:
        return answer, contract.value(operation, answer.body, version=ready.version)
    except ValueError as error:
        raise StepFailed(
            f"The answer does not fit the contract: {error}.", hint="It may have changed.", code="soap.answer"
        ) from error


def _placed(call: Call, ready: Ready) -> Call:
    """The call at the contract's address. A secret goes to no host that only a contract names."""
    if not ready.address:
        raise StepRefused("The contract names no address.", hint="Give `url`.", code="soap.contract")
    access = call.access
    if access.base_url:
        return replace(call, url=joined(access.base_url, ready.address))
    has_secret = access.private or access.query or access.scheme
    if has_secret and urlsplit(ready.address)[:2] != urlsplit(call.url)[:2]:
        raise StepRefused(
            f"The contract names an address on `{urlsplit(ready.address).netloc}`; the secret is not sent there.",
            hint="Give `url`, or a `base_url` in the connection.",
            code="connection.other_host",
        )
    return replace(call, url=ready.address)
