"""What is told, and how each sort of channel writes it. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Literal, assert_never
from urllib.parse import urlsplit

from flov7.primitives.declare import Json

Style = Literal["plain", "slack", "discord", "teams"]


@dataclass(frozen=True, kw_only=True)
class Button:
    """Something to press that opens an address."""

    label: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Note:
    """One message, before it is written for a channel."""

    text: str
    title: str | None = None
    level: str = "info"
    run: str = ""
    fields: Mapping[str, Json] = field(default_factory=dict[str, Json])
    buttons: Sequence[Button] = ()

    @property
    def whole(self) -> str:
        """Title and text, for places that know one text."""
        return self.text if not self.title else f"{self.title}\n{self.text}"

    @property
    def with_links(self) -> str:
        """The same with the buttons as lines, for places without buttons."""
        return "\n".join([self.whole, *(f"{button.label}: {button.url}" for button in self.buttons)])

    @property
    def html(self) -> str:
        """The message as HTML, for mail."""
        lines = "".join(f"<p>{escape(line)}</p>" for line in self.text.splitlines() if line.strip())
        links = " ".join(
            f'<a href="{escape(button.url)}" style="display:inline-block;padding:10px 18px;margin:4px 8px 4px 0;'
            f'border:1px solid #345;border-radius:6px;color:#123;text-decoration:none">{escape(button.label)}</a>'
            for button in self.buttons
        )
        head = f"<h2>{escape(self.title)}</h2>" if self.title else ""
        return f"{head}{lines}<p>{links}</p>"


def style_of(url: str, said: str | None) -> Style:
    """How a webhook wants its message: as the connection says, else by its host."""
    if said in ("plain", "slack", "discord", "teams"):
        return said  # type: ignore[return-value]  # pyright does not narrow by a tuple of literals
    host = (urlsplit(url).hostname or "").lower()
    if host == "hooks.slack.com":
        return "slack"
    if host in ("discord.com", "discordapp.com"):
        return "discord"
    return "teams" if host.endswith((".webhook.office.com", ".logic.azure.com", ".powerplatform.com")) else "plain"


def body_of(note: Note, style: Style) -> dict[str, Any]:
    """The body that a webhook of that style takes.

    Sources: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks, docs.discord.com/developers
    (Execute Webhook), learn.microsoft.com (incoming webhooks with Adaptive Cards).
    """
    match style:
        case "plain":
            buttons = [{"label": one.label, "url": one.url} for one in note.buttons]
            extra = {"buttons": buttons} if buttons else {}
            return {
                **note.fields,
                "text": note.whole,
                "title": note.title,
                "level": note.level,
                "run": note.run,
                **extra,
            }
        case "slack":
            return {**note.fields, "text": note.whole, **({"blocks": slack_blocks(note)} if note.buttons else {})}
        case "discord":
            return {**note.fields, "content": note.with_links[:2000], "allowed_mentions": {"parse": []}}
        case "teams":
            return {"type": "message", "attachments": [{"contentType": _CARD, "content": _card(note)}]}
        case _:
            assert_never(style)


_CARD = "application/vnd.microsoft.card.adaptive"


def slack_blocks(note: Note) -> list[dict[str, Any]]:
    """The message with its buttons as Slack's blocks."""
    text = f"*{note.title}*\n{note.text}" if note.title else note.text
    buttons = [
        {"type": "button", "text": {"type": "plain_text", "text": one.label}, "url": one.url} for one in note.buttons
    ]
    return [
        {"type": "section", "text": {"type": "mrkdwn", "text": text[:3000]}},
        *([{"type": "actions", "elements": buttons}] if buttons else []),
    ]


def _card(note: Note) -> dict[str, Any]:
    head = [{"type": "TextBlock", "text": note.title, "weight": "Bolder", "wrap": True}] if note.title else []
    return {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [*head, {"type": "TextBlock", "text": note.text, "wrap": True}],
        "actions": [{"type": "Action.OpenUrl", "title": one.label, "url": one.url} for one in note.buttons],
    }
