"""A document as a picture in the terminal: its order from top to bottom, sides and loops nested, handlers attached."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from rich.tree import Tree

from flov7.cli.wording import in_words, kind_words
from flov7.language.catalogue import Catalogue
from flov7.language.document import AnyPrimitive, Condition, Document, flat_sides, nested_lists

_MARKS = {
    "trigger": ("▶", "green"),
    "action": ("■", "blue"),
    "condition": ("◆", "yellow"),
    "data": ("●", "magenta"),
    "connection": ("⚷", "cyan"),
}
_SIDES = {"if_true": "if so", "if_false": "if not", "do": "each round", "default": "otherwise"}


def picture(document: Document, catalogue: Catalogue) -> Tree:
    """The document as a tree; print it with rich."""
    head = Text.assemble((document.name, "bold underline"), (f"  {document.mode}", "dim"))
    if document.description:
        head.append(f"\n{document.description}", style="italic")
    tree = Tree(head, guide_style="dim")
    _List(document.primitives, catalogue).draw(tree)
    for expectation in document.expect or ():
        tree.add(Text.assemble(("✓ expect ", "green"), expectation.name, (f"  {expectation.check}", "dim")))
    return tree


class _List:
    """One list of a document; what is named as a side or handler hangs below what names it."""

    def __init__(self, items: Iterable[AnyPrimitive], catalogue: Catalogue) -> None:
        self._items = list(items)
        self._by_name = {one.name: one for one in self._items}
        self._catalogue = catalogue
        self._drawn: set[str] = set()
        self._hanging = {name for one in self._items for name in _named_by(one)}

    def draw(self, tree: Tree) -> None:
        """Add every primitive of the list once, connections last."""
        order = sorted(self._items, key=lambda one: one.type == "connection")
        for one in order:
            if one.name not in self._hanging:
                self._add(tree, one)
        for one in order:  # what hangs in a circle, or below nothing
            if one.name not in self._drawn:
                self._add(tree, one)

    def _add(self, tree: Tree, one: AnyPrimitive, *, lead: Text | None = None) -> None:
        self._drawn.add(one.name)
        branch = tree.add(_label(one, self._catalogue, lead=lead), guide_style="dim")
        for side, _, inner in nested_lists(one):
            below = branch if side == "do" else branch.add(Text(_side(side), style="yellow"), guide_style="yellow")
            _List(inner, self._catalogue).draw(below)
            if not inner:
                below.add(Text("nothing", style="dim"))
        for side, _, name in flat_sides(one):
            self._hang(branch, name, lead=Text(f"{_side(side)} → ", style="yellow"))
        if one.on_error is not None and one.on_error not in ("fail", "continue"):
            self._hang(branch, one.on_error, lead=Text("if it fails → ", style="red"))

    def _hang(self, branch: Tree, name: str, *, lead: Text) -> None:
        one = self._by_name.get(name)
        if one is None:
            branch.add(lead + Text.assemble((name, "bold"), ("  (is not there)", "red")))
        elif name in self._drawn:
            branch.add(lead + Text.assemble((name, "bold"), ("  (drawn above)", "dim")))
        else:
            self._add(branch, one, lead=lead)


def _named_by(one: AnyPrimitive) -> list[str]:
    named = [name for _, _, name in flat_sides(one)]
    return [*named, one.on_error] if one.on_error not in (None, "fail", "continue") else named


def _label(one: AnyPrimitive, catalogue: Catalogue, *, lead: Text | None) -> Text:
    mark, colour = _MARKS[one.type]
    if isinstance(one, Condition) and one.kind == "loop":
        mark = "⟳"
    label = Text() if lead is None else lead.copy()
    label.append(f"{mark} ", style=colour).append(one.name, style="bold")
    label.append(f"  {kind_words(one, catalogue)}", style=colour)
    words = in_words(one, catalogue)
    if words:
        label.append(f"  {words}")
    for extra in _extras(one):
        label.append(f"  {extra}", style="dim")
    return label


def _extras(one: AnyPrimitive) -> list[str]:
    found: list[str] = []
    if one.when is not None:
        found.append(f"only when {one.when}")
    if one.after:
        found.append(f"after {', '.join(one.after)}")
    if one.retry is not None and one.retry.max_attempts is not None:
        found.append(f"tried {one.retry.max_attempts} times")
    if one.on_error == "continue":
        found.append("goes on if it fails")
    if one.connection is not None:
        found.append(f"with {one.connection}")
    return found


def _side(side: str) -> str:
    return _SIDES.get(side, f"if {side!r}")
