"""What a condition in words asks: of which result, which field, and where that places it."""

from __future__ import annotations

from collections.abc import Sequence

from flov7.generation.offline import lexicon
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operations.looping import THEM
from flov7.generation.offline.operations.scene import Result, Scene
from flov7.generation.offline.operations.tests import against, comparison, field, logic
from flov7.generation.offline.words import Word, said, snake

APPROVE = frozenset(["approv", "approval", "sign-off", "consent", "permission", "go-ahead"])
_NO = frozenset(["reject", "declin", "deny", "deni", "disapprov", "refus"])


class Deciding:
    """Reads conditions over the results of a scene."""

    def __init__(self, desk: Desk, scene: Scene) -> None:
        self._desk = desk
        self._scene = scene

    def logic(self, words: Sequence[Word], *, negated: bool) -> tuple[str, Result | None]:
        """The expression, and the result that it asks about."""
        approval = self._approved(words)
        if approval is not None:
            said_no = approval[1] != negated
            return f"{approval[0].name}.decision == '{'rejected' if said_no else 'approved'}'", approval[0]
        read = comparison(words)
        subject, path = self.subject(read.subject if read else words)
        if read is None:
            asked = f"How can I see that “{said(words)}”? Say it as in `amount > 100`."
            guess = path if subject is not None else "true"
            text = self._desk.ask(f"if_{snake(words[:3])}.logic", asked, [guess], weight=0.2)
        else:
            text = self._compared(path, read.sign, read.value, subject)
        return (against(text) if negated else text), subject

    def stand_by(self, subject: Result, *, fresh: bool) -> None:
        """A condition stands where what it asks about stands."""
        if not fresh and self._scene.sees(subject) and not subject.many:
            return
        inside = [frame for frame in self._scene.frames if frame in subject.frames]
        if len(inside) == len(subject.frames):
            self._scene.frames = list(self._scene.frames[: len(subject.frames)])
        else:
            self._scene.back_to(subject.frames)

    def _compared(self, path: str, sign: str, value: object, subject: Result | None) -> str:
        """`it is a low priority issue`: the field is the one that was asked about before."""
        if isinstance(value, str) and self._scene.choice is not None and "." not in path:
            earlier = str(self._scene.choice[0].get("logic", "")).split(" ")[0]
            name = earlier.rpartition(".")[2]
            parts = value.lower().split()
            if name in parts and parts.index(name) > 0:
                return logic(earlier, sign=sign, value=" ".join(value.split()[: parts.index(name)]))
            if subject is not None and earlier.startswith(f"{path}."):
                return logic(earlier, sign=sign, value=value)
        if isinstance(value, str) and subject is not None and "." not in path and not subject.approval:
            return logic(f"{path}.status", sign=sign, value=value)
        return logic(path, sign=sign, value=value)

    def _approved(self, words: Sequence[Word]) -> tuple[Result, bool] | None:
        """A decision that is spoken of, and whether a no is."""
        known = next((one for one in self._scene.visible() if one.approval), None)
        if known is None or not any(word.stem in APPROVE | _NO for word in words):
            return None
        no = any(word.low in ("not", "no", "never", "without") or word.stem in _NO for word in words)
        return known, no

    def subject(self, words: Sequence[Word]) -> tuple[Result | None, str]:
        """Whose field it is, and its path."""
        ranked = _ranked(words)
        visible = self._scene.visible()
        visible = [one for one in visible if one.operation is None or one.item or not one.operation.removes]
        gone = {one.name for one in self._scene.results if one.operation and one.operation.removes and not one.item}
        reach = visible + [one for one in reversed(self._scene.results) if one not in visible and one.name not in gone]
        reach = [
            one for one in reach if not one.many or not any(other.item and other.stems & one.stems for other in reach)
        ]
        for size in (2, 1):
            for at, word in enumerate(ranked[:3]):
                heard = {"_".join(w.low for w in ranked[at : at + size])} if size == 2 else {word.stem}
                for one in reach:
                    if _is_meant(one, heard, word, size=size):
                        name = field(ranked[at + size :])
                        return one, f"{one.name}.{name}" if name else one.name
        return self._nearest(ranked, reach)

    def _nearest(self, ranked: Sequence[Word], reach: Sequence[Result]) -> tuple[Result | None, str]:
        """A field without an owner is the innermost item's, else the last result's."""
        name = field([word for word in ranked if word.low not in THEM | lexicon.OWNERS])
        loop = next((frame for frame in reversed(self._scene.frames) if frame.kind == "loop"), None)
        item = next((one for one in reach if one.item and loop and one.name == loop.noun), None)
        nearest = item or (reach[0] if reach else None)
        if nearest is None:
            return None, f"trigger.payload.{name}" if name else "trigger.payload"
        return nearest, f"{nearest.name}.{name}" if name else nearest.name


def _ranked(words: Sequence[Word]) -> list[Word]:
    """The words with the owner first: `the status of the lead` becomes `lead status`."""
    plain = [word for word in words if word.low not in lexicon.DETERMINERS or word.low in lexicon.OWNERS]
    of = next((at for at, word in enumerate(plain) if word.low == "of"), None)
    turned = plain if of is None else [*plain[of + 1 :], *plain[:of]]
    return [word for word in turned if word.low != "'s"]


def _is_meant(one: Result, heard: set[str], word: Word, *, size: int) -> bool:
    if size == 2:
        return one.noun in heard
    return bool(one.stems & heard) or (len(word.stem) >= 4 and any(stem.startswith(word.stem) for stem in one.stems))
