"""CrewAI, imported quietly: no telemetry, no traces, no questions on the screen, its files in a folder of ours.

Source: CrewAI 1.15, "Telemetry" and `crewai_core.paths`; an audit of its sockets showed loopback only with these set.
"""

from __future__ import annotations

import logging
import os
import tempfile
import threading
import warnings
from types import ModuleType

_SET = {
    "CREWAI_DISABLE_TELEMETRY": "true",
    "CREWAI_DISABLE_TRACKING": "true",
    "CREWAI_DISABLE_VERSION_CHECK": "true",
    "CREWAI_TRACING_ENABLED": "false",
    "CREWAI_TESTING": "true",
}


_ONE = threading.Lock()


def crewai(folder: str = "") -> ModuleType:
    """The package, imported once; what it writes lies in `folder`, or in one that is made for this process.

    Under one lock: two threads that import it at once would meet it half made.
    """
    with _ONE:
        return _imported(folder)


def _imported(folder: str) -> ModuleType:
    os.environ.update(_SET)
    os.environ.setdefault("CREWAI_STORAGE_DIR", folder or tempfile.mkdtemp(prefix="flov7-crews-"))
    for name in ("crewai", "crewai.telemetry", "crewai.utilities.token_counter_callback"):
        logging.getLogger(name).setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its own imports warn of themselves
        import crewai as package

    return package
