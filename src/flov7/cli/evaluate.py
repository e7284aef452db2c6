"""`flov7 evaluate`: how good generation is, on cases from files."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from flov7.cli.screen import as_json, out, working

app = typer.Typer(no_args_is_help=True, help="How good generation is, measured on cases from files.")


@app.command(short_help="Sentences over a catalogue of operations.")
def flowbench(
    catalog: Annotated[Path, typer.Option(help="The operations: a JSON list of {id, description}.")],
    cases: Annotated[Path, typer.Option(help="The cases: a YAML list of {utterance, prior_sequence, …}.")],
    json: Annotated[bool, typer.Option("--json", help="The whole report, with every case.")] = False,
) -> None:
    """Predict the workflow of each case, creations and edits, and compare where the file says what is right."""
    from flov7.cli.drafting import model_drafter
    from flov7.generation.evaluation.flowbench.evaluate import evaluate, load
    from flov7.primitives.registry import catalogue

    entries, found = load(catalog, cases)
    with working("Predicting …"):
        report = asyncio.run(evaluate(entries, found, base=catalogue(), drafter=model_drafter()))
    if json:
        as_json(report)
        return
    _table(report)


def _table(report: dict[str, Any]) -> None:
    table = Table(show_header=False, box=None)
    exact, latency = report["exact"], report["latency_ms"]
    for name, value in (
        ("cases", report["cases"]), ("exact", exact["all"]), ("exact, creations", exact["create"]),
        ("exact, edits", exact["edit"]), ("node F1", report["node_f1"]), ("hallucinated", report["hallucinated"]),
        ("asked", report["asked"]), ("p50", f"{latency['p50']} ms"), ("p95", f"{latency['p95']} ms"),
    ):  # fmt: skip
        table.add_row(name, "–" if value is None else str(value))
    out.print(table)
