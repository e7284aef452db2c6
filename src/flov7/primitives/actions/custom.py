"""Call another workflow of this workspace, or run code of your own, as one step.

Its version is fixed when this workflow is saved, so a later change of it changes nothing here. `inputs` is its
payload, its `output` is this step's output. With `wait: false` it is started and not waited for.

`code` is Python with `def run(inputs)`; it gets `inputs` and gives this step's output. It runs in a cage: no network, no
files but an empty folder, nothing of the environment, within limits of memory, processor, output and time. Where no
cage works on the machine, it does not run. Code that several workflows need is better a node of its own, with tests
(`flov7 nodes`): then it is a kind `node.NAME`.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field, model_validator

from flov7.language.catalogue import Lowering, Retry
from flov7.language.effects import ByCase, Effect
from flov7.primitives.declare import AnyOutput, Context, Json, Kind, KindInputs
from flov7.primitives.fields import rules, without


class Inputs(KindInputs):
    """Which workflow, and what it gets."""

    model_config = ConfigDict(json_schema_extra=rules(without("code", needs="workflow")))

    workflow: str | None = Field(
        default=None, min_length=1, max_length=200, description="The name of the workflow.", examples=["refund"]
    )
    inputs: Json = Field(default=None, description="Its payload.", examples=[{"order": "{{ order }}"}])
    wait: bool = Field(default=True, description="Whether this step ends when that run ends.")
    code: str | None = Field(
        default=None,
        min_length=1,
        max_length=20_000,
        description="Python with `def run(inputs)`, run in a cage: no network, no files, within limits.",
        examples=["def run(inputs):\n    return {'total': sum(inputs['prices'])}"],
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Inputs:
        if (self.code is None) is (self.workflow is None):
            raise ValueError("name the `workflow` to call, or give the `code` to run")
        return self


class Outputs(AnyOutput):
    """The other workflow's output, or the code's; with `wait: false`, `{"execution_id": …}`."""


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Run the code. Raises step errors: its own, a limit, no cage."""
    assert inputs.code is not None, "workflows are called by the engine"
    return Outputs(await context.cage.run(inputs.code, inputs.inputs, seconds=context.remaining()))


KIND = Kind(
    title="Sub-workflow or code",
    icon="workflow",
    summary="Call another workflow as one step, or run a piece of Python of your own in a cage.",
    confused_with="`api_call` reaches services outside; `transform` reshapes values without code.",
    examples=("Run the refund workflow", "Call our onboarding workflow", "Run this Python code over the rows"),
    synonyms=("workflow", "sub-workflow", "subflow", "child", "code", "script"),
    lowering=Lowering.CHILD,
    effect=ByCase(field="code", cases={}, absent=Effect.WRITE, otherwise=Effect.READ),
    target_fields=("workflow",),
    timeout=3600.0,
    retry=Retry(max_attempts=1),
)
