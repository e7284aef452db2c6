"""A document at hand: its version, and what its references name. Nothing outside of it is ever fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from flov7.kit.errors import Invalid
from flov7.primitives.connectors.reading import read_text

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")
_LONGEST_CHAIN = 50


@dataclass
class ApiDocument:
    """An OpenAPI document. `version` is 2, 3.0 or 3.1; `warnings` grows while it is read."""

    root: dict[str, Any]
    version: str
    warnings: list[str] = field(default_factory=list[str])

    @classmethod
    def read(cls, text: str | bytes) -> ApiDocument:
        """Read a JSON or YAML text. Raises Invalid or TooLarge, in words that say the mend."""
        value = read_text(text, what="The document")
        if not isinstance(value, dict):
            raise Invalid("This is no OpenAPI document.", hint="Give the file that holds `openapi` or `swagger`.")
        said = str(value.get("openapi") or value.get("swagger") or "")
        version = next((one for one in ("3.1", "3.0", "2") if said.startswith(one)), None)
        if version is None:
            what = f"is of version {said[:20]}" if said else "holds neither `openapi` nor `swagger`"
            raise Invalid(
                f"The document {what}; 2.0, 3.0 and 3.1 are read.",
                hint="Give the service's OpenAPI document; a Postman collection or a WSDL is none.",
                code="openapi.version",
            )
        document = cls(value, version)
        document._refuse_foreign()
        if not isinstance(value.get("paths"), Mapping) or not value["paths"]:
            raise Invalid("The document has no `paths`, so there is nothing to call.", code="openapi.empty")
        return document

    def _refuse_foreign(self) -> None:
        """References to other files and addresses would have to be fetched; that is never done."""
        foreign = sorted({ref for ref in _references(self.root) if not ref.startswith("#")})
        if foreign:
            more = f" and {len(foreign) - 3} more" if len(foreign) > 3 else ""
            shown = ", ".join(f"`{one[:80]}`" for one in foreign[:3])
            raise Invalid(
                f"The document refers to other documents: {shown}{more}.",
                hint="Bundle it into one file first, as `redocly bundle` or `swagger-cli bundle` do.",
                code="openapi.external",
            )

    def follow(self, node: Any) -> tuple[Any, str | None]:
        """What a node is once its references are followed, and the last reference; None where it leads nowhere.

        Raises Invalid where references go in a circle and nothing else.
        """
        last: str | None = None
        for _ in range(_LONGEST_CHAIN):
            if not isinstance(node, Mapping) or not isinstance(node.get("$ref"), str):
                return node, last
            last = str(node["$ref"])
            node = self._at(last)
        raise Invalid(
            f"The reference `{last}` names itself, by way of others.",
            hint="Mend the document: a reference must end at something.",
            code="openapi.circle",
        )

    def of(self, node: Any) -> dict[str, Any]:
        """The object that a node or its reference is; empty where it is none."""
        found, _ = self.follow(node)
        return found if isinstance(found, dict) else {}

    def _at(self, reference: str) -> Any:
        here: Any = self.root
        for part in reference.removeprefix("#").split("/")[1:]:
            name = unquote(part).replace("~1", "/").replace("~0", "~")
            if isinstance(here, list) and name.isdigit() and int(name) < len(here):
                here = here[int(name)]
            elif isinstance(here, Mapping) and name in here:
                here = here[name]
            else:
                self.warn(f"`{reference}` leads nowhere.")
                return None
        return here

    def warn(self, words: str) -> None:
        """Say once what could not be understood."""
        if words not in self.warnings and len(self.warnings) < 100:
            self.warnings.append(words)

    def calls(self) -> Iterator[tuple[str, str, dict[str, Any], dict[str, Any]]]:
        """Every operation: path, method, the operation, the path's own object."""
        for path, item in self.root["paths"].items():
            whole = self.of(item)
            for method in METHODS:
                if isinstance(whole.get(method), Mapping):
                    yield str(path), method, dict(whole[method]), whole


def _references(root: Any) -> Iterator[str]:
    """Every `$ref` that is a text; a property of that name is none, because its value is an object."""
    stack = [root]
    while stack:
        here = stack.pop()
        if isinstance(here, dict):
            reference = here.get("$ref")
            if isinstance(reference, str):
                yield reference
            stack.extend(value for name, value in here.items() if name not in ("example", "examples"))
        elif isinstance(here, list):
            stack.extend(here)
