"""What a loop goes over: a list that is in hand, a result of before, or one that has to be asked for."""

from __future__ import annotations

from collections.abc import Sequence

from flov7.generation.draft import Sort
from flov7.generation.offline.desk import Desk
from flov7.generation.offline.slots import Scope, noun_phrase, plural, singular
from flov7.generation.offline.words import Word, find, said


def over(noun: str, source: Sequence[Word], words: Sequence[Word], scope: Scope, desk: Desk) -> str:
    """The list as an expression."""
    listed = plural(noun)
    key = f"each_{noun}.over"
    if source:
        path = scope.path(source)
        if path is None:
            return desk.ask(key, f"Where is the list ({said(words)})?", [listed], weight=0.2, sort=Sort.ASSUMED)
        known = path in scope.results.values() or path == scope.last
        named = noun_phrase(source)
        if path == scope.whole and not known:
            return listed if path == "trigger.payload" else f"{path}.{listed}"
        is_list = (
            known
            or (named and singular(named[-1].low) != named[-1].low)
            or find(source, "list", "result", "results", "response", "answer", "array")
        )
        return path if is_list else f"{path}.{listed}"
    for said_noun, path in reversed(scope.results.items()):
        if noun in {singular(part) for part in said_noun.split("_")}:
            return path
    if scope.root is None and scope.last:
        return scope.last
    if scope.last and scope.root is not None:
        inner = scope.join(listed) or listed
        asked = f"Where is the list of {listed.replace('_', ' ')}?"
        return desk.ask(key, asked, [scope.last, f"{scope.last}.{listed}", inner], sort=Sort.ASSUMED)
    path = scope.join(listed)
    return path if path else desk.ask(key, f"Where is the list of {listed}?", [listed], weight=0.25, sort=Sort.ASSUMED)
