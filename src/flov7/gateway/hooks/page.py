"""The small page on which a person decides or answers, from a link in a message."""

from __future__ import annotations

from html import escape

from flov7.engine.messages import Answer, Approve, Callback, Message
from flov7.gateway.executions.schemas import StepOut

_HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="robots" content="noindex">
<title>Flov7</title><style>
body{font:16px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1c2330}
main{max-width:32rem;margin:12vh auto;background:#fff;padding:2rem;border-radius:.75rem;box-shadow:0 1px 4px #0002}
h1{font-size:1.25rem;margin:0 0 1rem;white-space:pre-wrap;overflow-wrap:anywhere}
label{display:block;margin:.75rem 0 .25rem;color:#556}
textarea{width:100%;box-sizing:border-box;font:inherit;padding:.5rem;border:1px solid #bbc;border-radius:.4rem}
button{font:inherit;font-weight:600;padding:.6rem 1.2rem;margin:1rem .5rem 0 0;border:0;border-radius:.4rem;cursor:pointer}
.yes{background:#176b3a;color:#fff}.no{background:#fff;color:#a3232a;box-shadow:inset 0 0 0 1px #a3232a}
small{color:#667}
</style></head><body><main>"""
_FOOT = "</main></body></html>"


def question(step: StepOut, *, wants: str) -> str:
    """The page that asks."""
    asked = escape(step.ask or f"{step.step} waits for an answer.")
    until = f"<p><small>Until {escape(step.until)}</small></p>" if step.until else ""
    if wants == "approval":
        form = (
            '<label for="c">Comment</label><textarea id="c" name="comment" rows="3"></textarea>'
            '<button class="yes" name="decision" value="approved">Approve</button>'
            '<button class="no" name="decision" value="rejected">Reject</button>'
        )
    else:
        form = (
            '<label for="a">Your answer</label><textarea id="a" name="answer" rows="3" required></textarea>'
            '<button class="yes">Send</button>'
        )
    return f'{_HEAD}<h1>{asked}</h1>{until}<form method="post">{form}</form>{_FOOT}'


def thanks(message: Message) -> str:
    """The page after it."""
    match message:
        case Approve(decision="approved"):
            words = "Approved. The workflow goes on."
        case Approve():
            words = "Rejected."
        case Answer() | Callback():
            words = "Thank you. The workflow goes on."
        case _:
            words = "Thank you."
    return f"{_HEAD}<h1>{words}</h1><p>You can close this page.</p>{_FOOT}"
