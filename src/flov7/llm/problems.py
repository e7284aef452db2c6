"""What goes wrong with models, in words of ours."""

from __future__ import annotations

from flov7.kit.errors import Misconfigured, Unavailable
from flov7.llm.answers import Answer


def refused(words: str | None) -> Unavailable:
    """The model will not."""
    return Unavailable(
        f"The model will not answer this{f': {words}' if words else '.'}",
        hint="Ask in other words, or let a person do this step (`on_error`).",
        code="llm.refused",
    )


def cut() -> Unavailable:
    """The answer was cut off."""
    return Unavailable(
        "The model's answer was cut off before its end.",
        hint="Allow it more tokens, or give it less to read.",
        code="llm.cut",
    )


def broken_off() -> Unavailable:
    """The stream ended in the middle."""
    return Unavailable("The model's answer broke off in the middle.", hint="Try again.", code="llm.broken_off")


def empty() -> Unavailable:
    """There is nothing in the answer."""
    return Unavailable("The model's answer is empty.", code="llm.unusable")


def not_json(answer: Answer) -> Unavailable:
    """Words where a value was asked for; `began` is how they begin, the usage is what they took."""
    return Unavailable(
        "The model's answer is not the JSON that was asked for.",
        hint="Try again, or choose a model that knows structured outputs.",
        code="llm.unusable",
        details={
            "began": answer.text[:2000],
            "input_tokens": answer.usage.input_tokens,
            "output_tokens": answer.usage.output_tokens,
        },
    )


def status_problem(status: int, words: str, retry_after: str | None, model: str) -> Unavailable | Misconfigured:
    """What an HTTP status of the endpoint means."""
    match status:
        case 401 | 403:
            hint = "Set OPENAI_API_KEY (or FLOV7_LLM_API_KEY) to a key of this endpoint."
            return Misconfigured("The model's endpoint does not take the key.", hint=hint, code="llm.key")
        case 404:
            hint = "Set FLOV7_LLM_MODEL to one that it has."
            return Misconfigured(f"The endpoint has no model `{model}`.", hint=hint, code="llm.no_model")
        case 429:
            after = float(retry_after) if retry_after and retry_after.replace(".", "", 1).isdigit() else None
            return Unavailable("The model's endpoint has too much to do.", code="llm.busy", retry_after=after)
        case 400 | 422:
            return Unavailable(f"The model's endpoint refuses the request: {words}", code="llm.unusable")
        case _:
            return Unavailable(f"The model's endpoint fails (status {status}).", code="llm.failed")
