"""The front door of the language: text or JSON in; document, plan and diagnostics out. Never an exception."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from flov7.language.catalogue import Catalogue
from flov7.language.compile import compile_document
from flov7.language.diagnostics import Diagnostic, Report, Severity
from flov7.language.document import Document
from flov7.language.library import Library
from flov7.language.parse import parse_value
from flov7.language.plan import Plan
from flov7.language.reading import read_text
from flov7.language.sound import holding, sound_part


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found: pointers lead into what the person wrote, be it a document, a list or one primitive."""

    document: Document | None
    diagnostics: tuple[Diagnostic, ...]
    plan: Plan | None

    @property
    def has_errors(self) -> bool:
        """Whether it cannot be run as it is."""
        return any(one.severity is Severity.ERROR for one in self.diagnostics)


def check_text(text: str, catalogue: Catalogue, *, library: Library | None = None, strict: bool = False) -> Checked:
    """Check JSON or YAML."""
    report = Report()
    raw = read_text(text, report)
    if raw is None:
        return Checked(None, report.diagnostics, None)
    return check_value(raw, catalogue, library=library, strict=strict)


def check_value(raw: Any, catalogue: Catalogue, *, library: Library | None = None, strict: bool = False) -> Checked:
    """Check a JSON value: a document, a bare list of primitives, or one primitive."""
    report = Report()
    document = parse_value(raw, report, apart=True)
    prefix = 0 if isinstance(raw, dict) and "primitives" in raw else 2 if isinstance(raw, dict) else 1
    if document is None:
        more = _of_sound_part(raw, catalogue, library=library, strict=strict) if _only_shape(report) else []
        return Checked(None, _sorted(report.diagnostics, more, prefix), None)
    told_apart = any(one.code == "name.duplicate" for one in report.diagnostics)
    compiled = compile_document(document, catalogue, library=library, strict=strict)
    found = _sorted(report.diagnostics, compiled.diagnostics, prefix)
    return Checked(None if told_apart else compiled.document, found, None if report.has_errors else compiled.plan)


def _only_shape(report: Report) -> bool:
    return all(one.code.startswith("shape.") for one in report.diagnostics)


def _of_sound_part(raw: Any, catalogue: Catalogue, *, library: Library | None, strict: bool) -> list[Diagnostic]:
    rest, replaced = sound_part(raw)
    if rest is None:
        return []
    return holding(check_value(rest, catalogue, library=library, strict=strict).diagnostics, replaced)


def _sorted(first: Iterable[Diagnostic], more: Iterable[Diagnostic], prefix: int) -> tuple[Diagnostic, ...]:
    """All of them, the worst first; `more` still points into the document that what was given was wrapped in."""
    found = (*first, *(_without(one, prefix) if prefix else one for one in more))
    return tuple(sorted(found, key=lambda one: list(Severity).index(one.severity)))


def _without(diagnostic: Diagnostic, parts: int) -> Diagnostic:
    fix = diagnostic.fix
    shorter = (
        None
        if fix is None
        else tuple({k: _cut(v, parts) if k in ("path", "from") else v for k, v in step.items()} for step in fix)
    )
    return diagnostic.model_copy(update={"where": _cut(diagnostic.where, parts), "fix": shorter})


def _cut(where: str, parts: int) -> str:
    pieces = where.split("/")
    return "".join(f"/{piece}" for piece in pieces[1 + parts :])
