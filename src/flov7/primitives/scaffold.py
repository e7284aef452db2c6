"""The files of a new kind, as `flov7 new action NAME` writes them: they work as they are, with their test."""

from __future__ import annotations

import re

from flov7.kit.errors import Invalid
from flov7.language.catalogue import PrimitiveType
from flov7.primitives.registry import FOLDERS

_CALL = '''"""{title}: say here what it does. This text is its reference page."""

from __future__ import annotations

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.language.effects import Effect
from flov7.primitives.declare import Context, Kind, KindInputs, KindOutputs


class Inputs(KindInputs):
    """What it takes: validation, forms, completion and the model's schema come from here."""

    url: str = Field(description="The address to look at.", examples=["https://example.com"])


class Outputs(KindOutputs):
    """What the steps below see."""

    status: int = Field(description="The HTTP status of the answer.")


async def run(context: Context, inputs: Inputs) -> Outputs:
    """Does it once. Raise the step errors of flov7.kit.errors: they say whether the effect can have happened."""
    async with context.http() as client:
        answer = await client.get(inputs.url)
    return Outputs(status=answer.status_code)


KIND = Kind(
    title="{title}",
    icon="puzzle",
    summary="When to choose it, in one sentence, for people and models.",
    examples=("{title} please",),
    lowering=Lowering.CALL,
    effect=Effect.READ,
    target_fields=("url",),
    timeout=30.0,
)
'''

_PURE = '''"""{title}: say here what it does. This text is its reference page."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import AnyOutput, Json, Kind, KindInputs, expression


class Inputs(KindInputs):
    """What it takes: validation, forms, completion and the model's schema come from here."""

    items: Annotated[list[Json], expression()] = Field(description="An expression that gives a list.")


class Outputs(AnyOutput):
    """The list in reverse."""


def run(inputs: Inputs) -> list[Json]:
    """Pure: the same inputs give the same output, and nothing outside is touched."""
    return inputs.items[::-1]


KIND = Kind(
    title="{title}",
    icon="puzzle",
    summary="When to choose it, in one sentence, for people and models.",
    examples=("{title} please",),
    lowering=Lowering.PURE,
)
'''

_TEST_CALL = '''"""{title}: its declaration holds."""

from flov7.primitives.registry import registry


class TestTheDeclaration:
    def test_is_in_the_catalogue(self) -> None:
        kind = registry().catalogue().get("{type}", "{name}")
        assert kind is not None and kind.built

    def test_takes_its_inputs(self) -> None:
        assert registry().runner("{type}", "{name}").read({{"url": "https://example.com"}})
'''

_TEST_PURE = '''"""{title}: what it does to a list."""

from flov7.primitives.registry import registry


class TestTheList:
    def test_comes_out_in_reverse(self) -> None:
        assert registry().runner("{type}", "{name}").compute({{"items": [1, 2]}}) == [2, 1]
'''


_TABLE = """title: {title}
about: Say here what can be done with it.
docs: https://example.com/api
words: [{name}]
base: https://api.example.com/v1
auth:
  api_key:
    secret: {{key: The API key}}
    headers: {{Authorization: "Bearer {{key}}"}}
test: GET /me
paging: {{by: cursor, read: next_cursor, param: cursor, size: limit, most: 100}}
operations:
  create_thing:
    does: Create a thing
    say: [Add a thing to {title}]
    call: POST /things
    take:
      name: string! Its name
      note: string What it is about
    gives:
      id: string Its id
  list_things:
    does: List things
    say: [Get all things of {title}]
    call: GET /things
    items: things
    take:
      query: string What to look for
"""

_EXCHANGES = """# Each exchange cites the vendor's page; `date` is the day on which it was written to it.
date: "2026-01-01"
exchanges:
- op: create_thing
  source: https://example.com/api/things#create
  with: {{name: First}}
  sent: POST https://api.example.com/v1/things
  headers: {{authorization: Bearer test-key}}
  json: {{name: First}}
  status: 201
  answer: {{id: t1, name: First}}
- op: list_things
  source: https://example.com/api/things#list
  with: {{query: first, limit: 10}}
  sent: GET https://api.example.com/v1/things?query=first&limit=10
  answer: {{things: [{{id: t1}}], next_cursor: null}}
  gives: {{items: [{{id: t1}}], more: false}}
"""


def scaffold(type_: str, *, name: str) -> dict[str, str]:
    """Paths, below the repository, and texts of a new kind and its test: an `action`, a `data` kind, a `connector`.

    Raises Invalid for another type, or a name that is not snake_case.
    """
    if not re.fullmatch(r"[a-z][a-z0-9_]{0,62}", name):
        raise Invalid(f"`{name}` is no name for a kind.", hint="Write it in snake_case, as in send_fax.")
    if type_ == "connector":
        title = name.replace("_", " ").capitalize()
        folder = f"src/flov7/primitives/connectors/{name}"
        return {
            f"{folder}/connector.yaml": _TABLE.format(title=title, name=name),
            f"{folder}/exchanges.yaml": _EXCHANGES.format(title=title, name=name),
        }
    if type_ not in ("action", "data"):
        raise Invalid(
            f"There is no template for a new {type_}.",
            hint="`action`, `data` and `connector` have one; for others begin with a copy of one beside it.",
        )
    folder = FOLDERS[PrimitiveType(type_)]
    words = {"title": name.replace("_", " ").capitalize(), "type": type_, "name": name}
    source, test = (_CALL, _TEST_CALL) if type_ == "action" else (_PURE, _TEST_PURE)
    return {
        f"src/flov7/primitives/{folder}/{name}.py": source.format(**words),
        f"tests/primitives/{folder}/test_{name}.py": test.format(**words),
    }
