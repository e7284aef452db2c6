"""Every kind of the product document is there, found by its place, and bad declarations are refused."""

from __future__ import annotations

import importlib
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest
from pydantic import ConfigDict

from flov7.kit.errors import Misconfigured, StepRefused
from flov7.language.catalogue import Lowering, PrimitiveType
from flov7.language.effects import Effect, resolve
from flov7.language.schemas import check_schema
from flov7.primitives import registry as registry_module
from flov7.primitives.connectors import builtin
from flov7.primitives.declare import Kind, KindInputs, KindOutputs, Known
from flov7.primitives.known import KNOWN
from flov7.primitives.registry import Registry, catalogue, registry

KINDS = {
    "trigger": "webhook schedule database manual api email sms iot",
    "action": "ai_process api_call email_send db_query notification transform wait custom",
    "connection": "gmail slack hubspot database api webhook oauth api_key",
    "condition": "if_else filter switch loop compare regex json_path",
    "data": "mapping transform filter merge split enrich validate",
}
OURS = {"action/file", "action/state"}
"""Kinds that real workflows need and the product document does not name."""


class TestTheCatalogue:
    def test_has_exactly_the_kinds_of_the_product_document_and_ours(self) -> None:
        wanted = {f"{type_}/{name}" for type_, names in KINDS.items() for name in names.split()}
        assert set(catalogue().kinds) == wanted | OURS

    def test_all_of_them_can_run(self) -> None:
        assert [key for key, kind in catalogue().kinds.items() if not kind.built] == []

    def test_is_the_same_each_time(self) -> None:
        again = Registry(registry_module._built_in(), shelves=builtin.shelves()).catalogue()
        assert again.digest == catalogue().digest

    @pytest.mark.parametrize("key", sorted(catalogue().kinds))
    def test_each_kind_has_schemas_that_are_schemas(self, key: str) -> None:
        kind = catalogue().kinds[key]
        check_schema(kind.inputs)
        check_schema(kind.outputs)
        assert "$ref" not in str(kind.inputs)
        assert "'type': 'null'" not in str(kind.inputs), "a field that is not wanted is left out"

    def test_marks_expressions_deferred_ones_and_keys(self) -> None:
        loop = catalogue().kinds["condition/loop"].inputs["properties"]
        assert loop["over"]["x-expression"] is True
        assert loop["until"]["x-deferred"] == ["index"]
        mapping = catalogue().kinds["data/mapping"].inputs["properties"]["mapping"]
        assert mapping["type"] == "object"
        assert mapping["x-deferred-keys"] is True

    def test_marks_what_only_flov7_fills_in(self) -> None:
        fields = catalogue().kinds["action/email_send"].inputs["properties"]
        assert [name for name, field in fields.items() if field.get("x-internal")] == ["template_body"]

    def test_comes_without_loading_what_only_calls_need(self) -> None:
        heavy = "httpx asyncpg lxml aiosmtplib jsonpath jsonschema re2"
        code = (
            "import sys; from flov7.primitives.registry import catalogue; catalogue();"
            f"print([m for m in {heavy.split()} if m in sys.modules])"
        )
        seen = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert seen.stdout.strip() == "[]"


class TestEffects:
    @pytest.mark.parametrize(
        ("config", "effect"),
        [
            ({}, Effect.READ),
            ({"method": "get"}, Effect.READ),
            ({"method": "PUT"}, Effect.IDEMPOTENT),
            ({"method": "DELETE"}, Effect.IRREVERSIBLE),
            ({"method": "POST"}, Effect.WRITE),
            ({"method": "POST", "effect": "read"}, Effect.READ),
            ({"method": "DELETE", "effect": "read"}, Effect.IRREVERSIBLE),
            ({"method": "{{ m }}"}, Effect.WRITE),
            ({"mode": "graphql", "query": "{ orders { id } }"}, Effect.READ),
            ({"mode": "graphql", "query": "query Q { a } mutation M { b }"}, Effect.WRITE),
            ({"mode": "graphql", "query": "mutation M { b }", "effect": "idempotent"}, Effect.IDEMPOTENT),
            ({"mode": "graphql", "query": '{ find(text: "mutation {") { id } }'}, Effect.READ),
            ({"mode": "graphql", "query": "{ a } # }\nmutation { b }"}, Effect.WRITE),
            ({"mode": "soap"}, Effect.WRITE),
            ({"mode": "soap", "effect": "read"}, Effect.READ),
        ],
    )
    def test_of_an_api_call_follow_from_its_config(self, config: dict[str, Any], effect: Effect) -> None:
        assert resolve(catalogue().kinds["action/api_call"].effect, config) is effect

    @pytest.mark.parametrize(("source", "effect"), [("list", "pure"), ("http", "read"), ("sql", "read")])
    def test_of_enriching_follow_from_where_it_looks(self, source: str, effect: str) -> None:
        assert resolve(catalogue().kinds["data/enrich"].effect, {"from": source}) == effect


def good() -> ModuleType:
    """The module of a kind with nothing wrong."""
    module = ModuleType("acme.fax", "Sends a fax.")

    class Inputs(KindInputs):
        """None."""

    class Outputs(KindOutputs):
        """None."""

    async def run(context: Any, inputs: Any) -> Outputs:
        return Outputs()

    vars(module).update(Inputs=Inputs, Outputs=Outputs, run=run)
    vars(module)["KIND"] = Kind(
        title="Fax", icon="printer", summary="Sends a fax.", examples=("Fax it",), lowering=Lowering.CALL
    )
    return module


def kind_with(**changes: Any) -> Kind:
    fields: dict[str, Any] = {
        "title": "Fax", "icon": "printer", "summary": "Sends.", "examples": ("Fax it",), "lowering": Lowering.CALL
    }  # fmt: skip
    return Kind(**{**fields, **changes})


async def _three(a: Any, b: Any, c: Any) -> None: ...


class Loose(KindInputs):
    model_config = ConfigDict(extra="allow")
    nameless: int = 1


class TestABadDeclaration:
    def test_is_not_what_a_good_one_is(self) -> None:
        made = Registry([(PrimitiveType.ACTION, "fax", good())])
        assert made.catalogue().kinds["action/fax"].built

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"__doc__": None}, "docstring is missing"),
            ({"Inputs": None}, "`Inputs` is missing"),
            ({"Outputs": dict}, "`Outputs` is missing"),
            ({"KIND": None}, "`KIND` is missing"),
            ({"run": None}, "`run` is missing"),
            ({"run": lambda context, inputs: None}, "is async"),
            ({"run": _three}, "takes 2 arguments, this one takes 3"),
            ({"Inputs": Loose}, "takes unknown fields"),
            ({"Inputs": Loose}, "`Inputs.nameless` has no description"),
            ({"KIND": kind_with(examples=())}, "`KIND.examples` is empty"),
            ({"KIND": kind_with(title=" ")}, "`KIND.title` is empty"),
            ({"KIND": kind_with(effect="explode")}, "unknown effect `explode`"),
            ({"KIND": kind_with(queue="fast")}, "`KIND.queue` is `fast`"),
            ({"KIND": kind_with(timeout=0)}, "`KIND.timeout` is 0"),
            ({"KIND": kind_with(lowering=Lowering.TEST)}, "cannot be lowered to `test`"),
            ({"KIND": kind_with(target_fields=("number",))}, "`number`, which is no input"),
        ],
    )
    def test_is_refused_with_what_is_wrong_and_where(self, change: dict[str, Any], said: str) -> None:
        module = good()
        for name, value in change.items():
            setattr(module, name, value)
        with pytest.raises(Misconfigured, match=r"action/fax \(acme\.fax\)") as refused:
            Registry([(PrimitiveType.ACTION, "fax", module)])
        assert said in refused.value.message

    def test_names_everything_that_is_wrong_at_once(self) -> None:
        module = good()
        module.__doc__, vars(module)["KIND"] = None, kind_with(title="", examples=())
        with pytest.raises(Misconfigured) as refused:
            Registry([(PrimitiveType.ACTION, "fax", module)])
        assert all(word in refused.value.message for word in ("docstring", "title", "examples"))

    def test_two_of_one_name_are_refused(self) -> None:
        pairs = [(PrimitiveType.ACTION, "fax", good()), (PrimitiveType.ACTION, "fax", good())]
        with pytest.raises(Misconfigured, match="Two files declare"):
            Registry(pairs)


class TestAPackage:
    def test_brings_kinds_by_the_same_door(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        from flov7.primitives.scaffold import scaffold

        source = next(text for path, text in scaffold("action", name="send_fax").items() if path.startswith("src/"))
        (tmp_path / "acme_fax.py").write_text(source)
        info = tmp_path / "acme-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[flov7.kinds]\naction.send_fax = acme_fax\n")
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        made = Registry(registry_module._installed())
        assert made.runner("action", "send_fax").module == "acme_fax"

    def test_that_names_no_primitive_is_refused(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        info = tmp_path / "acme-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1\n")
        (info / "entry_points.txt").write_text("[flov7.kinds]\nsend_fax = acme_fax\n")
        monkeypatch.syspath_prepend(tmp_path)
        with pytest.raises(Misconfigured, match="names no primitive"):
            Registry(registry_module._installed())


class TestARunner:
    def test_of_an_unknown_kind_is_refused(self) -> None:
        with pytest.raises(Misconfigured, match="no kind action/teleport"):
            registry().runner("action", "teleport")

    def test_of_a_kind_that_is_not_built_says_so(self, monkeypatch: pytest.MonkeyPatch) -> None:
        later = Known(title="Fax", summary="Sends a fax.", lowering=Lowering.CALL)
        monkeypatch.setitem(KNOWN, "action/send_fax", later)
        made = Registry([])
        assert not made.catalogue().kinds["action/send_fax"].built
        with pytest.raises(Misconfigured, match="not built yet"):
            made.runner("action", "send_fax")

    def test_names_every_input_that_does_not_fit(self) -> None:
        with pytest.raises(StepRefused) as refused:
            registry().runner("condition", "loop").read({"over": [], "concurrency": 0, "speed": 9})
        assert {each["field"] for each in refused.value.details["problems"]} == {"concurrency", "speed"}
        assert refused.value.error_code == "inputs.invalid"

    @pytest.mark.parametrize("key", ["trigger/manual", "action/wait", "condition/loop"])
    def test_of_what_the_engine_does_itself_has_no_function(self, key: str) -> None:
        type_, _, name = key.partition("/")
        assert registry().runner(type_, name).run is None
