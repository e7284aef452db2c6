"""All kinds of this installation: found by their place, or brought by packages, through one door.

A package brings kinds by the entry point group `flov7.kinds`: the entry's name is `type.name`
(`action.send_fax`), its value the module. A bad declaration is refused at start, with what is wrong and where.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.metadata import entry_points
from types import ModuleType

from flov7 import primitives
from flov7.kit.errors import Misconfigured
from flov7.language.catalogue import Catalogue, KindSpec, PrimitiveType, Shelf
from flov7.primitives.checking import checked
from flov7.primitives.connectors import builtin
from flov7.primitives.declare import Kind, Known
from flov7.primitives.known import KNOWN
from flov7.primitives.runner import Runner
from flov7.primitives.schemas import inputs_schema, outputs_schema

FOLDERS: dict[PrimitiveType, str] = {
    PrimitiveType.TRIGGER: "triggers",
    PrimitiveType.ACTION: "actions",
    PrimitiveType.CONNECTION: "connections",
    PrimitiveType.CONDITION: "conditions",
    PrimitiveType.DATA: "data",
}
"""Where the kinds of each type live, below `flov7/primitives`."""

GROUP = "flov7.kinds"


class Registry:
    """The kinds, by `type/name`."""

    def __init__(
        self,
        modules: Iterable[tuple[PrimitiveType, str, ModuleType]],
        *,
        shelves: Mapping[str, Shelf] | None = None,
    ) -> None:
        """Reads the declarations. Raises Misconfigured, with all that is wrong with the first bad one."""
        self._runners: dict[str, Runner] = {}
        for type_, name, module in modules:
            key = f"{type_.value}/{name}"
            if key in self._runners:
                other = self._runners[key].module
                raise Misconfigured(
                    f"Two files declare the kind {key}: {other} and {module.__name__}.", hint="Rename one of them."
                )
            self._runners[key] = checked(type_, name, module)
        specs = {key: _spec(runner) for key, runner in self._runners.items()}
        known = {key: _known_spec(key, known) for key, known in KNOWN.items() if key not in specs}
        self._catalogue = Catalogue(kinds=dict(sorted({**specs, **known}.items())), shelves=shelves or {})

    def catalogue(self) -> Catalogue:
        """What the language knows of the kinds; those that are not built yet are in it by name."""
        return self._catalogue

    def runner(self, type_: str, name: str) -> Runner:
        """How that kind is run. Raises Misconfigured where there is none, or it is not built yet."""
        found = self._runners.get(f"{type_}/{name}")
        if found is None:
            known = f"{type_}/{name}" in KNOWN
            raise Misconfigured(
                f"The kind {type_}/{name} is known and not built yet."
                if known
                else f"There is no kind {type_}/{name}.",
                hint="`flov7 kinds` lists those that can run.",
                code="kind.not_built" if known else "kind.unknown",
            )
        return found


@lru_cache(maxsize=1)
def registry() -> Registry:
    """The registry of this installation: built-in kinds and those of installed packages."""
    return Registry([*_built_in(), *_installed()], shelves=builtin.shelves())


def catalogue() -> Catalogue:
    """The catalogue of this installation."""
    return registry().catalogue()


def _built_in() -> Iterable[tuple[PrimitiveType, str, ModuleType]]:
    for type_, folder in FOLDERS.items():
        package = importlib.import_module(f"{primitives.__name__}.{folder}")
        for found in pkgutil.iter_modules(package.__path__):
            yield type_, found.name, importlib.import_module(f"{package.__name__}.{found.name}")


def _installed() -> Iterable[tuple[PrimitiveType, str, ModuleType]]:
    for entry in entry_points(group=GROUP):
        type_, _, name = entry.name.partition(".")
        try:
            place = PrimitiveType(type_)
        except ValueError as error:
            raise Misconfigured(
                f"The entry point `{entry.name}` in the group {GROUP} names no primitive.",
                hint="Name it type.kind, as in action.send_fax; types are " + ", ".join(PrimitiveType) + ".",
            ) from error
        try:
            module = entry.load()
        except Exception as error:
            raise Misconfigured(
                f"The kind {entry.name} from `{entry.value}` cannot be imported: {error}.",
                hint="Mend or remove that package.",
            ) from error
        if not isinstance(module, ModuleType):
            raise Misconfigured(f"The entry point {entry.name} must name a module; `{entry.value}` is none.")
        yield place, name, module


def _spec(runner: Runner) -> KindSpec:
    kind: Kind = runner.kind
    return KindSpec(
        type=runner.type,
        name=runner.name,
        lowering=kind.lowering,
        title=kind.title,
        icon=kind.icon,
        summary=kind.summary,
        confused_with=kind.confused_with,
        examples=kind.examples,
        synonyms=kind.synonyms,
        fields=kind.fields,
        inputs=inputs_schema(runner.inputs),
        outputs=outputs_schema(runner.outputs),
        credentials=inputs_schema(runner.credentials) if runner.credentials else {},
        effect=kind.effect,
        target_fields=kind.target_fields,
        takes_key=kind.takes_key,
        retry=kind.retry,
        timeout=kind.timeout,
        queue=kind.queue,
        connection=kind.connection,
        services=kind.services,
    )


def _known_spec(key: str, known: Known) -> KindSpec:
    type_, _, name = key.partition("/")
    return KindSpec(
        type=PrimitiveType(type_),
        name=name,
        lowering=known.lowering,
        built=False,
        title=known.title,
        summary=known.summary,
        fields=known.fields,
        synonyms=known.synonyms,
        effect=known.effect,
        queue=known.queue,
        services=known.services,
    )
