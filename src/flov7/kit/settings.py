"""The base of every room's settings: read from `FLOV7_…`, and an error names the variable and the mend."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Self

from pydantic import ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from flov7.kit.errors import Misconfigured

PREFIX = "FLOV7_"


class Environment(StrEnum):
    """Where this runs. Production refuses debug, default keys and embedded servers."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


class Settings(BaseSettings):
    """A room's settings. A subclass adds fields; a validator's message should say the mend."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore", hide_input_in_errors=True)

    environment: Environment = Environment.DEVELOPMENT
    """Where this runs: development, staging or production."""
    debug: bool = False
    """Say more than a user should see; refused in production."""

    @model_validator(mode="after")
    def _no_debug_in_production(self) -> Self:
        if self.debug and self.in_production:
            raise ValueError("FLOV7_DEBUG is on in production; set it to false, or FLOV7_ENVIRONMENT to staging")
        return self

    @property
    def in_production(self) -> bool:
        """Whether nothing may be left at its default that must not be."""
        return self.environment is Environment.PRODUCTION

    @classmethod
    def load(cls, **given: Any) -> Self:
        """From the environment, `given` winning. Raises `Misconfigured` naming each variable that is wrong."""
        try:
            return cls(**given)
        except ValidationError as error:
            raise _explain(error) from error

    @classmethod
    def variables(cls) -> dict[str, str]:
        """`{environment variable: field name}`, for the reference page and `flov7 doctor`."""
        return {f"{PREFIX}{name}".upper(): name for name in cls.model_fields}


def _explain(error: ValidationError) -> Misconfigured:
    complaints: list[str] = []
    for problem in error.errors(include_url=False, include_input=False):
        place = "_".join(str(part) for part in problem["loc"])
        words = problem["msg"].removeprefix("Value error, ")
        complaints.append(f"{PREFIX}{place.upper()}: {words}" if place else words)
    return Misconfigured(
        "A setting does not hold: " + "; ".join(complaints),
        hint="Set the variable as the message says, then start again; `flov7 doctor` checks all of them.",
        details={"settings": complaints},
    )
