"""A scripted OpenAI-compatible server, for tests of this product and of what is built on it, and where no key is set.

It speaks chat completions, responses, embeddings and models; streams; calls tools; counts usage; refuses schemas that
strict rules refuse; and plays bad models on request. `flov7 scripted-model` is the same from the command line.
"""

from flov7.llm.testing.faults import Fault, at_fault
from flov7.llm.testing.request import Request
from flov7.llm.testing.rules import Rules, read_rules
from flov7.llm.testing.scripted import Play, Scripted, ToolCall
from flov7.llm.testing.server import ScriptedModel, scripted_model
from flov7.llm.testing.stand_in import stand_in

__all__ = [
    "Fault",
    "Play",
    "Request",
    "Rules",
    "Scripted",
    "ScriptedModel",
    "ToolCall",
    "at_fault",
    "read_rules",
    "scripted_model",
    "stand_in",
]
