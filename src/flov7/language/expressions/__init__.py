"""The expressions of Flow7: Python expressions over JSON values, with the sugar that people bring along.

`parse` reads one expression, `parse_template` text with `{{ … }}` in it, `parse_value` JSON with such texts.
What is read can be evaluated any number of times, purely, within a budget of work, size and depth.
"""

from flov7.language.expressions.budget import Budget
from flov7.language.expressions.clock import Clock, RunClock
from flov7.language.expressions.errors import ExpressionError
from flov7.language.expressions.expression import Expression, parse
from flov7.language.expressions.functions import FUNCTIONS, Function
from flov7.language.expressions.methods import METHODS
from flov7.language.expressions.paths import Reference
from flov7.language.expressions.template import Template, ValueTemplate, parse_template, parse_value
from flov7.language.expressions.values import Json, Scope

__all__ = [
    "FUNCTIONS",
    "METHODS",
    "Budget",
    "Clock",
    "Expression",
    "ExpressionError",
    "Function",
    "Json",
    "Reference",
    "RunClock",
    "Scope",
    "Template",
    "ValueTemplate",
    "parse",
    "parse_template",
    "parse_value",
]
