"""A service that wants one key, in a header or in the address.

Most take `Authorization: Bearer KEY`, which is the default; `header` and `prefix` say otherwise, and with
`query_name` the key goes into the address.
"""

from __future__ import annotations

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.connections.api import check_http
from flov7.primitives.connectors.testing import check_service
from flov7.primitives.declare import Checked, Context, Kind, KindInputs, KindOutputs
from flov7.primitives.schemes.fetching import PerSecond


class Inputs(KindInputs):
    """Where the service is and how it wants the key."""

    base_url: str | None = Field(
        default=None, pattern=r"^https?://", description="Where it lives.", examples=["https://api.shop.com/v2"]
    )
    header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$", description="The header of the key.")
    prefix: str = Field(default="Bearer", description="What stands before the key; may be empty.")
    query_name: str | None = Field(default=None, description="Send the key in the address, under this name.")
    headers: dict[str, str] = Field(default_factory=dict, description="Sent with every request.")
    query: dict[str, str] = Field(default_factory=dict, description="Added to every address.")
    test_path: str = Field(default="", description="What the connection test gets.")
    per_second: PerSecond = None
    to: str | None = Field(default=None, description="For messages: who gets them where a step does not say.")


class Credentials(KindInputs):
    """The secret."""

    key: str = Field(min_length=1, description="The key, as the service gave it.")


class Outputs(KindOutputs):
    """Nothing: a connection takes no part in a run."""


async def run(context: Context) -> Checked:
    """Whether the service answers and takes the key."""
    connection = context.connection
    if connection is None:
        return Checked(ok=False, message="There is no connection to test.")
    known = await check_service(context, connection)
    return known or await check_http(context, connection, path=str(connection.config.get("test_path") or ""))


KIND = Kind(
    title="API key",
    icon="key",
    summary="A service that wants one key with every request.",
    confused_with="`api` for user and password, or a token with a name of its own.",
    examples=("Connect with an API key", "Use the key that the service gave us"),
    synonyms=("key", "token", "apikey"),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=("api_key",),
    timeout=15.0,
)
