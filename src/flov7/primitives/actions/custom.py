"""Call another workflow of this workspace, as one step.

Its version is fixed when this workflow is saved, so a later change of it changes nothing here. `inputs` is its
payload, its `output` is this step's output. With `wait: false` it is started and not waited for.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field, model_validator

from flov7.language.catalogue import Lowering, Retry
from flov7.language.effects import Effect
from flov7.primitives.declare import AnyOutput, Json, Kind, KindInputs
from flov7.primitives.fields import rules, without


class Inputs(KindInputs):
    """Which workflow, and what it gets."""

    model_config = ConfigDict(json_schema_extra=rules(without("workflow", needs="workflow")))

    workflow: str | None = Field(
        default=None, min_length=1, max_length=200, description="The name of the workflow.", examples=["refund"]
    )
    inputs: Json = Field(default=None, description="Its payload.", examples=[{"order": "{{ order }}"}])
    wait: bool = Field(default=True, description="Whether this step ends when that run ends.")
    code: str | None = Field(default=None, description="Code to run in a cage: known, and not built yet.")

    @model_validator(mode="after")
    def _a_workflow(self) -> Inputs:
        if self.code is not None:
            raise ValueError(
                "running code needs the cage, which is not built yet; reshape values with a data step, call your "
                "own service with `api_call`, or call another workflow with `workflow`"
            )
        if self.workflow is None:
            raise ValueError("name the `workflow` to call")
        return self


class Outputs(AnyOutput):
    """The other workflow's output; with `wait: false`, `{"execution_id": …}`."""


KIND = Kind(
    title="Sub-workflow",
    icon="workflow",
    summary="Steps that several workflows need live in one of their own; this calls it.",
    confused_with="`api_call` reaches services outside.",
    examples=("Run the refund workflow", "Call our onboarding workflow"),
    synonyms=("workflow", "sub-workflow", "subflow", "child", "code", "script"),
    lowering=Lowering.CHILD,
    effect=Effect.WRITE,
    target_fields=("workflow",),
    timeout=3600.0,
    retry=Retry(max_attempts=1),
)
