"""What calls cost, by the prices that `genai-prices` brings along. Nothing is looked up over the network."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from flov7.llm.answers import Ask, Usage

_CHARACTERS_FOR_A_TOKEN = 3.0
"""English has about four; a reserve may be too large and never too small."""
_MOST = 4_096
"""Tokens of an answer that nobody bounds, for the reserve."""


def cost_of(model: str, usage: Usage) -> float | None:
    """US dollars; None where the model's price is not known."""
    if _known(model) is None:
        return None
    from genai_prices import Usage as Tokens
    from genai_prices import calc_price

    tokens = Tokens(
        input_tokens=usage.input_tokens, output_tokens=usage.output_tokens, cache_read_tokens=usage.cached_tokens
    )
    try:
        return float(calc_price(tokens, model_ref=model).total_price)
    except (LookupError, ValueError):
        return None


def most_of(ask: Ask) -> float:
    """US dollars that the call may cost at most, near enough; 0 where the model's price is not known."""
    characters = sum(len(str(turn)) for turn in ask.turns) + len(str(ask.schema or "")) + len(str(ask.tools))
    usage = Usage(input_tokens=round(characters / _CHARACTERS_FOR_A_TOKEN), output_tokens=ask.most or _MOST)
    return cost_of(ask.model, usage) or 0.0


@lru_cache(maxsize=256)
def _known(model: str) -> Any:
    from genai_prices import Usage as Tokens
    from genai_prices import calc_price

    try:
        return calc_price(Tokens(input_tokens=1, output_tokens=1), model_ref=model).model
    except (LookupError, ValueError):
        return None
