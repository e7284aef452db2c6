"""The connectors that come with the product: one folder each, with its table and its exchanges."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from flov7.kit.errors import Misconfigured
from flov7.primitives.connectors.reading import read_text
from flov7.primitives.connectors.shelf import TableShelf
from flov7.primitives.connectors.table import Connector

FOLDER = Path(__file__).parent
TABLE, EXCHANGES = "connector.yaml", "exchanges.yaml"


@cache
def shelves() -> dict[str, TableShelf]:
    """The shelves of this installation by name. Only the tables' bytes are looked at; none is read yet."""
    found: dict[str, TableShelf] = {}
    for path in sorted(FOLDER.glob(f"*/{TABLE}")):
        name, body = path.parent.name, path.read_bytes()
        title = body.partition(b"title: ")[2].partition(b"\n")[0].decode().strip(" \"'") or name
        digest = hashlib.sha256(body).hexdigest()
        found[name] = TableShelf(name, title=title, digest=digest, load=lambda path=path: load(path))
    return found


def load(path: Path) -> Connector:
    """A table from its file. Raises Misconfigured with all that is wrong."""
    name = path.parent.name
    value = read_text(path.read_bytes(), what=f"The table of {name}")
    try:
        return Connector.model_validate({"name": name, **value})
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())
        raise Misconfigured(
            f"The connector {name} does not hold: {wrong}.",
            hint="flov7/primitives/connectors/table.py says what a table holds.",
            code="connector.table",
        ) from error
