"""How two documents differ, in words."""

from __future__ import annotations

import copy
from typing import Any

from flov7.language.diagnostics import Report
from flov7.language.diff import Change, diff
from flov7.language.document import Document
from flov7.language.parse import parse_value

BASE: dict[str, Any] = {
    "name": "d",
    "primitives": [
        {"type": "trigger", "kind": "manual", "name": "go"},
        {"type": "data", "kind": "mapping", "name": "first", "mapping": {"a": "b"}},
        {"type": "condition", "kind": "if_else", "name": "big", "logic": "a > 1", "then": [
            {"type": "data", "kind": "mapping", "name": "inner", "mapping": {"a": "c"}}]},
        {"type": "data", "kind": "mapping", "name": "last", "mapping": {"a": "d"}},
    ],
}  # fmt: skip


def document(**changes: Any) -> Document:
    """The base with changes."""
    found = parse_value({**copy.deepcopy(BASE), **changes}, Report())
    assert found is not None
    return found


def changed(edit: Any) -> tuple[Change, ...]:
    """What an edit of the list of primitives makes."""
    primitives = copy.deepcopy(BASE["primitives"])
    edit(primitives)
    return diff(document(), document(primitives=primitives))


class TestDiff:
    def test_equal_documents_have_no_difference(self) -> None:
        assert diff(document(), document()) == ()

    def test_a_field_is_named_with_old_and_new(self) -> None:
        (one,) = changed(lambda p: p[2].update(logic="a > 2"))
        assert (one.change, one.primitive, one.field, one.old, one.new) == (
            "changed",
            "big",
            "/logic",
            "a > 1",
            "a > 2",
        )
        assert one.text == "`big`: logic was `a > 1`, is `a > 2`."

    def test_a_field_that_comes_or_goes_is_said_so(self) -> None:
        (came,) = changed(lambda p: p[1].update(when="a"))
        assert came.text == "`first`: when is set to `a`."
        (gone,) = diff(document(description="x"), document())
        assert (gone.primitive, gone.text) == (None, "The document's description is no longer set; it was `x`.")

    def test_what_is_added_or_removed_is_named_with_its_kind(self) -> None:
        extra = {"type": "data", "kind": "mapping", "name": "more", "mapping": {"x": "y"}}
        (added,) = changed(lambda p: p.append(extra))
        assert (added.change, added.primitive) == ("added", "more") and "mapping" in added.text
        (removed,) = changed(lambda p: p.pop())
        assert (removed.change, removed.primitive, removed.text) == (
            "removed",
            "last",
            "`last` (data, mapping) is gone.",
        )

    def test_what_lies_nested_is_compared_by_its_own_name(self) -> None:
        (one,) = changed(lambda p: p[2]["then"][0].update(mapping={"a": "z"}))
        assert (one.primitive, one.field) == ("inner", "/mapping/a")
        (added,) = changed(
            lambda p: p[2]["then"].append({"type": "data", "kind": "mapping", "name": "n", "mapping": {"q": "r"}})
        )
        assert added.text.endswith("is new in `big.if_true`.")

    def test_another_name_alone_is_a_renaming(self) -> None:
        (one,) = changed(lambda p: p[1].update(name="renamed"))
        assert (one.change, one.old, one.new) == ("renamed", "first", "renamed")

    def test_a_new_name_with_another_content_is_no_renaming(self) -> None:
        found = changed(lambda p: p[1].update(name="renamed", mapping={"x": "y"}))
        assert {(one.change, one.primitive) for one in found} == {("added", "renamed"), ("removed", "first")}

    def test_of_what_moved_only_the_fewest_are_told(self) -> None:
        (one,) = changed(lambda p: p.insert(1, p.pop()))
        assert (one.change, one.primitive, one.text) == ("moved", "last", "`last` stands after `go` now.")
        (other,) = changed(lambda p: p.append(p.pop(1)))
        assert (other.primitive, other.text) == ("first", "`first` stands after `last` now.")

    def test_something_new_above_moves_nothing(self) -> None:
        extra = {"type": "data", "kind": "mapping", "name": "more", "mapping": {"x": "y"}}
        assert [one.change for one in changed(lambda p: p.insert(1, extra))] == ["added"]

    def test_what_went_into_a_nested_list_is_told(self) -> None:
        def nest(primitives: list[Any]) -> None:
            primitives[2]["then"].append(primitives.pop())

        (one,) = changed(nest)
        assert (one.change, one.text) == ("moved", "`last` moved into `big.if_true`.")
