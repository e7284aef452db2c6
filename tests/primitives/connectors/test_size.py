"""A document of a thousand operations: quick to read, quicker to search, and nothing until it is used."""

from __future__ import annotations

import time

from flov7.primitives.connectors.openapi.importing import read_openapi
from flov7.primitives.registry import catalogue
from tests.primitives.connectors.large import OPERATIONS, document, packed


class TestAThousandOperations:
    def test_are_read_in_two_seconds_and_searched_in_twenty_milliseconds(self) -> None:
        text = document(OPERATIONS)
        begun = time.process_time()
        shelf = packed(read_openapi(text))
        assert time.process_time() - begun < 2.0
        whole = catalogue().with_shelves([shelf])
        whole.search("warm the index")
        begun = time.process_time()
        found = whole.search("create a refund report for the customer")
        assert time.process_time() - begun < 0.02
        assert found and len(shelf.entries()) == OPERATIONS

    def test_cost_the_catalogue_nothing_until_one_is_named(self) -> None:
        shelf = packed(read_openapi(document(100)))
        whole = catalogue().with_shelves([shelf])
        assert set(whole.kinds) == set(catalogue().kinds)
        assert whole.of_type("action") == catalogue().of_type("action")
        assert not shelf._made
        name = shelf.entries()[7].name
        assert whole.get("action", name) is not None
        assert list(shelf._made) == [name]
        assert whole.digest != catalogue().digest
