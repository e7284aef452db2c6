"""What is put off at import still means what it meant."""

from __future__ import annotations

import subprocess
import sys

_PROGRAM = """
import sys
import flov7.language
assert "lark" not in sys.modules, "the parser was built at import"
from jsonschema import FormatChecker
formats = FormatChecker()
assert formats.conforms("https://exämple.org/ä", "iri")
assert not formats.conforms("https://ex ample.org", "iri")
assert formats.conforms("/ä", "iri-reference")
assert "lark" in sys.modules
"""


class TestTheGrammarOfIris:
    def test_is_built_when_an_iri_is_checked_and_not_before(self) -> None:
        done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
