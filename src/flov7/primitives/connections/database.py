"""A database: where it is and who we are there.

`service` says which: `postgres`, `mysql`, `mariadb`, `sqlite`, `mssql`, `supabase`, `mongodb`, `redis`, `valkey`,
`elasticsearch`, `opensearch`. Give the parts, or a whole `url` in the secret. The connection is private (TLS, with the
server's certificate checked) unless `security` says otherwise. For `sqlite`, `database` is a file in a folder that the
operator opened with FLOV7_ALLOW_FILES.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flov7.kit.errors import FlowError
from flov7.language.catalogue import Lowering
from flov7.primitives.actions.db_query import stores
from flov7.primitives.declare import Checked, Context, Kind, KindInputs, KindOutputs


class Inputs(KindInputs):
    """Where the database is."""

    host: str | None = Field(default=None, description="The server.", examples=["db.shop.com"])
    port: int | None = Field(default=None, ge=1, le=65535, description="Its port, where it is not the usual one.")
    database: str | None = Field(default=None, description="The database on it; for SQLite the file.")
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
    key: str | None = Field(default=None, description="An API key, for Elasticsearch and Supabase.")
    url: str | None = Field(
        default=None,
        pattern=r"^(postgres(ql)?|mysql|mariadb|mssql|sqlserver|redis|rediss|mongodb|https?)://",
        description="A whole address; it wins over the parts.",
        examples=["postgresql://reader@db.shop.com:5432/shop"],
    )


class Outputs(KindOutputs):
    """Nothing: a connection takes no part in a run."""


async def run(context: Context) -> Checked:
    """Whether the server answers, lets us in and has the database."""
    connection = context.connection
    if connection is None:
        return Checked(ok=False, message="There is no connection to test.")
    try:
        found = await stores.version(context, connection)
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    return Checked(ok=True, message=f"{found} answers and lets us in.")


KIND = Kind(
    title="Database",
    icon="database",
    summary="A database that steps read and write.",
    confused_with="`api` for services that are reached over HTTP.",
    examples=("Connect to our PostgreSQL", "Use the shop's database"),
    synonyms=("postgres", "postgresql", "mysql", "sql", "supabase", "mongodb", "redis"),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=stores.SERVICES,
    timeout=15.0,
)
