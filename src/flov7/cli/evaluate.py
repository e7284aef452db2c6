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


@app.command(short_help="Requests with the primitives that they need.")
def prompts(
    cases: Annotated[Path, typer.Argument(help="The requests: one JSON object on each line.")],
    json: Annotated[bool, typer.Option("--json", help="The whole report, with every case.")] = False,
) -> None:
    """Draft each request; is it valid and whole, does it run, are its failures handled, what is asked, how sure is it?"""
    from flov7.cli.drafting import model_drafter
    from flov7.generation.evaluation.prompts.evaluate import evaluate, load
    from flov7.primitives.registry import catalogue

    found = load(cases)
    with working("Drafting …"):
        report = asyncio.run(evaluate(found, catalogue=catalogue(), drafter=model_drafter()))
    if json:
        as_json(report)
        return
    table = Table(box=None)
    for name in (
        "",
        "cases",
        "finished",
        "valid",
        "dry run",
        "complete",
        "with questions",
        "handled",
        "asked",
        "to set",
        "median s",
    ):
        table.add_column(name)
    for name, one in {**report["by_complexity"], "all": report["all"]}.items():
        values = (one["cases"], one["finished"], one["valid"], one["dry_run"], one["complete"],
                  one["complete_with_questions"], one["effects_handled"], one["questions"], one["to_set"], one["seconds"]["median"])  # fmt: skip
        table.add_row(name, *("–" if value is None else str(value) for value in values))
    out.print(table)
    worth = report["templates"]
    out.print(
        f"Templates: taken for {worth['used']}; complete {worth['complete_with']} with them, "
        f"{worth['complete_without']} without."
    )
    trust = report["calibration"]
    out.print(f"Confidence: expected calibration error {trust['ece']}, AUROC {trust['auroc']}.")
