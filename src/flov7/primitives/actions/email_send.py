"""Send an e-mail over SMTP or Gmail.

Give `subject` with `text`, `html` or both; or a `template` of this workspace with its `values`. Without
`connection` the workspace's default mail connection sends it. `to`, `cc` and `bcc` take one address, several with
commas, or a list. Where the server takes the message for some and not for others, `refused` says for whom and
why; where it takes it for nobody, that is an error. `attachments` takes files of earlier steps, and texts.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field, model_validator

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import ConnectionNeed, Lowering
from flov7.language.effects import Effect
from flov7.primitives import letters, mail
from flov7.primitives.declare import ConnectionValue, Context, Json, Kind, KindInputs, KindOutputs
from flov7.primitives.fields import rules, without
from flov7.primitives.files import File, check_size


class TemplateBody(KindInputs):
    """A message template with its values filled in."""

    subject: str = Field(description="The subject.")
    text: str | None = Field(default=None, description="The text.")
    html: str | None = Field(default=None, description="The text as HTML.")


class TextFile(KindInputs):
    """A file that is written here."""

    name: str = Field(min_length=1, max_length=255, description="Its name.", examples=["orders.csv"])
    text: str = Field(description="What is in it.")
    media_type: str = Field(default="text/plain", max_length=200, description="Its media type.")


class Inputs(KindInputs):
    """The message."""

    model_config = ConfigDict(
        json_schema_extra=rules(without("template", needs="subject"), without("template", "html", needs="text"))
    )

    to: str | list[str] = Field(description="Who gets it.", examples=["{{ customer.email }}"])
    cc: str | list[str] | None = Field(default=None, description="Who gets a copy.")
    bcc: str | list[str] | None = Field(default=None, description="Who gets a copy that the others do not see.")
    from_: str | None = Field(default=None, alias="from", description="The sender; left out: the connection's.")
    reply_to: str | list[str] | None = Field(default=None, description="Where answers go.")
    subject: str | None = Field(default=None, max_length=1000, description="The subject.")
    text: str | None = Field(default=None, description="The message as plain text.")
    html: str | None = Field(default=None, description="The message as HTML.")
    attachments: list[File | TextFile] = Field(
        default_factory=list, max_length=20, description="Files that go with it: of earlier steps, or written here."
    )
    template: str | None = Field(
        default=None, description="The name of a message template.", examples=["welcome_email"]
    )
    values: dict[str, Json] = Field(default_factory=dict, description="What the template's inputs are.")
    template_body: TemplateBody | None = Field(
        default=None,
        description="The template as it is filled in; Flov7 sets this.",
        json_schema_extra={"x-internal": True},
    )

    @model_validator(mode="after")
    def _one_message(self) -> Inputs:
        own = [name for name in ("subject", "text", "html") if getattr(self, name) is not None]
        if self.template and own:
            raise ValueError(f"give `template`, or the message itself; here is `template` and also `{own[0]}`")
        if not self.template and self.template_body is None:
            if self.subject is None:
                raise ValueError("the message needs a `subject`, or a `template`")
            if self.text is None and self.html is None:
                raise ValueError("the message needs `text` or `html`, or a `template`")
        return self


class Outputs(KindOutputs):
    """What became of it."""

    accepted: list[str] = Field(description="The addresses for which the server took it.")
    refused: dict[str, str] = Field(description="The addresses for which it did not, and its words.")
    message_id: str = Field(description="The message's id; equal when the step is repeated.")


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Sends the message. Raises step errors that say whether it can have been sent."""
    connection = context.connection or context.default_mail
    if connection is None:
        raise StepRefused(
            "There is no mail server to send with.",
            hint="Add a connection with `service: smtp`, or set the workspace's default mail connection.",
            code="mail.no_connection",
        )
    message = _message(inputs, sender=_sender(inputs, connection), attachments=await _attached(context, inputs))
    sent = await mail.send(context, connection, message=message)
    return Outputs(accepted=sent.accepted, refused=sent.refused, message_id=sent.message_id)


async def _attached(context: Context, inputs: Inputs) -> list[letters.Attachment]:
    found: list[letters.Attachment] = []
    for file in inputs.attachments:
        body = file.text.encode() if isinstance(file, TextFile) else await context.files.read(file.file)
        found.append(letters.Attachment(name=file.name, media_type=file.media_type, body=body))
    check_size(sum(len(file.body) for file in found), name="All attachments together")
    return found


def _message(inputs: Inputs, *, sender: str, attachments: list[letters.Attachment]) -> letters.Message:
    if inputs.template and inputs.template_body is None:
        raise StepRefused(f"The template `{inputs.template}` was not filled in.", hint="Save the workflow anew.")
    body = inputs.template_body or TemplateBody(subject=inputs.subject or "", text=inputs.text, html=inputs.html)
    return letters.Message(
        to=letters.addresses(inputs.to),
        cc=letters.addresses(inputs.cc),
        bcc=letters.addresses(inputs.bcc),
        reply_to=letters.addresses(inputs.reply_to),
        subject=body.subject,
        text=body.text,
        html=body.html,
        sender=sender,
        attachments=attachments,
    )


def _sender(inputs: Inputs, connection: ConnectionValue) -> str:
    said = inputs.from_ or connection.config.get("from")
    if not said and connection.kind == "gmail":
        return ""  # Gmail puts the account's own address in
    if not said:
        raise StepRefused(
            "The message has no sender.", hint="Give `from`, here or in the connection.", code="mail.no_sender"
        )
    return letters.addresses(str(said))[0]


KIND = Kind(
    title="Send e-mail",
    icon="mail",
    summary="An e-mail to a customer or colleague, written here or by a template.",
    confused_with="`notification` for a short word to the team, by webhook or mail.",
    examples=("E-mail the customer", "Send the welcome mail", "Mail the invoice to accounting"),
    synonyms=("email", "e-mail", "mail", "message", "smtp", "send email"),
    lowering=Lowering.CALL,
    effect=Effect.WRITE,
    target_fields=("to",),
    timeout=30.0,
    connection=ConnectionNeed(kinds=("gmail",), services=("smtp",)),
)
