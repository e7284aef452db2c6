"""How one kind is run: inputs are checked, the kind's function is called, the output is plain JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from flov7.kit.errors import StepRefused
from flov7.language.catalogue import PrimitiveType
from flov7.primitives.declare import Checked, Context, Decision, Json, Kind
from flov7.primitives.inbound import Receive
from flov7.primitives.watching import Watcher


@dataclass(frozen=True, kw_only=True)
class Runner:
    """One kind, ready to run. `docs` is its module's docstring, `module` where it is declared.

    `watcher` is there for triggers that somebody has to listen for, `receive` for those that services call.
    """

    type: PrimitiveType
    name: str
    kind: Kind
    inputs: type[BaseModel]
    outputs: type[BaseModel]
    run: Callable[..., Any] | None
    credentials: type[BaseModel] | None
    docs: str
    module: str
    watcher: Watcher | None = None
    receive: Receive | None = None

    def read(self, inputs: Mapping[str, Json]) -> BaseModel:
        """The inputs as the kind's model. Raises StepRefused (`inputs.invalid`) with every field that is wrong."""
        try:
            return self.inputs.model_validate(inputs)
        except ValidationError as error:
            raise _unfit(self, error) from error

    async def call(self, context: Context, inputs: Mapping[str, Json]) -> Json:
        """Runs a kind that is lowered to a call. Raises step errors."""
        return self._output(await self._function()(context, self.read(inputs)))

    def compute(self, inputs: Mapping[str, Json]) -> Json:
        """Runs a pure kind. Raises step errors."""
        return self._output(self._function()(self.read(inputs)))

    def decide(self, inputs: Mapping[str, Json]) -> Decision:
        """Asks a condition. Raises step errors."""
        decision: Decision = self._function()(self.read(inputs))
        return decision

    async def check(self, context: Context) -> Checked:
        """Tests a connection."""
        checked: Checked = await self._function()(context)
        return checked

    def _function(self) -> Callable[..., Any]:
        if self.run is None:
            raise StepRefused(f"{self.type.value}/{self.name} is not run as a step; the engine does it.")
        return self.run

    def _output(self, value: Any) -> Json:
        return value.model_dump(mode="json", by_alias=True) if isinstance(value, BaseModel) else value


def _unfit(runner: Runner, error: ValidationError) -> StepRefused:
    problems: list[dict[str, str]] = []
    for each in error.errors(include_url=False, include_context=False, include_input=False):
        where = ".".join(str(part) for part in each["loc"])
        problems.append({"field": where, "message": each["msg"].removeprefix("Value error, ")})
    first = problems[0]
    said = f"`{first['field']}`: {first['message']}" if first["field"] else first["message"]
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return StepRefused(
        f"These inputs do not fit {runner.type.value}/{runner.name}. {said}{more}.",
        hint="Look at the values that the expressions gave, or at the step's config.",
        code="inputs.invalid",
        details={"problems": problems},
    )
