"""Let a model classify, extract, summarise, decide, draft, translate, answer from documents, or work with tools.

`task` says which. With `tools` (kinds of steps, each allowed by name) it is an `agent` that may use them; with
`agents` and `tasks`, or the name of a `crew`, a team of them works together. What the model says is held against the
task's shape and your `schema`: what does not fit is sent back with what was wrong, and after `mends` such rounds the
step fails. What stands in `input` is material for the model and never an instruction.

Every answer and every tool call is recorded: a retry, a replay and a re-run from a later step take what is recorded
and pay nothing. The output holds the task's fields (`label`, `summary`, `text`, `answer`, your own) and `ai`: the
model, what it took, and each turn.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from flov7.language.catalogue import Lowering, Queue, Retry
from flov7.language.effects import Effect
from flov7.primitives.declare import AnyOutput, Context, Json, Kind, KindInputs
from flov7.primitives.fields import Duration

Task = Literal["classify", "extract", "summarise", "decide", "draft", "translate", "answer", "agent"]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,40}$")]


class Tool(KindInputs):
    """A kind of step that the model may use."""

    kind: str = Field(min_length=1, max_length=120, description="The kind.", examples=["db_query", "github.get_issue"])
    name: Name | None = Field(default=None, description="What the model calls it; left out, the kind's name.")
    description: str | None = Field(default=None, max_length=2000, description="When the model should use it.")
    config: dict[str, Json] = Field(
        default_factory=dict, description="What is fixed; the model fills in the rest and cannot change this."
    )
    connection: str | None = Field(default=None, max_length=100, description="The connection that it uses.")
    most: int = Field(default=10, ge=1, le=100, description="How often it may be used in this step.")


class Limits(KindInputs):
    """Where the step stops."""

    turns: int | None = Field(
        default=None, ge=1, le=1000, description="Questions to models; left out, 12, and 100 for a team."
    )
    tokens: int | None = Field(default=None, ge=1, description="Tokens in and out, all questions together.")
    cost: float | None = Field(default=None, gt=0, description="US dollars.")
    time: Duration | None = Field(default=None, description="How long it may take.")


class Agent(KindInputs):
    """One of a team."""

    name: Name = Field(description="Its name.")
    role: str = Field(min_length=1, max_length=500, description="What it is.", examples=["Senior researcher"])
    goal: str = Field(min_length=1, max_length=2000, description="What it wants.")
    backstory: str = Field(default="", max_length=5000, description="What it knows of its work.")
    model: str | None = Field(default=None, max_length=200, description="Its model; left out, one is chosen.")
    tools: list[Tool] = Field(default_factory=list, max_length=30, description="What it may use.")
    delegates: bool = Field(default=False, description="Whether it may hand work to the others.")


class TeamTask(KindInputs):
    """One piece of a team's work."""

    name: Name = Field(description="Its name.")
    description: str = Field(min_length=1, max_length=10_000, description="What is to be done.")
    expected: str = Field(min_length=1, max_length=5000, description="What its result looks like.")
    agent: str | None = Field(default=None, max_length=60, description="Who does it; in a hierarchy the manager says.")
    context: list[str] = Field(default_factory=list, description="Tasks whose results it needs.")


class Inputs(KindInputs):
    """What the model does, with what, and within which limits."""

    task: Task | None = Field(default=None, description="What is to be done.")
    input: Json = Field(default=None, description="What it works on.", examples=["{{ email.text }}"])
    instructions: str | None = Field(default=None, max_length=20_000, description="How you want it done.")
    labels: list[str] | dict[str, str] | None = Field(
        default=None,
        description="For classify and decide: the labels, or each with what it means; decide has yes and no by itself.",
    )
    several: bool = Field(default=False, description="For classify: more than one label may fit.")
    fields: dict[str, str] | None = Field(
        default=None,
        description="For extract: the fields, each with what it is; without them and a schema, whatever is asked for.",
        examples=[{"total": "with tax"}],
    )
    schema_: dict[str, Any] | None = Field(
        default=None, alias="schema", description="The shape of the result, as JSON Schema."
    )
    language: str | None = Field(default=None, max_length=60, description="The language of the result.")
    words: int | None = Field(default=None, ge=1, le=20_000, description="At most so many words.")
    question: str | None = Field(
        default=None, max_length=20_000, description="For answer: the question; left out, the instructions are it."
    )
    documents: list[Json] | None = Field(
        default=None,
        max_length=200,
        description="For answer: texts, or objects with `name` and `text`; left out, the input.",
    )
    examples: list[dict[str, Json]] = Field(
        default_factory=list, max_length=50, description="Pairs of `input` and `output` to learn from."
    )
    tools: list[Tool] = Field(
        default_factory=list, max_length=30, description="What an agent, or each of a team, may use."
    )
    crew: str | None = Field(default=None, max_length=60, description="A team from the library.")
    agents: list[Agent] | None = Field(default=None, min_length=1, max_length=20, description="A team of your own.")
    tasks: list[TeamTask] | None = Field(default=None, min_length=1, max_length=50, description="The team's work.")
    process: Literal["sequential", "hierarchical"] = Field(
        default="sequential", description="One task after another, or a manager who hands them out."
    )
    planning: bool = Field(default=False, description="Whether the team plans first.")
    model: str | None = Field(default=None, max_length=200, description="The model; left out, one is chosen.")
    temperature: float = Field(default=0.0, ge=0, le=2, description="0: as much the same as the model can.")
    seed: int = Field(default=7, description="Pinned where the model takes it.")
    mends: int = Field(default=2, ge=0, le=10, description="How often a wrong answer is sent back.")
    limits: Limits = Field(default_factory=Limits, description="Where it stops.")
    hide: list[str] = Field(default_factory=list, max_length=100, description="Fields whose values no model sees.")
    cache: Literal["off", "exact", "similar"] = Field(
        default="exact", description="Whether answers to equal or similar questions of this workspace are used again."
    )

    @model_validator(mode="after")
    def _says_what(self) -> Inputs:
        team = self.crew is not None or self.agents is not None
        if team and (self.crew is not None) is (self.agents is not None):
            raise ValueError("give a `crew` from the library or `agents` of your own, not both")
        if self.agents is not None and not self.tasks:
            raise ValueError("a team needs `tasks`")
        names = [one.name for one in [*(self.agents or []), *(self.tasks or [])]]
        if len(set(names)) < len(names) or {"manager", "planner"} & set(names):
            raise ValueError("agents and tasks of a team have names of their own, none of them `manager` or `planner`")
        if not team and self.task is None:
            raise ValueError("say the `task`: classify, extract, summarise, decide, draft, translate, answer or agent")
        if self.task == "translate" and not (self.language or self.instructions):
            raise ValueError("`translate` needs a `language`")
        if self.tools and self.task != "agent" and not team:
            raise ValueError("only an `agent` or a team uses tools")
        return self


class Outputs(AnyOutput):
    """The task's fields, and `ai`: the model, what it took, each turn."""


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Ask. Raises step errors: a wrong answer, a limit, a tool that may not be used, a budget, a model that is away."""
    return Outputs(await context.thinker.think(inputs.model_dump(by_alias=True)))


KIND = Kind(
    title="AI",
    icon="sparkles",
    summary="A model reads, writes, classifies or decides; with tools it acts, with `agents` it is a team.",
    confused_with="`switch` and `regex` decide by rules and cost nothing; `transform` reshapes values.",
    examples=(
        "Classify the e-mail as complaint, question or order",
        "Extract invoice number and total from the text",
        "Summarise the ticket in three sentences",
        "Let a team research the company and write a brief",
    ),
    synonyms=("summarize", "classify", "extract", "translate", "llm", "gpt", "agent", "crew", "model", "prompt"),
    lowering=Lowering.CALL,
    effect=Effect.IDEMPOTENT,
    target_fields=("task", "crew"),
    timeout=600.0,
    queue=Queue.AI,
    retry=Retry(max_attempts=4, initial=2.0),
)
