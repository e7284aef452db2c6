"""Parts of an HTML page, by CSS selectors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from flov7.kit.errors import StepRefused

LARGEST = 5_000_000
"""Characters of a page."""


def select(html: str, wanted: Mapping[str, str], *, each: str | None = None) -> Any:
    """`{name: text}` of what the selectors find first, null where nothing is; with `each` a list of such objects.

    `a.more@href` gives an attribute. Raises StepRefused for a selector that is none.
    """
    from lxml import html as pages

    if len(html) > LARGEST:
        raise StepRefused(f"This page is longer than {LARGEST:,} characters.", code="format.html")
    if not wanted:
        raise StepRefused("Nothing is selected.", hint='Give `select`, as {"title": "h1"}.', code="format.html")
    if not html.strip():
        return [] if each else dict.fromkeys(wanted)
    parser = pages.HTMLParser(no_network=True, huge_tree=False)
    root = pages.document_fromstring(html, parser=parser)
    found = {name: _compiled(selector) for name, selector in wanted.items()}
    if each is None:
        return _object(root, found)
    return [_object(one, found) for one in _compiled(each)[0](root)]


def _compiled(selector: str) -> tuple[Any, str | None]:
    from cssselect import SelectorError
    from lxml.cssselect import CSSSelector

    path, mark, attribute = selector.rpartition("@")
    if not mark:
        path, attribute = selector, ""
    try:
        return CSSSelector(path.strip() or "*", translator="html"), attribute.strip() or None
    except SelectorError as error:
        raise StepRefused(
            f"`{selector}` is no CSS selector: {error}.", hint="Write it as `div.price > span`.", code="format.html"
        ) from error


def _object(element: Any, wanted: Mapping[str, tuple[Any, str | None]]) -> dict[str, Any]:
    return {name: _value(element, selector, attribute) for name, (selector, attribute) in wanted.items()}


def _value(element: Any, selector: Any, attribute: str | None) -> str | None:
    matches = selector(element)
    if not matches:
        return None
    if attribute is not None:
        found = matches[0].get(attribute)
        return None if found is None else str(found)
    return re.sub(r"\s+", " ", "".join(matches[0].itertext())).strip()
