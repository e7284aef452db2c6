"""Where each name in an expression comes from, decided from the document alone.

In this order: loop names; names of primitives upstream; names that a mapping set; the trigger's name and kind;
fields of the payload itself. `trigger`, `run` and, in a handler, `error` are the language's own.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from flov7.language.analysis import Analysis
from flov7.language.diagnostics import Severity
from flov7.language.document import Condition, Data
from flov7.language.expressions import Reference
from flov7.language.outline import Place
from flov7.language.plan import Binding, FromLoop, FromMapping, FromPayload, FromRun, FromStep

_WORDS_LOOKED_AT = 50


class Scope:
    """Resolves names for one document; finds hidden names when all has been resolved."""

    def __init__(self, analysis: Analysis) -> None:
        self._analysis = analysis
        self._mappings: dict[str, list[Place]] = {}
        self._triggers: set[str] = set()
        self._payload_uses: dict[str, str] = {}
        self._near: dict[str, str | None] = {}
        for place in analysis.places.values():
            if isinstance(place.primitive, Data) and place.primitive.kind == "mapping":
                for root in dict.fromkeys(target.split(".")[0] for target in (place.primitive.mapping or {}).values()):
                    self._mappings.setdefault(root, []).append(place)
            elif place.primitive.type == "trigger":
                self._triggers.update((place.primitive.name, place.primitive.kind or ""))

    def resolve(
        self, references: Iterable[Reference], *, place: Place | None, where: str, local: Iterable[str] = ()
    ) -> dict[str, Binding]:
        """Bindings of all root names; what cannot be found is a diagnostic at `where`.

        `place` is the primitive that reads, None for `expect` and `output`, which see everything.
        """
        own = set(local)
        found: dict[str, Binding] = {}
        for reference in references:
            if reference.root in own:
                continue
            binding = self._find(reference, place, where)
            if binding is None:
                continue
            known = found.get(reference.root)
            if isinstance(known, FromStep) and isinstance(binding, FromStep):
                binding = known if known.errors else binding
            found[reference.root] = binding
        return found

    def of_trigger(self, references: Iterable[Reference], *, where: str) -> dict[str, Binding]:
        """Bindings for a trigger's own expressions, which see the event alone."""
        found: dict[str, Binding] = {}
        for reference in references:
            binding = self._own(reference.root, None) or self._of_event(reference.root)
            if reference.root in self._analysis.places and reference.root not in self._triggers:
                self._analysis.report.add(
                    "ref.not_upstream",
                    where=where,
                    message=f"`{reference.root}` has not run when the trigger fires.",
                    hint="A trigger's expressions read the payload.",
                )
            elif binding is not None:
                found[reference.root] = binding
        return found

    def _find(self, reference: Reference, place: Place | None, where: str) -> Binding | None:
        root = reference.root
        own = self._own(root, place)
        if own is not None:
            return own
        target = self._analysis.places.get(root)
        if target is not None and target.primitive.type not in ("trigger", "connection"):
            return self._step(reference, target, place, where)
        mapped = [one for one in self._mappings.get(root, ()) if place is None or self._reads(one, place)]
        mapped = [one for one in mapped if not self._inside_other_loop(one, place)]
        if mapped:
            return FromMapping(steps=tuple(one.primitive.name for one in mapped))
        event = self._of_event(root)
        if isinstance(event, FromPayload) and event.field is not None:
            return self._payload(root, event, where, place)
        return event

    def _own(self, root: str, place: Place | None) -> Binding | None:
        if root == "trigger" or root == "run":
            return FromRun(what=root)
        if root == "error" and place is not None and self._is_handler(place):
            return FromRun(what="error")
        for holder in place.holders if place is not None else ():
            loop = holder.primitive
            if isinstance(loop, Condition) and loop.kind == "loop" and self._is_body(place, holder):
                if root == "index":
                    return FromLoop(loop=loop.name, index=True)
                if root == (loop.as_ or "item") and loop.over is not None:
                    return FromLoop(loop=loop.name)
        return None

    def _is_body(self, place: Place | None, holder: Place) -> bool:
        return place is not None and holder.primitive.name in place.loops

    def _is_handler(self, place: Place) -> bool:
        listing = self._analysis.lists[place.list_path]
        start = listing.order.starts.get(place.primitive.name)
        if start is not None and start.handles:
            return True
        return any(self._is_handler(holder) for holder in place.holders[:1])

    def _of_event(self, root: str) -> Binding | None:
        return FromPayload() if root in self._triggers else FromPayload(field=root)

    def _step(self, reference: Reference, target: Place, place: Place | None, where: str) -> Binding | None:
        root = reference.root
        report = self._analysis.report
        if self._inside_other_loop(target, place):
            report.add(
                "ref.in_loop",
                where=where,
                message=f"`{root}` runs inside a loop, once in each round.",
                hint="Read the loop's own output, a list; choose what it holds with `collect`.",
            )
            return None
        if place is not None and not self._reads(target, place):
            report.add(
                "ref.not_upstream",
                where=where,
                message=f"`{root}` has not run by then.",
                hint=f'Move it above, or add `after`: ["{root}"].'
                if target.list_path == place.list_path
                else "Move it above.",
            )
            return None
        self._check_member(reference, target, where)
        spec = self._analysis.specs.get(root)
        has_error_member = spec is not None and "error" in spec.outputs.get("properties", {})
        return FromStep(step=root, errors=reference.path[:1] == ("error",) and not has_error_member)

    def _check_member(self, reference: Reference, target: Place, where: str) -> None:
        spec = self._analysis.specs.get(target.primitive.name)
        if spec is None or not reference.path or not isinstance(reference.path[0], str):
            return
        members = spec.outputs.get("properties", {})
        first = reference.path[0]
        if not members or spec.outputs.get("additionalProperties") or first in members or first == "error":
            return
        near = difflib.get_close_matches(first, members, n=1, cutoff=0.6)
        self._analysis.report.add(
            "ref.no_member",
            where=where,
            message=f"`{target.primitive.name}` gives no `{first}`.",
            hint=f"`{near[0]}` was meant?" if near else "It gives " + ", ".join(sorted(members)) + ".",
        )

    def _inside_other_loop(self, target: Place, place: Place | None) -> bool:
        around = set(place.loops) if place is not None else set[str]()
        return any(loop not in around for loop in target.loops)

    def _reads(self, target: Place, place: Place) -> bool:
        """Whether `target` is settled when `place` starts (or, inside a loop, when this round's `place` does)."""
        chain = {one.list_path: one for one in (place, *place.holders)}
        for one in (target, *target.holders):
            meeting = chain.get(one.list_path)
            if meeting is not None:
                if meeting is one:
                    return False
                if meeting.holder is not None and meeting.primitive is meeting.holder.primitive:
                    return True  # a loop's own test and `collect` see the round that has just ended
                return self._analysis.is_before(one.primitive.name, meeting.primitive.name)
        return False

    def _payload(self, root: str, event: FromPayload, where: str, place: Place | None) -> Binding | None:
        self._payload_uses.setdefault(root, where)
        inputs = self._analysis.document.inputs
        if inputs is None or not isinstance(inputs.get("properties"), dict):
            required = (inputs or {}).get("required")
            if not isinstance(required, list) or root not in required:
                self._suspect(root, where)
            return event
        if (
            root in inputs["properties"]
            or root in inputs.get("required", ())
            or inputs.get("additionalProperties") is True
        ):
            return event
        names = [*inputs["properties"], *self._analysis.places, *self._mappings]
        near = difflib.get_close_matches(root, names, n=1, cutoff=0.7)
        self._analysis.report.add(
            "ref.unknown",
            where=where,
            message=f"There is nothing named `{root}`.",
            hint=f"`{near[0]}` was meant?"
            if near
            else "`inputs` has no such field; add it there, or take a name upstream.",
        )
        return None

    def _suspect(self, root: str, where: str) -> None:
        """Without `inputs` any name may be a field of the payload; one that nearly is another name is suspect."""
        near = self._near_name(root)
        if near is not None:
            self._analysis.report.add(
                "ref.unknown",
                where=where,
                severity=Severity.WARNING,
                message=f"`{root}` is taken for a field of the payload.",
                hint=f"`{near}` was meant? Otherwise name `{root}` in `inputs`.",
            )

    def _near_name(self, root: str) -> str | None:
        """The name that a word may be a slip of. Each word costs a look at all names, so only the first few get it."""
        if root in self._analysis.places or root in self._mappings:
            return None
        if root not in self._near and len(self._near) < _WORDS_LOOKED_AT:
            known = [*self._analysis.places, *self._mappings]
            self._near[root] = next(iter(difflib.get_close_matches(root, known, n=1, cutoff=0.85)), None)
        return self._near.get(root)

    def check_hiding(self) -> None:
        """After all is resolved: names that hide others in use, and names set on two ways side by side."""
        for root, setters in self._mappings.items():
            for place in setters:
                self._check_hidden(root, place)
            self._check_order(root, setters)
        for place in self._analysis.places.values():
            loop = place.primitive
            if isinstance(loop, Condition) and loop.as_ is not None and loop.as_ in self._analysis.places:
                self._hidden(loop.as_, self._analysis.pointer(place, "as"), "a primitive's name")

    def _check_order(self, root: str, setters: list[Place]) -> None:
        """Each against those that are not settled before it. What is before one that is before it need not be asked."""
        before: list[int] = []
        for index, one in enumerate(setters):
            settled, left = 0, (1 << index) - 1
            while left:
                other = left.bit_length() - 1
                if self._reads(setters[other], one):
                    settled |= 1 << other | before[other]
                elif self._check_side_by_side(root, setters[other], one):
                    break  # one such line a step is enough
                left &= ~(settled | 1 << other)
            before.append(settled)

    def _check_hidden(self, root: str, place: Place) -> None:
        where = self._analysis.pointer(place, "mapping")
        if root in self._analysis.places:
            self._hidden(root, where, "a primitive's name")
        elif root in self._payload_uses:
            self._hidden(root, where, f"a field of the payload, which {self._payload_uses[root]} reads")
        elif root in ("trigger", "run", "error", "index"):
            self._hidden(root, where, "a word of the language")

    def _hidden(self, root: str, where: str, what: str) -> None:
        self._analysis.report.add(
            "ref.hidden", where=where, message=f"`{root}` is {what} too.", hint="Take another name here."
        )

    def _check_side_by_side(self, root: str, first: Place, second: Place) -> bool:
        """Whether they do set the same name side by side; it is told."""
        if self._reads(second, first) or self._exclude(first, second):
            return False
        same = _targets(first, root) & _targets(second, root)
        if same:
            self._analysis.report.add(
                "ref.set_twice",
                where=self._analysis.pointer(second, "mapping"),
                message=f"`{first.primitive.name}` sets `{sorted(same)[0]}` too, and runs side by side with this.",
                hint="Take another name, or let one wait for the other with `after`.",
            )
        return bool(same)

    def _exclude(self, first: Place, second: Place) -> bool:
        """Whether only one of them can run: other sides of one condition, or parts of other triggers."""
        ours = {one.list_path: one for one in (first, *first.holders)}
        for theirs in (second, *second.holders):
            mine = ours.get(theirs.list_path)
            if mine is None:
                continue
            if mine is theirs:
                return True
            starts = self._analysis.lists[theirs.list_path].order.starts
            a, b = starts.get(mine.primitive.name), starts.get(theirs.primitive.name)
            if a is None or b is None or a.part != b.part:
                return True
            return self._choices(mine).keys() & self._choices(theirs).keys() != set() and any(
                label != self._choices(theirs)[name]
                for name, label in self._choices(mine).items()
                if name in self._choices(theirs)
            )
        return False

    def _choices(self, place: Place) -> dict[str, str]:
        """The conditions of its list that had to choose a side for it to run, with that side."""
        listing = self._analysis.lists[place.list_path]
        names = [name for name in listing.order.starts if self._analysis.is_before(name, place.primitive.name)]
        found: dict[str, str] = {}
        for name in (*names, place.primitive.name):
            chosen = listing.order.starts[name].chosen_by
            if len(chosen) == 1:
                found[chosen[0][0]] = chosen[0][1]
        return found


def _targets(place: Place, root: str) -> set[str]:
    assert isinstance(place.primitive, Data)
    return {target for target in (place.primitive.mapping or {}).values() if target.split(".")[0] == root}
