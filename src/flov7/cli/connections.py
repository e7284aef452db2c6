"""`flov7 connections …`: what workflows reach the outside with. Secrets go in and never come out."""

from __future__ import annotations

import os
from typing import Annotated, Any

import typer
from rich.text import Text

from flov7.cli import files
from flov7.cli.api import Api, opened
from flov7.cli.screen import as_json, good, moment, out, table

app = typer.Typer(help="Add, list, test and remove connections.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The connection's name, snake_case.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]


@app.command()
def add(
    name: Name,
    service: Annotated[
        str,
        typer.Option(
            help="What it leads to, as in smtp, postgres, gmail, notion, api_key; `flov7 connectors list` has more."
        ),
    ],
    config: Annotated[str, typer.Option(help="What may be seen (host, port, base_url, …), as JSON or @FILE.")] = "{}",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="FIELD=VALUE: what all may see of the secret (type, username).")
    ] = None,
    secret: Annotated[list[str] | None, typer.Option(help="FIELD: ask for this one, unseen.")] = None,
    from_env: Annotated[list[str] | None, typer.Option(help="FIELD=VARIABLE: take it from the environment.")] = None,
    default_mail: Annotated[
        bool, typer.Option("--default-mail", help="Mail of steps that name no connection goes by this one.")
    ] = False,
    no_secret: Annotated[bool, typer.Option("--no-secret", help="It needs none.")] = False,
    json: AsJson = False,
) -> None:
    """Keep a connection and its secret. Without --set, --secret and --from-env every field is asked for."""
    body = {"name": name, "service": service, "config": files.value_of(config)}
    with opened() as api:
        if not no_secret:
            given = _pairs(set_ or []) | _from_environment(from_env or []) | {one: _asked(one) for one in secret or []}
            body["credentials"] = given or _all_asked(service) or None
        made = api.post("/connections", body)
        if default_mail:
            api.patch("/workspace", {"default_mail": name})
    if json:
        as_json(made)
    else:
        good(f"{name} is kept. Try it: flov7 connections test {name}")


@app.command("list")
def list_(json: AsJson = False) -> None:
    """All connections, without their secrets."""
    with opened() as api:
        items = api.get("/connections")["items"]
    if json:
        as_json(items)
        return
    rows = [
        (Text(one["name"], style="bold"), one["service"], one["credentials_type"], _tested(one), one["description"])
        for one in items
    ]
    table("name", "service", "secret", "last test", "", rows=rows, empty="No connection yet.")


@app.command()
def test(name: Name, json: AsJson = False) -> None:
    """See whether the other side answers and takes the secret."""
    with opened() as api:
        told = api.post(f"/connections/{name}/test")
    if json:
        as_json(told)
    elif told["ok"]:
        good(told["message"])
    else:
        out.print(Text.assemble(("✗ ", "red"), told["message"]))
        if told["hint"]:
            out.print(Text.assemble(("  → ", "cyan"), told["hint"]))
    if not told["ok"]:
        raise typer.Exit(1)


@app.command()
def login(name: Name, json: AsJson = False) -> None:
    """Allow a connection by OAuth: open the address that is shown, log in at the service, agree."""
    with opened() as api:
        begun = api.post(f"/connections/{name}/login")
        if begun["mode"] == "device" and not json:
            out.print(f"Open {begun['address']} and type ", Text(begun["code"], style="bold"), sep="")
            _wait_for_device(api, name, begun)
            begun = {**begun, "mode": "done"}
    if json:
        as_json(begun)
    elif begun["mode"] == "done":
        good(f"{name} is allowed. Try it: flov7 connections test {name}")
    else:
        out.print("Open this address, log in and agree:")
        out.print(begun["address"], style="bold", soft_wrap=True, markup=False)
        out.print(
            f"The service has to know this as our redirect address: {begun['redirect']}", style="dim", markup=False
        )


def _wait_for_device(api: Api, name: str, begun: dict[str, Any]) -> None:
    """Ask until the person has agreed. Raises Unavailable after the service's own time."""
    import time

    from flov7.kit.errors import Unavailable

    ends = time.monotonic() + begun["seconds"]
    while time.monotonic() < ends:
        time.sleep(max(1.0, begun["interval"]))
        if api.post(f"/connections/{name}/login/{begun['login']}")["allowed"]:
            return
    raise Unavailable("Nobody agreed in time.", hint=f"Begin again: flov7 connections login {name}")


@app.command()
def rotate(
    name: Name,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="FIELD=VALUE: what all may see of the secret.")
    ] = None,
    secret: Annotated[list[str] | None, typer.Option(help="FIELD: ask for this one, unseen.")] = None,
    from_env: Annotated[list[str] | None, typer.Option(help="FIELD=VARIABLE: take it from the environment.")] = None,
    json: AsJson = False,
) -> None:
    """Put in a new secret. Without --set, --secret and --from-env every field is asked for."""
    with opened() as api:
        found = api.get(f"/connections/{name}")
        given = _pairs(set_ or []) | _from_environment(from_env or []) | {one: _asked(one) for one in secret or []}
        changed = api.post(f"/connections/{name}/rotate", {"credentials": given or _all_asked(found["service"])})
    if json:
        as_json(changed)
    else:
        good(f"{name} has a new secret. Try it: flov7 connections test {name}")


@app.command()
def remove(
    name: Name,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    json: AsJson = False,
) -> None:
    """Remove a connection and its secret; steps that use it fail from then on."""
    if not yes:
        typer.confirm(f"Remove {name} and its secret for good?", abort=True, err=True)
    with opened() as api:
        api.delete(f"/connections/{name}")
    if json:
        as_json({"removed": name})
    else:
        good(f"{name} is removed.")


def _pairs(pairs: list[str]) -> dict[str, str]:
    from flov7.kit.errors import Invalid

    if any("=" not in pair for pair in pairs):
        hint = "Write it as --set username=shop; secrets go by --secret or --from-env."
        raise Invalid("A field needs a value.", hint=hint)
    return {field: value for field, _, value in (pair.partition("=") for pair in pairs)}


def _from_environment(pairs: list[str]) -> dict[str, str]:
    """Secret fields from the environment. Raises Invalid naming the variable, never the value."""
    from flov7.kit.errors import Invalid

    found: dict[str, str] = {}
    for field, variable in _pairs(pairs).items():
        if variable not in os.environ:
            raise Invalid(f"There is no variable {variable}.", hint="Write it as --from-env password=SMTP_PASSWORD.")
        found[field] = os.environ[variable]
    return found


def _asked(field: str) -> str:
    return str(typer.prompt(field, hide_input=True, err=True))


def _all_asked(service: str) -> dict[str, str]:
    """Every field of the service's secret; what is left empty is left out."""
    from flov7.primitives.registry import catalogue

    specs = catalogue().of_type("connection")
    spec = catalogue().connection(service) or next(
        (one for one in specs if service == one.name or service in one.services), None
    )
    found: dict[str, str] = {}
    for field, one in (spec.credentials.get("properties", {}) if spec else {}).items():
        words = f"{field} ({' | '.join(one['enum'])})" if "enum" in one else f"{field} - {one.get('description', '')}"
        hidden = field not in ("type", "username", "name")
        value = typer.prompt(words.rstrip(" -."), default="", show_default=False, hide_input=hidden, err=True)
        if value:
            found[field] = value
    return found


def _tested(one: dict[str, Any]) -> str:
    if one["tested_at"] is None:
        return "never"
    return f"{'passed' if one['test_passed'] else 'failed'} {moment(one['tested_at'])}"
