"""Dates between forms and zones. Nothing here looks at the clock."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from flov7.kit.errors import StepRefused


def read(value: object, *, form: str | None = None, zone: str = "UTC") -> datetime:
    """A moment with its zone, from ISO 8601, an e-mail date, seconds since 1970, or `form` (strptime).

    A text without zone is meant in `zone`. Raises StepRefused.
    """
    try:
        moment = _moment(value, form)
    except (ValueError, TypeError, OverflowError, OSError) as error:
        wanted = f"of the form `{form}`" if form else "ISO 8601, as in `2027-01-31T09:00:00Z`"
        raise StepRefused(f"`{str(value)[:80]}` is no date {wanted}.", code="format.date") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone_of(zone))


def show(moment: datetime, *, form: str | None = None, zone: str | None = None) -> str:
    """The moment in `zone`, by `form` (strftime) or as ISO 8601."""
    moment = moment.astimezone(zone_of(zone)) if zone else moment
    if form:
        return moment.strftime(form)
    return moment.isoformat().replace("+00:00", "Z")


def zone_of(name: str) -> ZoneInfo:
    """The zone of that name. Raises StepRefused."""
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError) as error:
        raise StepRefused(
            f"There is no time zone `{name}`.", hint="Write it like `Europe/Berlin`.", code="format.date"
        ) from error


def _moment(value: object, form: str | None) -> datetime:
    if isinstance(value, bool) or value is None:
        raise TypeError("no date")
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, tz=UTC)
    if not isinstance(value, str):
        raise TypeError("no date")
    if form:
        return datetime.strptime(value, form)  # the caller adds the zone
    try:
        return datetime.fromisoformat(value.strip())
    except ValueError:
        return parsedate_to_datetime(value)
