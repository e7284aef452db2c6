"""A Google mailbox: its operations are `gmail.send`, `gmail.search`, `gmail.label` and more.

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
    """Whether it was allowed, and Gmail takes the token."""
    return await check_oauth(context)


KIND = Kind(
    title="Gmail",
    icon="mail",
    summary="A Google mailbox that is allowed by its owner.",
    confused_with="`api` with service: smtp for any other mail server.",
    examples=("Connect my Gmail", "Let it use our Google mailbox"),
    synonyms=("google mail",),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=("gmail",),
    timeout=20.0,
)
