"""A HubSpot account: its operations are on contacts, companies, deals and tickets.

Put the application's `client_id` and `client_secret` into the secret, then allow it with
`flov7 connections login NAME`. Tokens are kept sealed and renewed by themselves.
"""

from __future__ import annotations

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Checked, Context, Kind, KindOutputs
from flov7.primitives.oauth.connection import OAuthCredentials, OAuthInputs, check_oauth


class Inputs(OAuthInputs):
    """What differs from the usual; nothing needs to be said."""


class Credentials(OAuthCredentials):
    """The secret: the client, and the tokens once it was allowed."""


class Outputs(KindOutputs):
    """Nothing: a connection takes no part in a run."""


async def run(context: Context) -> Checked:
    """Whether it was allowed, and HubSpot takes the token."""
    return await check_oauth(context)


KIND = Kind(
    title="HubSpot",
    icon="users",
    summary="A HubSpot account that is allowed by OAuth.",
    confused_with="service: hubspot with `credentials.type: api_key` for the token of a private app.",
    examples=("Connect our HubSpot", "Use our CRM in HubSpot"),
    synonyms=("crm",),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=("hubspot",),
    timeout=20.0,
)
