"""Reading one kind's module, and refusing a bad declaration with all that is wrong with it."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from pydantic import BaseModel

from flov7.kit.errors import Misconfigured
from flov7.language.catalogue import Lowering, PrimitiveType, Queue
from flov7.language.effects import ByCase, ByGraphql, BySql, ByValue, Effect, EffectRule
from flov7.primitives.declare import Kind
from flov7.primitives.runner import Runner
from flov7.primitives.watching import Watcher

_NAME = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
_FITS: dict[PrimitiveType, set[Lowering]] = {
    PrimitiveType.TRIGGER: {Lowering.START},
    PrimitiveType.ACTION: {Lowering.CALL, Lowering.PURE, Lowering.WAIT, Lowering.CHILD},
    PrimitiveType.CONNECTION: {Lowering.CREDENTIAL},
    PrimitiveType.CONDITION: {Lowering.TEST, Lowering.LOOP},
    PrimitiveType.DATA: {Lowering.CALL, Lowering.PURE},
}
_ARGUMENTS = {Lowering.CALL: 2, Lowering.PURE: 1, Lowering.TEST: 1, Lowering.CREDENTIAL: 1}
_ASYNC = {Lowering.CALL, Lowering.CREDENTIAL}


def checked(type_: PrimitiveType, name: str, module: ModuleType) -> Runner:
    """The kind that a module declares. Raises Misconfigured that lists all that is wrong, and where."""
    wrong = list(_wrong(type_, name, module))
    if wrong:
        raise Misconfigured(
            f"The kind {type_.value}/{name} ({module.__name__}) is declared wrongly: " + "; ".join(wrong) + ".",
            hint="flov7/primitives/declare.py says what a kind's file holds.",
            code="kind.declaration",
        )
    return Runner(
        type=type_,
        name=name,
        kind=module.KIND,
        inputs=module.Inputs,
        outputs=module.Outputs,
        run=getattr(module, "run", None),
        credentials=getattr(module, "Credentials", None),
        docs=(module.__doc__ or "").strip(),
        module=module.__name__,
        watcher=_watcher(module),
        receive=getattr(module, "receive", None),
    )


def _watcher(module: ModuleType) -> Watcher | None:
    if not hasattr(module, "watch"):
        return None
    named = {name: getattr(module, name, None) for name in ("subscribe", "unsubscribe", "source", "listens")}
    return Watcher(watch=module.watch, **named)


def _wrong(type_: PrimitiveType, name: str, module: ModuleType) -> Iterator[str]:
    if not _NAME.match(name):
        yield f"its name `{name}` is not snake_case"
    if not (module.__doc__ or "").strip():
        yield "the docstring is missing, which becomes its reference page"
    for model in ("Inputs", "Outputs"):
        found = getattr(module, model, None)
        if not (isinstance(found, type) and issubclass(found, BaseModel)):
            yield f"`{model}` is missing; it is a pydantic model"
        elif model == "Inputs":
            yield from _wrong_inputs(found)
    kind = getattr(module, "KIND", None)
    if not isinstance(kind, Kind):
        yield "`KIND` is missing; it is a `Kind`"
        return
    yield from _wrong_texts(kind)
    yield from _wrong_effects(kind)
    if kind.lowering not in _FITS[type_]:
        yield f"a {type_.value} cannot be lowered to `{kind.lowering}`"
    elif kind.lowering in _ARGUMENTS:
        yield from _wrong_run(kind.lowering, getattr(module, "run", None))
    elif kind.lowering is Lowering.CHILD and hasattr(module, "run"):
        yield from _wrong_run(Lowering.CALL, module.run)
    elif hasattr(module, "run"):
        yield f"a `{kind.lowering}` has no `run`, the engine does it"
    yield from _wrong_watch(type_, module)
    if type_ is PrimitiveType.CONNECTION and not isinstance(getattr(module, "Credentials", None), type):
        yield "`Credentials` is missing, the shape of its secret"
    yield from _wrong_targets(kind, getattr(module, "Inputs", None))


def _wrong_inputs(model: type[BaseModel]) -> Iterator[str]:
    if model.model_config.get("extra") != "forbid":
        yield "`Inputs` takes unknown fields; derive it from `KindInputs`"
    for field_name, field in model.model_fields.items():
        if not field.description:
            yield f"`Inputs.{field_name}` has no description"


def _wrong_texts(kind: Kind) -> Iterator[str]:
    for text in ("title", "icon", "summary"):
        value: Any = getattr(kind, text)
        if not isinstance(value, str) or not value.strip():
            yield f"`KIND.{text}` is empty"
    if not kind.examples:
        yield "`KIND.examples` is empty; one sentence that asks for it is the least"
    if not isinstance(kind.queue, Queue):
        yield f"`KIND.queue` is `{kind.queue}`, which is none of " + ", ".join(Queue)
    if not 0 < kind.timeout <= 86_400:
        yield f"`KIND.timeout` is {kind.timeout}; it is seconds, up to a day"


def _wrong_effects(kind: Kind) -> Iterator[str]:
    for place, rule in (("effect", kind.effect), ("takes_key", kind.takes_key)):
        if not (place == "takes_key" and isinstance(rule, bool)) and not _is_rule(rule):
            yield f"`KIND.{place}` is the unknown effect `{rule}`; effects are " + ", ".join(Effect)


def _is_rule(rule: EffectRule | bool) -> bool:
    return isinstance(rule, Effect | ByValue | BySql | ByGraphql | ByCase)


def _wrong_run(lowering: Lowering, run: Any) -> Iterator[str]:
    if not inspect.isfunction(run):
        yield "`run` is missing"
        return
    if inspect.iscoroutinefunction(run) != (lowering in _ASYNC):
        yield f"`run` of a `{lowering}` is {'async' if lowering in _ASYNC else 'not async'}"
    wanted, has = _ARGUMENTS[lowering], len(inspect.signature(run).parameters)
    if wanted != has:
        yield f"`run` of a `{lowering}` takes {wanted} argument{'s' if wanted > 1 else ''}, this one takes {has}"


def _wrong_watch(type_: PrimitiveType, module: ModuleType) -> Iterator[str]:
    if type_ is not PrimitiveType.TRIGGER:
        return
    named = {name: getattr(module, name, None) for name in ("watch", "subscribe", "unsubscribe", "receive")}
    for name, found in named.items():
        if found is None:
            continue
        good = inspect.isasyncgenfunction(found) if name == "watch" else inspect.iscoroutinefunction(found)
        if not good or len(inspect.signature(found).parameters) != 2:
            what = "an async generator" if name == "watch" else "async"
            yield f"`{name}` has to be {what} over `(context, inputs)`"
        if named["watch"] is None and name != "receive":
            yield f"there is a `{name}` and no `watch`"


def _wrong_targets(kind: Kind, inputs: Any) -> Iterator[str]:
    if not (isinstance(inputs, type) and issubclass(inputs, BaseModel)):
        return
    names = {field.alias or name for name, field in inputs.model_fields.items()}
    for target in kind.target_fields:
        if target not in names:
            yield f"`KIND.target_fields` names `{target}`, which is no input"
