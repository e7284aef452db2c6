"""What a request may need of a catalogue: all kinds, and of the services' operations those that fit its words."""

from __future__ import annotations

from flov7.generation.draft import Earlier
from flov7.language.catalogue import Catalogue, KindSpec
from flov7.language.library import Library
from flov7.marketplace.complexity import primitives

MOST = 20
"""Operations that a model is shown; each costs it room."""


def shortlist(asked: Earlier, catalogue: Catalogue, *, library: Library | None, wide: bool) -> Catalogue:
    """The catalogue with the operations that fit the words, and those in use, as kinds; its shelves stay reachable.

    Not `wide`, only those in use: a drafter that looks through the shelves itself needs no more, and no shelf is
    loaded that no word names.
    """
    shelves = catalogue.with_shelves(library.shelves) if library is not None and library.shelves else catalogue
    if not shelves.shelves:
        return shelves
    words = " ".join(filter(None, (asked.sentence, asked.change)))[:2000]
    names = [entry.name for entry in shelves.search(words, limit=MOST)] if wide else []
    used = primitives((asked.document or {}).get("primitives", []))
    names += [str(one.get("kind")) for one in used if "." in str(one.get("kind"))]
    specs: dict[str, KindSpec] = {}
    for name in dict.fromkeys(names):
        spec = shelves.get("action", name)
        if spec is not None:
            specs[spec.key] = spec
    return Catalogue(kinds={**shelves.kinds, **specs}, shelves=shelves.shelves) if specs else shelves
