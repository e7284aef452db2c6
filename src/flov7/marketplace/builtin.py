"""The templates that come with the product: a folder each, read once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from flov7.kit import json
from flov7.kit.errors import Misconfigured
from flov7.marketplace.template import Template

FOLDER = Path(__file__).parent / "shelf"
"""Each folder holds `template.json` (what it is), `prompt.txt`, `document.json` and `sample.json`."""


@lru_cache(maxsize=1)
def builtin() -> dict[str, Template]:
    """All of them by slug, in alphabetical sequence. Raises Misconfigured where one does not hold."""
    return {path.name: read(path) for path in sorted(FOLDER.iterdir()) if (path / "template.json").is_file()}


def read(path: Path) -> Template:
    """The template of one folder. Raises Misconfigured."""
    try:
        about = json.loads((path / "template.json").read_bytes())
        return Template(
            slug=path.name,
            prompt=(path / "prompt.txt").read_text(encoding="utf-8").strip(),
            document=json.loads((path / "document.json").read_bytes()),
            sample=json.loads((path / "sample.json").read_bytes()),
            **about,
        )
    except (OSError, ValueError, TypeError) as error:
        raise Misconfigured(f"The template {path.name} does not hold: {error}.", hint="Mend its files.") from error
