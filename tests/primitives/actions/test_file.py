"""Files in and out of values; what is broken, too large or not what it says."""

from __future__ import annotations

import io
import zipfile
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from flov7.kit.errors import StepRefused
from tests.primitives.conftest import Drawer

Call = Any


@pytest.fixture
def drawer() -> Drawer:
    return Drawer()


@pytest.fixture
def do(call: Call, drawer: Drawer) -> Any:
    async def run(operation: str, **inputs: Any) -> Any:
        return await call("action/file", {"operation": operation, **inputs}, files=drawer)

    return run


ROWS = [{"id": 1, "name": "Ann", "paid": True}, {"id": 2, "name": "=1+1", "paid": None}]


class TestWrittenAndRead:
    @pytest.mark.parametrize(
        ("name", "rows"),
        [
            ("a.json", ROWS),
            ("a.xlsx", ROWS),
            ("a.csv", [{"id": "1", "name": "Ann", "paid": "true"}, {"id": "2", "name": "=1+1", "paid": ""}]),
        ],
    )
    async def test_a_list_comes_back(self, do: Any, name: str, rows: Any) -> None:
        made = await do("write", name=name, value=ROWS)
        assert made["name"] == name
        assert await do("read", file=made) == rows

    async def test_text_and_xml_come_back(self, do: Any) -> None:
        assert await do("read", file=await do("write", name="a.txt", value="Grüße")) == "Grüße"
        assert await do("read", file=await do("write", name="a.xml", value={"a": {"b": "1"}})) == {"a": {"b": "1"}}

    async def test_text_in_another_charset(self, do: Any, drawer: Drawer) -> None:
        file = await drawer.put("Grüße".encode("latin-1"), "a.txt")
        with pytest.raises(StepRefused, match="no text in utf-8") as refused:
            await do("read", file=file)
        assert "latin-1" in (refused.value.hint or "")
        assert await do("read", file=file, charset="latin-1") == "Grüße"

    async def test_the_media_type_says_what_the_name_does_not(self, do: Any, drawer: Drawer) -> None:
        assert await do("read", file=await drawer.put(b"a,b\n1,2\n", "export", "text/csv")) == [{"a": "1", "b": "2"}]


class TestASpreadsheet:
    async def test_of_another_program_is_read_with_dates_and_sheets(self, do: Any, drawer: Drawer) -> None:
        import datetime

        book = Workbook()
        book.active.append(["When", None, "Sum"])
        book.active.append([datetime.datetime(2027, 1, 31, 9, 0), "x", "=1+1"])
        book.create_sheet("Other").append(["only"])
        out = io.BytesIO()
        book.save(out)
        file = await drawer.put(out.getvalue(), "a.xlsx")
        assert await do("read", file=file) == [{"When": "2027-01-31T09:00:00", "column_2": "x", "Sum": None}]
        assert await do("read", file=file, sheet="Other", header=False) == [["only"]]
        with pytest.raises(StepRefused, match="there are `Sheet`, `Other`"):
            await do("read", file=file, sheet="Nothing")

    async def test_text_never_becomes_a_formula(self, do: Any, drawer: Drawer) -> None:
        made = await do("write", name="a.xlsx", value=[{"x": '=HYPERLINK("http://evil.example")'}])
        cell = load_workbook(io.BytesIO(drawer.bodies[made["file"]])).active["A2"]
        assert (cell.data_type, cell.value) == ("s", '=HYPERLINK("http://evil.example")')

    @pytest.mark.parametrize("body", [b"", b"no", b"PK\x05\x06" + b"\x00" * 18])
    async def test_that_is_none_is_refused(self, do: Any, drawer: Drawer, body: bytes) -> None:
        with pytest.raises(StepRefused, match="no spreadsheet"):
            await do("read", file=await drawer.put(body, "a.xlsx"))


class TestAZip:
    async def test_comes_back_as_files(self, do: Any, drawer: Drawer) -> None:
        files = [await drawer.put(b"1", "a.txt"), await drawer.put(b"2", "a.txt")]
        made = await do("zip", files=files, name="all.zip")
        back = await do("unzip", file=made)
        assert [(one["name"], drawer.bodies[one["file"]]) for one in back] == [("a.txt", b"1"), ("1-a.txt", b"2")]
        assert (await do("zip", files=files, name="all.zip"))["file"] == made["file"]

    async def test_names_lead_nowhere_else(self, do: Any, drawer: Drawer) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr("../../etc/passwd", "x")
            packed.writestr("..\\evil.exe", "x")
        assert [one["name"] for one in await do("unzip", file=await drawer.put(out.getvalue(), "a.zip"))] == [
            "passwd",
            "evil.exe",
        ]

    async def test_that_is_a_bomb_is_refused(self, do: Any, drawer: Drawer) -> None:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.writestr("zeros", b"\x00" * 120_000_000)
        with pytest.raises(StepRefused, match="too much when unpacked"):
            await do("unzip", file=await drawer.put(out.getvalue(), "a.zip"))

    async def test_that_is_none_is_refused(self, do: Any, drawer: Drawer) -> None:
        with pytest.raises(StepRefused, match="is no ZIP"):
            await do("unzip", file=await drawer.put(b"no", "a.zip"))


class TestWhatIsMissing:
    @pytest.mark.parametrize(
        ("operation", "said"), [("read", "needs `file`"), ("unzip", "needs `file`"), ("zip", "needs `files`")]
    )
    async def test_is_said(self, do: Any, operation: str, said: str) -> None:
        with pytest.raises(StepRefused, match=said):
            await do(operation)

    async def test_a_file_that_is_not_there(self, do: Any) -> None:
        with pytest.raises(StepRefused, match="There is no file"):
            await do("read", file={"file": "0" * 64, "name": "a.csv"})
