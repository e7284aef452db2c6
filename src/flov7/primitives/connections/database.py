"""A database: where it is and who we are there.

PostgreSQL is built; `mysql`, `redis`, `mongodb`, `sqlite`, `mssql` and `elasticsearch` are known by name and not
built yet. Give the parts, or a whole `url` in the secret. The connection is private (TLS, with the server's
certificate checked) unless `security` says otherwise.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flov7.kit.errors import FlowError
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Checked, Context, Kind, KindInputs, KindOutputs

_BUILT = ("postgres", "postgresql", "database", "supabase")
_NOT_BUILT = ("mysql", "redis", "mongodb", "sqlite", "mssql", "elasticsearch")


class Inputs(KindInputs):
    """Where the database is."""

    host: str | None = Field(default=None, description="The server.", examples=["db.shop.com"])
    port: int = Field(default=5432, ge=1, le=65535, description="Its port.")
    database: str | None = Field(default=None, description="The database on it.")
    security: Literal["verify", "require", "none"] = Field(
        default="verify",
        description="`verify`: TLS with a certificate that names the host; `require`: TLS with any; `none`: plain.",
    )
    schema_: str | None = Field(
        default=None,
        alias="schema",
        pattern=r"^[A-Za-z_][A-Za-z0-9_$]*$",
        description="The schema that is looked in first.",
    )


class Credentials(KindInputs):
    """The secret: user and password, or a whole address."""

    username: str | None = Field(default=None, description="The user.")
    password: str | None = Field(default=None, description="The password.")
    url: str | None = Field(
        default=None,
        pattern=r"^postgres(ql)?://",
        description="A whole address; it wins over the parts.",
        examples=["postgresql://reader@db.shop.com:5432/shop"],
    )


class Outputs(KindOutputs):
    """Nothing: a connection takes no part in a run."""


async def run(context: Context) -> Checked:
    """Whether the server answers, lets us in and has the database."""
    from flov7.primitives.actions.db_query import postgres

    connection = context.connection
    if connection is None:
        return Checked(ok=False, message="There is no connection to test.")
    try:
        async with postgres.session(context, connection, timeout=10.0) as session:
            version = await session.fetchval("show server_version")
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    return Checked(ok=True, message=f"PostgreSQL {version} answers and lets us in.")


KIND = Kind(
    title="Database",
    icon="database",
    summary="A database that steps read and write with SQL.",
    confused_with="`api` for services that are reached over HTTP.",
    examples=("Connect to our PostgreSQL", "Use the shop's database"),
    synonyms=("postgres", "postgresql", "sql", "supabase"),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=(*_BUILT, *_NOT_BUILT),
    timeout=15.0,
)
