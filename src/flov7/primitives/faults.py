"""What a peer can do wrong, for every kind that has one: the error, whether it can help to try again, and the mend.

The table is `faults.yaml`; the tests hold every line of it against a server with that fault.
"""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flov7.primitives.connectors.reading import read_text


class Fault(StrEnum):
    """One thing that goes wrong at the other side."""

    REFUSED = "refused"
    SLOW = "slow"
    HALF = "half"
    WRONG_TYPE = "wrong_type"
    TOO_LARGE = "too_large"
    WRONG_CHARSET = "wrong_charset"
    EXPIRED = "expired"
    QUOTA = "quota"


MEANING = {
    Fault.REFUSED: "nobody listens there",
    Fault.SLOW: "no answer in time",
    Fault.HALF: "the answer breaks off in the middle",
    Fault.WRONG_TYPE: "something else answers than what should be there",
    Fault.TOO_LARGE: "more comes, or is sent, than is taken",
    Fault.WRONG_CHARSET: "text is in another writing than it says",
    Fault.EXPIRED: "the credential no longer holds",
    Fault.QUOTA: "there were too many already",
}


class Outcome(BaseModel):
    """What a fault leads to: an error, or `passes` with what happens instead; `untried` says why no test has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str = ""
    again: bool = Field(default=False, description="Whether a retry can help; then it is made by itself.")
    unknown: bool = Field(default=False, description="Whether the effect may have happened all the same.")
    do: str = Field(default="", description="How the error's hint begins.")
    passes: str = ""
    untried: str = ""

    @model_validator(mode="after")
    def _one(self) -> Outcome:
        if sum(bool(one) for one in (self.code, self.passes, self.untried)) != 1:
            raise ValueError("one of `code`, `passes` and `untried`")
        if self.code and not self.do:
            raise ValueError("an error says what to do")
        return self


Table = dict[Fault, Outcome]


@cache
def faults() -> dict[str, Table]:
    """The table of every kind; the part after a blank says which peer, as in `action/db_query redis`."""
    text = files("flov7.primitives").joinpath("faults.yaml").read_bytes()
    value = read_text(text, what="The table of faults")
    return {
        kind: {Fault(name): Outcome.model_validate(one) for name, one in table.items()} for kind, table in value.items()
    }
