"""Markdown to HTML, as CommonMark and tables have it. HTML inside the text is shown as text, not taken over."""

from __future__ import annotations


def html(text: str) -> str:
    """The HTML of a Markdown text."""
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table").render(text).strip()
