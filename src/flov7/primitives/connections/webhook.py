"""An address that is called, or calls us, with a shared secret.

For `notification` it is where messages go: the address itself may be the secret (as Slack's and Discord's are),
then it stands in the secret under `url`. With `signing_key` what is sent is signed, and for a webhook trigger
what comes is checked, by Standard Webhooks.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flov7.kit.errors import FlowError
from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Checked, Context, Kind, KindInputs, KindOutputs


class Inputs(KindInputs):
    """Where it leads."""

    url: str | None = Field(
        default=None,
        pattern=r"^https?://",
        description="The address, where it is no secret.",
        json_schema_extra={"x-secret": True},
    )
    headers: dict[str, str] = Field(default_factory=dict, description="Sent with every message.")
    style: Literal["plain", "slack", "discord", "teams"] | None = Field(
        default=None, description="How messages are written for it, where its host does not say."
    )


class Credentials(KindInputs):
    """The secret; each part may be left out."""

    url: str | None = Field(default=None, pattern=r"^https?://", description="The address, where it is the secret.")
    signing_key: str | None = Field(
        default=None,
        description="A Standard Webhooks key, `whsec_…`.",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    )
    token: str | None = Field(default=None, description="Sent and expected as `Authorization: Bearer …`.")


class Outputs(KindOutputs):
    """Nothing: a connection takes no part in a run."""


async def run(context: Context) -> Checked:
    """Whether the address can be reached and the key is one. Nothing is sent, for that would be a message."""
    from urllib.parse import urlsplit

    from flov7.primitives.signing import signed

    connection = context.connection
    if connection is None:
        return Checked(ok=False, message="There is no connection to test.")
    try:
        key = connection.credential.get("signing_key")
        if key:
            signed(str(key), message_id="msg_test", body=b"{}", at=0)
        url = str(connection.credential.get("url") or connection.config.get("url") or "")
        if not url:
            return Checked(ok=True, message="It has no address: it can check what comes, and send nothing.")
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        sock = await context.outside.connect(parts.hostname or "", port=port, timeout=5.0)
        sock.close()
    except FlowError as error:
        return Checked(ok=False, message=error.message, hint=error.hint)
    return Checked(ok=True, message=f"`{parts.hostname}` can be reached; nothing was sent.")


KIND = Kind(
    title="Webhook address",
    icon="webhook",
    summary="A fixed address that takes messages, or the secret by which we believe those that come.",
    confused_with="The `webhook` trigger starts runs; this is an address and a secret.",
    examples=("Post it to our Slack channel's webhook", "Sign what we send"),
    synonyms=("slack webhook", "discord", "teams", "signing"),
    fields=("service", "credentials"),
    lowering=Lowering.CREDENTIAL,
    services=("webhook",),
    timeout=15.0,
)
