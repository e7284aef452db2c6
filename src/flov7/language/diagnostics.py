"""One vocabulary for everything that is wrong with a document, wherever it is found.

Generation, API, command line and dashboard show these same ones. `CODES` is the whole vocabulary; the reference
page is printed from it.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from flov7.kit.errors import Invalid


class Severity(StrEnum):
    """`error` stops activation and runs, `warning` should be looked at, `hint` may be ignored."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


CODES: dict[str, tuple[Severity, str]] = {
    "document.syntax": (Severity.ERROR, "The text is neither JSON nor YAML."),
    "document.duplicate_key": (Severity.ERROR, "An object names the same field twice."),
    "document.too_large": (Severity.ERROR, "The document is larger or deeper than what is read."),
    "document.version": (Severity.ERROR, "The language version is not one that is read here."),
    "document.empty": (Severity.ERROR, "There is nothing to do: no primitive beside connections."),
    "shape.wrong_type": (Severity.ERROR, "A value has another JSON type than its field takes."),
    "shape.missing_field": (Severity.ERROR, "A field that must be there is not."),
    "shape.unknown_field": (Severity.ERROR, "A field that nothing reads."),
    "shape.misplaced_field": (Severity.ERROR, "A field stands inside `config` that belongs beside it."),
    "shape.bad_value": (Severity.ERROR, "A value is outside what its field takes."),
    "name.invalid": (Severity.ERROR, "A name is not snake_case."),
    "name.reserved": (Severity.ERROR, "A name that the language keeps for itself."),
    "name.duplicate": (Severity.ERROR, "Two primitives share a name."),
    "kind.unknown": (Severity.ERROR, "There is no such kind of that type."),
    "kind.ambiguous": (Severity.ERROR, "The kind is left out and more than one fits."),
    "kind.guessed": (Severity.WARNING, "The kind is left out and was read from the name."),
    "kind.not_built": (Severity.WARNING, "The kind is known by name and not built yet."),
    "kind.field": (Severity.ERROR, "A field that this kind does not take."),
    "config.missing": (Severity.ERROR, "The kind needs a setting that is not there."),
    "config.unknown": (Severity.ERROR, "The kind has no such setting."),
    "config.wrong": (Severity.ERROR, "A setting has a value that the kind does not take."),
    "duration.invalid": (Severity.ERROR, "A duration that cannot be read."),
    "inputs.schema": (Severity.ERROR, "`inputs` is not a JSON Schema."),
    "order.cycle": (Severity.ERROR, "Primitives wait for one another in a circle."),
    "order.unreachable": (Severity.ERROR, "Nothing can ever start this primitive."),
    "order.after_unknown": (Severity.ERROR, "`after` names what is not in the same list."),
    "order.other_part": (Severity.ERROR, "`after` names what another trigger starts."),
    "order.side_unknown": (Severity.ERROR, "A side or handler names what is not there."),
    "order.side_above": (Severity.ERROR, "A side or handler stands above what names it."),
    "order.side_elsewhere": (Severity.ERROR, "A side or handler stands in another list."),
    "order.side_with_after": (Severity.ERROR, "What is chosen as a side cannot also wait by `after`."),
    "order.nested_trigger": (Severity.ERROR, "A trigger or connection stands inside a nested list."),
    "order.two_sides": (Severity.ERROR, "A condition gives the same side twice, flat and nested."),
    "order.when_with_sides": (Severity.ERROR, "`when` stands on a condition that names sides."),
    "join.one_sided": (Severity.WARNING, "Something follows a gate and is skipped where it says no."),
    "join.both_sides": (Severity.WARNING, "Something below the last side runs after either side."),
    "expression.invalid": (Severity.ERROR, "An expression cannot be read."),
    "ref.unknown": (Severity.ERROR, "An expression names what the document does not have."),
    "ref.not_upstream": (Severity.ERROR, "An expression reads a primitive that has not run by then."),
    "ref.in_loop": (Severity.ERROR, "An expression reads inside a loop from outside it."),
    "ref.hidden": (Severity.ERROR, "A name set by a mapping or a loop hides another that is in use."),
    "ref.set_twice": (Severity.ERROR, "Two ways that run side by side set the same name."),
    "ref.no_member": (Severity.ERROR, "The kind's output has no such member."),
    "type.mismatch": (Severity.ERROR, "Values are compared or used that can never fit."),
    "connection.unknown": (Severity.ERROR, "The named connection is not there."),
    "connection.wrong_kind": (Severity.ERROR, "The named connection does not fit the kind."),
    "connection.ambiguous": (Severity.ERROR, "More than one connection fits and none is named."),
    "connection.missing": (Severity.ERROR, "The kind needs a connection and none fits."),
    "template.unknown": (Severity.ERROR, "The workspace has no message template of that name."),
    "workflow.unknown": (Severity.ERROR, "The workspace has no workflow of that name."),
    "limit.primitives": (Severity.ERROR, "More primitives than the subscription allows."),
    "secret.plain_text": (Severity.ERROR, "A secret stands in the document in plain text."),
    "network.private": (Severity.WARNING, "An address inside a private network."),
    "effect.unsafe_retry": (Severity.WARNING, "A retry is asked for where a repeat is not safe."),
    "error.unhandled": (Severity.HINT, "Nothing happens when a step that changes the outside fails."),
    "loop.form": (Severity.ERROR, "A loop needs exactly one of `over`, `while`, `until`."),
    "loop.unbounded": (Severity.WARNING, "Nothing bounds how often a loop goes round."),
    "value.looks_like_path": (Severity.HINT, "A text looks like a path and is taken literally."),
}
"""Every code with its usual severity and its meaning in one sentence."""


class Diagnostic(BaseModel):
    """One thing that is wrong: `where` is a JSON pointer, `fix` a JSON patch (RFC 6902) that mends it safely."""

    model_config = ConfigDict(frozen=True)
    code: str
    severity: Severity
    where: str
    message: str
    hint: str = ""
    fix: tuple[dict[str, Any], ...] | None = None


class Report:
    """Collects diagnostics in document order of finding; the same one is kept once."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str, str], Diagnostic] = {}
        self._errors = False

    def add(
        self,
        code: str,
        *,
        where: str,
        message: str,
        hint: str = "",
        fix: Iterable[dict[str, Any]] | None = None,
        severity: Severity | None = None,
    ) -> None:
        """Note one diagnostic; severity defaults to the code's usual one."""
        usual, _ = CODES[code]
        found = Diagnostic(
            code=code,
            severity=severity or usual,
            where=where,
            message=message,
            hint=hint,
            fix=tuple(fix) if fix else None,
        )
        self._found.setdefault((code, where, message), found)
        self._errors = self._errors or found.severity is Severity.ERROR

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """All of them, errors first, otherwise as found."""
        order = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.HINT: 2}
        return tuple(sorted(self._found.values(), key=lambda one: order[one.severity]))

    @property
    def has_errors(self) -> bool:
        """Whether any of them is an error."""
        return self._errors


class DocumentInvalid(Invalid):
    """A document cannot be used as it is; `diagnostics` says all that is wrong at once."""

    code = "document.invalid"

    def __init__(self, diagnostics: Iterable[Diagnostic], *, message: str = "") -> None:
        self.diagnostics = tuple(diagnostics)
        errors = [one for one in self.diagnostics if one.severity is Severity.ERROR]
        first = errors[0] if errors else None
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(
            message or (f"{first.where or '/'}: {first.message}{more}" if first else "The document is not valid."),
            hint=first.hint if first else "",
            details={"diagnostics": [one.model_dump(mode="json") for one in self.diagnostics]},
        )


def pointer(*parts: str | int) -> str:
    """JSON pointer (RFC 6901) of a path; the empty path is the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)
