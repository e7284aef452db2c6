"""Any service that is allowed by OAuth 2: by a person in a browser, by a code on a device, or by the client itself.

Give `issuer`, or `authorize_url` and `token_url`; a service that has a connector needs neither. The secret holds
`client_id` and `client_secret`; tokens come when it is allowed (`flov7 connections login NAME`), are kept sealed,
and are renewed by themselves for as long as the service gives new ones.
"""

from __future__ import annotations

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Checked, Context, Kind, KindOutputs
from flov7.primitives.oauth.connection import OAuthCredentials, OAuthInputs, check_oauth


class Inputs(OAuthInputs):
    """Where the service is, and where it gives tokens."""


class Credentials(OAuthCredentials):
    """The secret: the client, and the tokens once it was allowed."""


class Outputs(KindOutputs):
    """Nothing: a connection takes no part in a run."""


async def run(context: Context) -> Checked:
    """Whether it was allowed, and the service takes the token."""
    return await check_oauth(context)


KIND = Kind(
    title="OAuth 2",
    icon="lock",
    summary="Any service that people allow by logging in there, or that gives tokens to a client.",
    confused_with="`api_key` where the service gives one key that stays.",
    examples=("Connect with OAuth", "Let me log in at the service"),
    synonyms=("oauth2", "login", "openid", "sign in"),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=("oauth", "oauth2"),
    timeout=20.0,
)
