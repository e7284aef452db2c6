"""Start at times: a cron line, a fixed distance, a time of day, or one moment.

Exactly one of `cron`, `every`, `at`. Times are in `time_zone`, so they follow summer time. `overlap` says what
happens where the last run is still going: pass over, wait (one or all), end the last one, or run side by side.
What was missed while nothing ran is caught up within `catch_up`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, field_validator, model_validator

from flov7.language.catalogue import Lowering
from flov7.primitives.declare import Kind, KindInputs, KindOutputs
from flov7.primitives.fields import Duration, TimeZone, rules, without

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Overlap = Literal["skip", "buffer_one", "buffer_all", "cancel_other", "terminate_other", "allow_all"]

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")  # as cron counts them


def _is_time_of_day(at: str) -> bool:
    return re.fullmatch(r"([01]?\d|2[0-3]):[0-5]\d", at) is not None


class Inputs(KindInputs):
    """When it starts."""

    model_config = ConfigDict(json_schema_extra=rules(without("cron", "every", "at", needs="cron")))

    cron: str | None = Field(
        default=None,
        description="Five cron fields: minute, hour, day of month, month, day of week.",
        examples=["0 9 * * 1-5"],
        json_schema_extra={"format": "cron", "pattern": r"^\s*\S+(\s+\S+){4}\s*$"},
    )
    every: Duration | None = Field(default=None, description="A fixed distance between starts.")
    at: str | None = Field(
        default=None,
        description="A time of day (`09:00`), daily or on `days`; or one moment (`2027-01-31T09:00`).",
        examples=["09:00", "2027-01-31T09:00"],
    )
    days: list[Day] = Field(default_factory=list[Day], description="With `at`: only on these days.")
    time_zone: TimeZone = Field(default="UTC", description="Where these times are meant.")
    overlap: Overlap = Field(default="skip", description="What happens while the last run is still going.")
    jitter: Duration | None = Field(default=None, description="Start up to this much later, at random.")
    catch_up: Duration = Field(default="1h", description="How far back missed starts are made up for.")
    paused: bool = Field(default=False, description="Known, but not started.")

    @field_validator("cron")
    @classmethod
    def _reads(cls, cron: str | None) -> str | None:
        if cron is None:
            return None
        from cronsim import CronSim, CronSimError

        if len(cron.split()) != 5:
            raise ValueError(f"a cron line has five fields, as in `0 9 * * 1-5`; `{cron}` has {len(cron.split())}")
        try:
            next(CronSim(cron, datetime(2026, 1, 1, tzinfo=UTC)))
        except (CronSimError, StopIteration) as error:
            raise ValueError(f"`{cron}` is no cron line that ever comes: {error}") from error
        return cron

    @field_validator("time_zone")
    @classmethod
    def _exists(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"there is no time zone `{zone}`; write it like `Europe/Berlin`") from error
        return zone

    @field_validator("at")
    @classmethod
    def _is_a_time(cls, at: str | None) -> str | None:
        if at is None or _is_time_of_day(at):
            return at
        try:
            datetime.fromisoformat(at)
        except ValueError as error:
            raise ValueError(f"`{at}` is neither a time like `09:00` nor a moment like `2027-01-31T09:00`") from error
        return at

    @model_validator(mode="after")
    def _one_of_three(self) -> Inputs:
        given = [name for name in ("cron", "every", "at") if getattr(self, name) is not None]
        if len(given) != 1:
            said = "none" if not given else " and ".join(given)
            raise ValueError(f"give exactly one of `cron`, `every`, `at`; here: {said}")
        if self.days and (self.at is None or not _is_time_of_day(self.at)):
            raise ValueError("`days` goes with a time of day in `at`, as in `at: 09:00`")
        return self

    def as_cron(self) -> str | None:
        """The cron line of `cron`, or of a time of day in `at`; None for `every` and for one moment."""
        if self.cron is not None or self.at is None or not _is_time_of_day(self.at):
            return self.cron
        hour, minute = self.at.split(":")
        days = ",".join(str(_DAYS.index(day)) for day in self.days) or "*"
        return f"{int(minute)} {int(hour)} * * {days}"

    def once(self) -> datetime | None:
        """The one moment in `at`, in `time_zone`; None where it starts again and again."""
        if self.at is None or _is_time_of_day(self.at):
            return None
        moment = datetime.fromisoformat(self.at)
        zone = ZoneInfo(self.time_zone)
        return moment.astimezone(zone) if moment.tzinfo else moment.replace(tzinfo=zone)


class Outputs(KindOutputs):
    """The payload of a scheduled run."""

    scheduled_at: str = Field(description="When it was due, ISO 8601 with zone.")


KIND = Kind(
    title="Schedule",
    icon="clock",
    summary="It starts by the clock: every so often, at a time of day, on a cron line, or once.",
    confused_with="`wait` pauses inside a run; this starts runs.",
    examples=("Every morning at nine", "Every Monday", "Every five minutes"),
    synonyms=("cron", "timer", "daily", "weekly", "hourly", "every", "every day"),
    lowering=Lowering.START,
)
