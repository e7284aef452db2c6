"""Every function that expressions may call. Importing this fills the table."""

from flov7.language.expressions.functions import codecs, dates, lists, numbers, patterns, text
from flov7.language.expressions.functions.registry import FUNCTIONS, Function

__all__ = ["FUNCTIONS", "Function", "codecs", "dates", "lists", "numbers", "patterns", "text"]
