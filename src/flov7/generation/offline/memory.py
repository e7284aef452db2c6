"""Steps that remember: what was handled, a count, the last one seen."""

from __future__ import annotations

from flov7.generation.offline.desk import Desk
from flov7.generation.offline.filling import Filled, Wish
from flov7.generation.offline.words import find


def keep(wish: Wish, desk: Desk) -> Filled:
    """What becomes of the value that is kept between runs: counted, told apart from what was seen, or set."""
    words, whole = wish.words, wish.scope.last or wish.scope.whole
    if find(words, "count", "counter", "increase", "add up", "number of"):
        return Filled({"operation": "add", "name": "count", "value": 1}, noun="count", result="value")
    if whole is None:
        return Filled({"operation": "get", "name": "last"}, noun="last", result="value")
    value = f"{{{{ {whole} }}}}"
    if find(words, "new", "not seen", "unseen", "seen", "only new"):
        return Filled({"operation": "fresh", "name": "seen", "value": value}, noun="fresh", result="value")
    operation = "append" if find(words, "handled", "already", "done", "processed", "sent", "all") else "set"
    return Filled(
        {"operation": operation, "name": "handled" if operation == "append" else "last", "value": value}, result="value"
    )
