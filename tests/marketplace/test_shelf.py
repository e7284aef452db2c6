"""The templates that come with the product: each holds, runs, and is unlike the others."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from flov7.generation.dryrun import dry_run
from flov7.kit.errors import Invalid
from flov7.language.front import check_value
from flov7.language.printing import to_json
from flov7.marketplace.adapting import adapted, filled, places
from flov7.marketplace.builtin import builtin
from flov7.marketplace.complexity import Complexity, primitives
from flov7.marketplace.searching import search
from flov7.marketplace.template import AREAS
from flov7.primitives.registry import catalogue, registry

ALL = builtin()


def shape(slug: str) -> str:
    """Kinds and edges, without names: where each primitive stands, and what it names."""
    document = check_value(filled(ALL[slug]), catalogue()).document
    assert document is not None
    listed = list(primitives(to_json(document)["primitives"]))
    number = {one["name"]: str(at) for at, one in enumerate(listed)}
    parts: list[str] = []
    for one in listed:
        edges = [number.get(str(one.get(field)), "") for field in ("on_error", "if_true", "if_false", "connection")]
        inner = [len(one.get(field) or []) for field in ("then", "else", "do")]
        text = str({key: value for key, value in one.items() if key not in ("then", "else", "do", "cases", "default")})
        read = sorted({number[name] for name in number if re.search(rf"(?<![\w.]){name}\.", text)})
        parts.append(f"{one['type']}/{one.get('kind')}{edges}{inner}{read}")
    return ";".join(parts)


class TestEach:
    @pytest.mark.parametrize("slug", ALL)
    def test_it_holds_and_runs_on_the_simulated_runtime(self, slug: str) -> None:
        template = ALL[slug]
        document = filled(template)
        checked = check_value(document, catalogue())
        assert not checked.has_errors, checked.diagnostics
        assert checked.plan is not None
        ran = dry_run(checked.plan, document, catalogue=catalogue(), kinds=registry(), payload=template.sample)
        calls_others = "action/custom" in {
            f"{one['type']}/{one.get('kind')}" for one in primitives(document["primitives"])
        }
        assert ran.passed or (calls_others and ran.status == "skipped"), ran.problem

    @pytest.mark.parametrize("slug", ALL)
    def test_its_parameters_are_those_of_its_document(self, slug: str) -> None:
        template = ALL[slug]
        assert places(template.document) == {one.name for one in template.parameters}
        assert template.area in AREAS and not places(filled(template))


class TestAll:
    def test_there_are_enough_of_every_class_and_area_and_industry(self) -> None:
        assert len(ALL) >= 40
        classes = Counter(one.complexity for one in ALL.values())
        assert all(classes[one] >= 6 for one in Complexity)
        assert {one.area for one in ALL.values()} == set(AREAS)
        assert len({one.industry for one in ALL.values() if one.industry}) >= 12

    def test_no_two_share_kinds_and_edges(self) -> None:
        shapes = [shape(slug) for slug in ALL]
        assert len(set(shapes)) == len(shapes)

    def test_every_kind_that_is_built_occurs(self) -> None:
        used: set[str] = set()
        for template in ALL.values():
            document = check_value(filled(template), catalogue()).document
            assert document is not None
            used |= {f"{one['type']}/{one['kind']}" for one in primitives(to_json(document)["primitives"])}
        built = {key for key, kind in catalogue().kinds.items() if kind.built}
        assert built <= used


class TestSearch:
    @pytest.mark.parametrize(("words", "slug"), [
        ("approve refunds over an amount", "refund-approval"), ("onboard a new employee", "employee-onboarding"),
        ("appointment reminders for patients", "patient-reminder"), ("loan application", "loan-decisions"),
        ("freezer temperature", "temperature-log"),
    ])  # fmt: skip
    def test_words_find_what_they_speak_of(self, words: str, slug: str) -> None:
        assert search(ALL.values(), words)[0][1].slug == slug

    def test_without_words_all_are_there_and_nonsense_finds_nothing(self) -> None:
        assert len(search(ALL.values(), "", limit=100)) == len(ALL)
        assert search(ALL.values(), "xyzzy qwrt") == []


class TestAdapting:
    def test_a_sentence_sets_what_it_speaks_of(self) -> None:
        said = "When a lead over $25k comes in, mail boss@acme.test"
        assert adapted(ALL["big-lead-alert"], said) == {"limit": 25000, "email": "boss@acme.test"}

    def test_values_stand_in_the_document_and_unknown_ones_are_refused(self) -> None:
        document = filled(ALL["big-lead-alert"], {"limit": 7})
        assert "lead.budget > 7" in str(document)
        with pytest.raises(Invalid, match="no parameter"):
            filled(ALL["big-lead-alert"], {"colour": "red"})
