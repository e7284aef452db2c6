"""Where a condition goes: its own, another side of the one before, or the same one again."""

from __future__ import annotations

from flov7.generation.offline.desk import Desk
from flov7.generation.offline.operations.scene import Frame, Primitive, Scene
from flov7.generation.offline.operations.tests import is_against, is_other_value, is_same, opened
from flov7.generation.offline.words import snake


def place_test(scene: Scene, text: str, *, desk: Desk) -> None:
    """Opens the list that is run where the expression holds.

    Right behind a condition on the same field it becomes that condition's other side, a further case of it, or
    more of what is done where it holds.
    """
    last = scene.here[-1] if scene.here else None
    if last is not None and last.get("kind") == "if_else" and "logic" in last and _join(scene, last, text, desk=desk):
        return
    _fresh(scene, text, desk=desk)


def _fresh(scene: Scene, text: str, *, desk: Desk) -> None:
    made: Primitive = {
        "type": "condition",
        "kind": "if_else",
        "name": desk.name(_name(text)),
        "logic": text,
        "then": [],
    }
    frames = tuple(scene.frames)
    scene.put(made)
    scene.choice = (made, frames)
    scene.frames.append(Frame("then", made["then"]))


def _join(scene: Scene, last: Primitive, text: str, *, desk: Desk) -> bool:
    frames = tuple(scene.frames)
    while True:
        logic = str(last["logic"])
        if is_same(logic, text):
            scene.choice = (last, frames)
            scene.frames.append(Frame("then", last["then"]))
            return True
        if is_against(logic, text):
            scene.choice = (last, frames)
            scene.frames.append(Frame("else", last.setdefault("else", [])))
            return True
        if not is_other_value(logic, text):
            return False
        other = last.get("else", [])
        if len(other) == 1 and other[0].get("kind") == "if_else":
            last = other[0]
            continue
        last["else"] = between = list[Primitive]()
        scene.frames.append(Frame("else", between))
        _fresh(scene, text, desk=desk)
        if other:
            between[0]["else"] = other
        return True


def _name(text: str) -> str:
    plain = opened(text)
    if plain is None:
        return "if_" + snake(text)[:30].strip("_")
    return "if_" + snake(f"{plain[0].rpartition('.')[2]} {plain[2]}")[:30].strip("_")
