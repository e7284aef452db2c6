"""What every store takes and gives: statements or an operation in, rows out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from flov7.kit.errors import StepRefused
from flov7.primitives.declare import ConnectionValue, Json

PLACES = "Write `$1`, `$2` … where values go, and give as many `params`; a date is a text in ISO 8601."
_TOKENS = re.compile(
    r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|\$(?P<number>\d+)|(?P<percent>%)|(?P<mark>\?)",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One SQL statement with `$1` … and its values."""

    sql: str
    params: Sequence[Json] = ()


@dataclass(frozen=True, kw_only=True)
class Work:
    """Statements of one transaction. `reads`: it may change nothing."""

    statements: Sequence[Statement]
    reads: bool
    max_rows: int = 1000
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Order:
    """One operation of a store without SQL. `about` is the collection, index, table or nothing."""

    operation: str
    about: str | None
    args: Any
    max_rows: int = 1000
    cut: bool = False


@dataclass(frozen=True, kw_only=True)
class Result:
    """Rows as objects; `count` of rows, or of those changed; whether rows were left out."""

    rows: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    count: int = 0
    truncated: bool = False


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a database is and who we are there. `security`: `verify`, `require` or `none`."""

    host: str
    port: int
    database: str | None
    user: str | None
    password: str | None = field(repr=False)
    security: str
    schema: str | None = None
    options: dict[str, str] = field(default_factory=dict[str, str])


def place(connection: ConnectionValue, *, port: int) -> Place:
    """Reads a `database` connection; `port` is the service's own. Raises StepRefused where the host is missing."""
    config, secret = connection.config, connection.credential
    parts = urlsplit(str(secret.get("url") or ""))
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = parts.hostname or config.get("host")
    if not host:
        raise StepRefused(
            f"The connection `{connection.name}` does not say where the database is.",
            hint="Give `host` and `database` in its config, or `url` in its secret.",
            code="connection.incomplete",
        )
    security = str(config.get("security") or "verify")
    if options.get("sslmode") == "disable":
        security = "none"
    return Place(
        host=str(host),
        port=int(parts.port or config.get("port") or port),
        database=unquote(parts.path.lstrip("/")) or config.get("database"),
        user=unquote(parts.username or "") or secret.get("username"),
        password=unquote(parts.password or "") or secret.get("password"),
        security=security,
        schema=config.get("schema"),
        options=options,
    )


def marked(statement: Statement, *, mark: str) -> tuple[str, list[Json]]:
    """The statement with the driver's `mark` (`%s` or `?`) where `$n` stood, and the values in that order.

    Quoted text and comments stay as they are. Raises ValueError where places and values do not fit.
    """
    values: list[Json] = []
    used: set[int] = set()

    def replace(found: re.Match[str]) -> str:
        if found["number"] is not None:
            number = int(found["number"])
            if not 1 <= number <= len(statement.params):
                raise ValueError(f"it has a place ${number} and there are {len(statement.params)} values")
            used.add(number)
            values.append(statement.params[number - 1])
            return mark
        if found["mark"] is not None:
            raise ValueError("`?` is no place for a value")
        return found[0].replace("%", "%%") if mark == "%s" else found[0]

    text = _TOKENS.sub(replace, statement.sql)
    if len(used) != len(statement.params):
        raise ValueError(f"it has {len(used)} places and there are {len(statement.params)} values")
    return text, values


def kept(found: Sequence[dict[str, Any]], work: Work | Order) -> Result:
    """At most `max_rows` rows. Raises StepRefused where there are more and `cut` is not set."""
    if len(found) > work.max_rows and not work.cut:
        raise StepRefused(
            f"There are more than {work.max_rows} rows.", hint="Add a limit to the query, or set `max_rows` or `cut`."
        )
    rows = list(found[: work.max_rows])
    return Result(rows=rows, count=len(rows), truncated=len(found) > work.max_rows)


def refused(says: str, *, hint: str = "", details: dict[str, Any] | None = None) -> StepRefused:
    """What the database said no to."""
    return StepRefused(
        f"The database says: {says}",
        hint=hint or "Look at the statement, and at what this user may do there.",
        code="db_query.refused",
        details=details or {},
    )


def misfit(problem: object) -> StepRefused:
    """Places and values that do not fit each other."""
    return StepRefused(f"These values do not fit the statement: {problem}.", hint=PLACES)


def wrong_args(operation: str, problem: str) -> StepRefused:
    """An operation whose `args` cannot be used."""
    return StepRefused(f"`{operation}` cannot be done with these `args`: {problem}.", code="db_query.args")


def check_order(order: Order, *, store: str, operations: Iterable[str], about: str, more: str = "") -> str:
    """What the order is about. Raises StepRefused for an operation that the store lacks, or where what it is about is missing."""
    if order.operation not in operations:
        raise StepRefused(
            f"`{order.operation}` is no operation of {store} here.",
            hint="Give one of: " + ", ".join(operations) + f".{more}",
            code="db_query.operation",
        )
    if not order.about:
        raise StepRefused(f"The operation needs {about}.", hint="Name it in `about`.", code="db_query.args")
    return order.about


def is_blank(value: Any) -> bool:
    """Nothing, or an empty object or list: a delete with it would take everything."""
    return value is None or value == {} or value == []
