"""The files of a new kind work as they are written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from flov7.kit.errors import Invalid
from flov7.language.catalogue import PrimitiveType
from flov7.primitives.registry import Registry
from flov7.primitives.scaffold import scaffold


class TestANewKind:
    @pytest.mark.parametrize(("type_", "folder"), [("action", "actions"), ("data", "data")])
    def test_is_a_good_declaration(self, type_: str, folder: str) -> None:
        files = scaffold(type_, name="send_fax")
        assert set(files) == {
            f"src/flov7/primitives/{folder}/send_fax.py",
            f"tests/primitives/{folder}/test_send_fax.py",
        }
        module = ModuleType("send_fax")
        sys.modules["send_fax"] = module
        exec(compile(files[f"src/flov7/primitives/{folder}/send_fax.py"], "send_fax.py", "exec"), vars(module))
        made = Registry([(PrimitiveType(type_), "send_fax", module)])
        assert made.catalogue().kinds[f"{type_}/send_fax"].title == "Send fax"

    @pytest.mark.parametrize("type_", ["action", "data"])
    def test_passes_the_checks_of_the_house(self, type_: str, tmp_path: Path) -> None:
        for path, text in scaffold(type_, name="send_fax").items():
            (tmp_path / Path(path).name).write_text(text)
        settings = Path(__file__).parents[2] / "pyproject.toml"
        ruff = [sys.executable, "-m", "ruff"]
        for command in (["check", "--ignore", "S101"], ["format", "--check"]):
            seen = subprocess.run([*ruff, *command, "--config", settings, tmp_path], capture_output=True, text=True)
            assert seen.returncode == 0, seen.stdout

    @pytest.mark.parametrize(
        ("type_", "name"), [("action", "Send Fax"), ("action", "../x"), ("trigger", "fax"), ("", "fax")]
    )
    def test_with_a_bad_name_or_type_is_refused(self, type_: str, name: str) -> None:
        with pytest.raises(Invalid):
            scaffold(type_, name=name)
