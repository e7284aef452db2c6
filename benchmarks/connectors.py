"""An OpenAPI document of 1,000 operations: read whole, searched by words, and what it costs until it is used."""

from __future__ import annotations

import time
from typing import Any

from benchmarks.growth import best
from benchmarks.measuring import keep
from flov7.primitives.connectors.openapi.importing import read_openapi
from flov7.primitives.registry import catalogue
from tests.primitives.connectors.large import OPERATIONS, document, packed


def measured() -> dict[str, Any]:
    """Seconds to read it whole, milliseconds to search and to use one operation."""
    text = document(OPERATIONS)
    load = best(lambda: packed(read_openapi(text)), times=3)
    shelf = packed(read_openapi(text))
    whole = catalogue().with_shelves([shelf])
    whole.search("warm the index")
    search = best(lambda: whole.search("create a refund report for the customer"))
    begun = time.perf_counter()
    used = whole.get("action", shelf.entries()[500].name)
    use = time.perf_counter() - begun
    assert used is not None and len(shelf.entries()) == OPERATIONS
    return {
        "operations": OPERATIONS, "kilobytes": len(text) // 1024,
        "load_s": round(load, 3), "load_aim_s": 2.0,
        "search_ms": round(search * 1000, 2), "search_aim_ms": 20.0,
        "first_use_ms": round(use * 1000, 2),
    }  # fmt: skip


def main() -> None:
    """Measure, print, keep."""
    found = measured()
    for name, value in found.items():
        print(f"{name:>16}  {value}")
    keep("connectors", found)


if __name__ == "__main__":
    main()
