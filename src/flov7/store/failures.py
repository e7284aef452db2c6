"""Drivers' errors become ours here; none leaves the room raw."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

import asyncpg
from sqlalchemy import exc

from flov7.kit.errors import Conflict, FlowError, Invalid, Unavailable

GONE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.TooManyConnectionsError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.InvalidCatalogNameError,
)
RETRY_AFTER = 2.0


@contextmanager
def translated() -> Generator[None, None, None]:
    """`Unavailable` where the database does not answer, `Conflict` where a row is in the way, else `FlowError`."""
    try:
        yield
    except FlowError:
        raise
    except GONE as error:
        raise gone(_why(error)) from error
    except exc.TimeoutError as error:
        raise gone("The database has no free connection.") from error
    except exc.DBAPIError as error:
        raise _of_driver(error) from error
    except asyncpg.PostgresError as error:
        raise _of_postgres(error) from error


def gone(message: str = "The database does not answer.") -> Unavailable:
    """The 503 that callers see."""
    return Unavailable(message, hint="Try again in a moment; `/health` says what is down.", retry_after=RETRY_AFTER)


def _why(error: BaseException) -> str:
    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):
        return "The database refuses our password: check FLOV7_DATABASE_URL and FLOV7_DATABASE_ENGINE_URL."
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return "There is no such database: make it and run the migrations."
    if isinstance(error, asyncpg.TooManyConnectionsError):
        return "The database has no free connection."
    return "The database does not answer."


def is_gone(error: BaseException) -> bool:
    """Whether the whole database is away, rather than one statement wrong."""
    return isinstance(error, (Unavailable, *GONE))


def _of_driver(error: exc.DBAPIError) -> FlowError:
    """SQLAlchemy wraps asyncpg's error twice; what happened is at the bottom."""
    cause: BaseException | None = error.orig
    while cause is not None:
        if isinstance(cause, GONE):
            return gone(_why(cause))
        if isinstance(cause, asyncpg.PostgresError):
            return _of_postgres(cause)
        cause = cause.__cause__
    return gone() if error.connection_invalidated else _unexpected(error)


def _of_postgres(error: asyncpg.PostgresError) -> FlowError:
    if isinstance(error, GONE):
        return gone(_why(error))
    if isinstance(error, asyncpg.DataError):
        return Invalid(
            "A value cannot be stored.",
            code="store.unstorable",
            hint="A text may hold no NUL character and no half surrogate; a number must fit its column.",
        )
    if isinstance(error, asyncpg.UniqueViolationError):
        return Conflict("That is there already.", hint="Choose another name.", details=_place(error))
    if isinstance(error, (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError)):
        return Conflict(str(error.args[0]).capitalize() + ".", code="store.refused")
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        return FlowError("The database refused a row of another workspace.", code="store.other_workspace")
    if isinstance(error, (asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.QueryCanceledError)):
        return gone("The database is too busy.")
    return _unexpected(error)


def _place(error: asyncpg.PostgresError) -> dict[str, str]:
    constraint = getattr(error, "constraint_name", None)
    return {"constraint": str(constraint)} if constraint else {}


def _unexpected(error: Exception) -> FlowError:
    return FlowError("The database refused a statement.", code="store.failed", details={"kind": type(error).__name__})
