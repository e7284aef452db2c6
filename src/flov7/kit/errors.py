"""The whole error tree; each class says its code, its HTTP status, whether a retry can help, who must act.

    FlowError                 internal             500  –      us
    ├── Refused               request.refused      400  never  the caller
    │   ├── Invalid           request.invalid      422  never  the caller (carries diagnostics or field errors)
    │   ├── Unauthenticated   auth.missing         401  never  the caller
    │   ├── Forbidden         auth.forbidden       403  never  the caller
    │   ├── NotFound          request.not_found    404  never  the caller
    │   ├── Conflict          request.conflict     409  never  the caller
    │   ├── Gone              request.gone         410  never  the caller
    │   ├── TooLarge          request.too_large    413  never  the caller
    │   ├── Unsupported       request.unsupported  415  never  the caller
    │   └── TooMany           request.too_many     429  later  the caller, after `retry_after` seconds
    ├── Unavailable           service.unavailable  503  later  the operator (a peer of ours is down)
    ├── StepFailed            step.failed          502  maybe  the workflow's author
    │   ├── StepRefused       step.refused         502  never  the workflow's author (a repeat gives the same)
    │   ├── StepTimedOut      step.timed_out       504  maybe  the workflow's author
    │   ├── StepBroken        step.broken_off      502  maybe  the peer (nobody knows whether the effect happened)
    │   └── StepUnreachable   step.unreachable     502  yes    the peer (the effect surely did not happen)
    └── Misconfigured         settings.invalid     500  never  the operator

A class is translated once at each edge: `gateway/errors.py` for HTTP, `engine/failures.py` for Temporal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class FlowError(Exception):
    """Base of every error that Flov7 raises on purpose.

    Attributes: `code` (dotted, stable), `message` (plain words), `hint` (the mend, may be empty),
    `details` (JSON, e.g. diagnostics), `retry_after` (seconds, where a repeat can help later).
    """

    code: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        code: str | None = None,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.error_code: str = code or type(self).code
        self.details: dict[str, Any] = dict(details or {})
        self.retry_after = retry_after

    def as_json(self) -> dict[str, Any]:
        """The error as people and programs see it: `{code, message, hint, details?}`."""
        body: dict[str, Any] = {"code": self.error_code, "message": self.message, "hint": self.hint}
        if self.details:
            body["details"] = self.details
        return body


class Refused(FlowError):
    """The caller asked for something that cannot be done as asked."""

    code = "request.refused"
    status = 400


class Invalid(Refused):
    """What the caller sent does not hold; `details` says where."""

    code = "request.invalid"
    status = 422


class Unauthenticated(Refused):
    """No key, or one that does not open."""

    code = "auth.missing"
    status = 401


class Forbidden(Refused):
    """The key is good, but not for this."""

    code = "auth.forbidden"
    status = 403


class NotFound(Refused):
    """There is no such thing in this workspace."""

    code = "request.not_found"
    status = 404


class Conflict(Refused):
    """It collides with what is there."""

    code = "request.conflict"
    status = 409


class Gone(Refused):
    """It was there, and is no longer answered."""

    code = "request.gone"
    status = 410


class TooLarge(Refused):
    """More than the limit that the message names."""

    code = "request.too_large"
    status = 413


class Unsupported(Refused):
    """A content type or an encoding that is not read here."""

    code = "request.unsupported"
    status = 415


class TooMany(Refused):
    """Too often; `retry_after` says when again."""

    code = "request.too_many"
    status = 429
    retryable = True


class Unavailable(FlowError):
    """One of our own peers (database, Temporal, cache) does not answer."""

    code = "service.unavailable"
    status = 503
    retryable = True


class StepFailed(FlowError):
    """A step's work went wrong; a repeat may help."""

    code = "step.failed"
    status = 502
    retryable = True


class StepRefused(StepFailed):
    """The outside said no; a repeat gives the same answer."""

    code = "step.refused"
    retryable = False


class StepTimedOut(StepFailed):
    """No answer within the step's time limit; the effect may have happened."""

    code = "step.timed_out"
    status = 504


class StepBroken(StepFailed):
    """The connection broke before an answer had come; the effect may have happened."""

    code = "step.broken_off"


class StepUnreachable(StepFailed):
    """The peer was not reached or turned the request away: the effect surely did not happen."""

    code = "step.unreachable"


class Misconfigured(FlowError):
    """A setting does not hold; the message names it and the mend."""

    code = "settings.invalid"
