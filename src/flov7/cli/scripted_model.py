"""`flov7 scripted-model`: a model that answers by rules, on this machine, without a key and without cost."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from flov7.kit.errors import Conflict, Invalid

_SAMPLE = """
A script is a list of rules; the first that fits answers, and where none fits a stand-in fills in what it finds in the
text:

\b
  - when: {says: refund, tools: [find_order]}
    answer: {calls: [{name: find_order, arguments: {id: "17"}}]}
  - when: {says: refund}
    answer: {value: {decision: approve}}
  - answer: {fault: "429"}
    times: 1

A request for the model `any+FAULT`, or with the header `x-scripted-fault: FAULT`, gets that fault.
"""


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "scripted-model",
        short_help="Run a model that answers by rules, for trying things out.",
        help="Run an OpenAI-compatible model that answers by rules: for trying things out and for tests.\n" + _SAMPLE,
    )(_serve)


def _serve(
    port: Annotated[int, typer.Option(help="Where it listens; 0 is any free port.", min=0, max=65535)] = 8900,
    script: Annotated[Path | None, typer.Option(help="A file with rules, YAML or JSON.")] = None,
    fault: Annotated[str | None, typer.Option(help="A fault of every answer; `list` names them all.")] = None,
) -> None:
    from flov7.cli.screen import out
    from flov7.llm.testing import Fault

    if fault == "list":
        out.print("\n".join(Fault), markup=False)
        return
    if fault is not None and fault not in set(Fault):
        raise Invalid(f"There is no fault {fault}.", hint=f"It is one of {', '.join(Fault)}.")
    asyncio.run(_until_ended(port, script, None if fault is None else Fault(fault)))


async def _until_ended(port: int, script: Path | None, fault: str | None) -> None:
    """Serve until interrupted, and say what is asked."""
    from flov7.cli.files import text_of
    from flov7.cli.screen import good, say
    from flov7.llm.testing import Fault, Request, Scripted, at_fault, read_rules, scripted_model, stand_in

    rules = stand_in if script is None else read_rules(text_of(str(script)))

    def play(request: Request) -> Scripted:
        made = rules(request)
        say(f"{request.model}: {request.last[:80]!r} → {made.content[:80]!r} {', '.join(c.name for c in made.calls)}")
        return made if fault is None else at_fault(made, Fault(fault), request=request)

    try:
        async with scripted_model(play, port=port) as model:
            good(f"A scripted model answers at {model.base_url}. It is no real model: it answers by rules.")
            say(f"Use it with FLOV7_LLM_BASE_URL={model.base_url}; Ctrl-C ends it.")
            await asyncio.Event().wait()
    except OSError as error:
        raise Conflict(f"Port {port} is taken.", hint="Give another with --port, or 0 for any free one.") from error
