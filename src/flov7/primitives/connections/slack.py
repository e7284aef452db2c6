"""A Slack workspace: its operations are `slack.post`, `slack.update`, `slack.channels`, `slack.user` and more.

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
    """Whether it was allowed, and Slack takes the token."""
    return await check_oauth(context)


KIND = Kind(
    title="Slack",
    icon="slack",
    summary="A Slack workspace in which our app is installed.",
    confused_with="`webhook` for an incoming webhook that only posts.",
    examples=("Connect our Slack", "Let our bot post in Slack"),
    synonyms=("slack app",),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=("slack",),
    timeout=20.0,
)
