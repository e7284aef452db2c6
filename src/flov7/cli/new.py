"""`flov7 new "SENTENCE"`: a workflow from words. `flov7 new action NAME`: the files of a new kind."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from flov7.cli.screen import as_json, err, good, out
from flov7.cli.wording import pretty

if TYPE_CHECKING:
    from flov7.generation.draft import Draft, Question

SCAFFOLDS = ("action", "data", "connector")
_MOST_QUESTIONS = 12


def add_to(app: typer.Typer) -> None:
    """Add the command."""
    app.command(
        "new",
        short_help="Make a workflow of a sentence.",
        help="Make a workflow of a sentence; or, as in `new action send_fax`, the files of a new kind.",
    )(_new)


def _new(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="SENTENCE | action NAME | data NAME | connector NAME",
            help="What should happen, in quotes; or a kind to begin.",
        ),
    ],
    save: Annotated[Path | None, typer.Option(help="Write the document to this file.")] = None,
    ask: Annotated[
        bool,
        typer.Option("--ask/--no-ask", help="Ask what the sentence leaves open; --no-ask takes what is suggested."),
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="The draft as one JSON object; asks nothing.")] = False,
) -> None:
    """Two words, the first of them action, data or connector, begin a new kind; all else is a sentence.

    Into a file (`flov7 new "…" > FILE`) goes the document alone.
    """
    if len(words) == 2 and words[0] in SCAFFOLDS:
        _scaffold(*words)
        return
    draft = _drafted(" ".join(words), ask=ask and not json)
    if save is not None and draft.document is not None:
        save.write_text(_printed(draft.document), encoding="utf-8")
    if json:
        as_json(draft.model_dump(mode="json"))
    elif draft.document is not None and save is None and not out.is_terminal:
        sys.stdout.write(_printed(draft.document))  # `flov7 new "…" > FILE` gets the document and nothing else
        _ask_aside(draft)
    else:
        _show(draft, save)
    if not draft.is_valid:
        raise typer.Exit(1)


def _drafted(sentence: str, *, ask: bool) -> Draft:
    """The draft; what it leaves open is asked for where somebody sits at a terminal."""
    from flov7.cli.drafting import answered, said, stages

    with stages() as progress:
        draft = said(sentence, progress=progress)
    asked: set[str] = set()
    while ask and sys.stdin.isatty() and len(asked) < _MOST_QUESTIONS:
        question = next((one for one in draft.questions if one.key not in asked and one.sort != "assumed"), None)
        if question is None:
            break
        asked.add(question.key)
        suggested = question.suggestions[0] if question.suggestions else ""
        answer = typer.prompt(question.text, default=suggested, err=True)
        draft = answered(draft, question.key, answer)
    return draft


def _printed(document: object) -> str:
    from flov7.kit import json

    return json.pretty(document).rstrip("\n") + "\n"


def _show(draft: Draft, saved: Path | None) -> None:
    from flov7.cli.validate import check, show

    if draft.document is None:
        _say(draft)
        return
    if saved is None:
        out.print(Syntax(pretty(draft.document, width=out.width), "json", background_color="default", word_wrap=True))
        out.print()
    show(check(_printed(draft.document)), name="The draft")
    _say(draft)
    if saved is not None:
        good(f"Written to {saved}. Try it: flov7 run {saved} --mode simulated")
    else:
        err.print("Keep it with --save FILE.", style="dim")


def _say(draft: Draft) -> None:
    from flov7.cli.drafting import took

    if draft.explanation:
        out.print(Padding(Text(draft.explanation), (1, 0)))
    for question in draft.questions:
        if question.suggestions and draft.document is not None:
            out.print(Text.assemble(("? ", "yellow"), f"{question.text} {_in_use(question)}"))
    if (line := took(draft.cost)) is not None:
        err.print(f"By {draft.drafter}: {line}.", style="dim")


def _in_use(question: Question) -> str:
    first = question.suggestions[0]
    return f"For example: {first}." if question.sort == "open" else f"Taken for now: {first}."


def _ask_aside(draft: Draft) -> None:
    for question in draft.questions:
        taken = f" {_in_use(question)}" if question.suggestions else ""
        err.print(Text.assemble(("? ", "yellow"), question.text, taken))


def _scaffold(type_: str, name: str) -> None:
    """Write the files, below this folder; nothing that is there is written over."""
    from flov7.kit.errors import Conflict, Misconfigured
    from flov7.primitives.scaffold import scaffold

    files = {Path(path): text for path, text in scaffold(type_, name=name).items()}
    if not Path("src/flov7/primitives").is_dir():
        raise Misconfigured(
            "This is no checkout of Flov7.", hint="Go to the folder that has src/flov7, then do it again."
        )
    there = [str(path) for path in files if path.exists()]
    if there:
        raise Conflict(f"{there[0]} is there already.", hint="Choose another name, or change that file.")
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        good(f"{path}")
    if type_ == "connector":
        words = f"Fill in the table, one exchange for each operation; `flov7 kinds check {name}` says what is missing."
    else:
        words = "Fill in `run` and the declaration; `flov7 kinds` shows it at once."
    out.print(words, style="dim", markup=False)
