"""The Sphinx side of the book: one chapter source in, one tab per backend out.

The flow, one module per step::

    split, plain ─► execute ─► chapters/x.<backend>.ipynb ─► executed ─► merge ─► tabs, launch
      └────► save (cells become part of the shim; `shim` knows which of it a notebook uses)

`translate` keeps the catalogs in step with the English, `catalogs` reads and compiles them once
`differences` has nothing to say; `localize` makes notebooks from them, and `editions` builds the
book in every language. `book` holds what all of them share: the settings in `_config.yml` and the
error type.
"""

import sys

from sphinx.application import Sphinx

from .book import BookError


def setup(app: Sphinx) -> dict:
    """Register the rendering half of the flow; it executes nothing."""
    from . import build, drawings, languages, launch, merge, notebooks, tables, tabs, words

    sys.excepthook = last_word
    app.add_config_value("backends", [], "env")
    app.add_config_value("languages", [], "env")
    app.add_config_value("shim", "", "env")
    for module in (words, build, merge, tabs, languages, drawings, launch, notebooks, tables):
        module.setup(app)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}


def last_word(kind, error, traceback):
    """End a stopped build with what is wrong with the book, not with Jupyter Book's traceback."""
    cause = error
    while cause is not None:
        if isinstance(cause, BookError):
            print(f"\n{cause.category}: {cause}", file=sys.stderr)
            return
        cause = cause.__cause__ or cause.__context__
    sys.__excepthook__(kind, error, traceback)
