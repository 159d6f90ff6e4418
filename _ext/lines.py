"""Lines: each line of code is an element of its own: a long one wraps, and shows that it does.

The mark before what was wrapped is drawn by code.css, so the text that readers copy has none.
"""

from __future__ import annotations

from collections.abc import Iterator

from pygments.formatters import HtmlFormatter
from sphinx.application import Sphinx


def setup(app: Sphinx) -> None:
    app.connect("builder-inited", mark_lines)


def mark_lines(app: Sphinx) -> None:
    if app.builder.format == "html":
        app.builder.highlighter.formatter = Lines


class Lines(HtmlFormatter):
    """Sphinx's formatter, with `<span class="line">` around every line."""

    def wrap(self, source: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        return super().wrap(
            (is_code, f'<span class="line">{line}</span>' if is_code else line)
            for is_code, line in source
        )
