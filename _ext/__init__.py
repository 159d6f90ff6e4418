"""The engine: one source of a chapter in; pages and notebooks out, for every backend and language.

The flow, one module per step::

    chapters/x.md ─ split ─► code of each backend ─ execute ─► chapters/x.<backend>.ipynb
         │             └─ save: tagged cells become part of the shim (shim: who uses which)
         │                                                          │ committed: still its source's?
         └──────────────────────────── merge ◄──────────────────────┘
                                         ▼
            Sphinx reads: one doctree per page and language ◄─ catalogs ◄─ locales/<code>/*.po
              │ tabs: cells side by side · tables · languages: what is English still
              ├─► pages: formulas · launch (downloads) · drawings · words (the theme's, ours)
              │         · lines (of code) · languages · assets (only what pages use)
              └─► notebooks: markdown (blocks), inline (sentences), numbers

`editions` builds all languages and puts them into their places, `build` runs Sphinx for one of
them, `search` indexes it. `bound` makes one file of it, `pdf` and `epub`, from its `volume` of
`unfolded` pages. `translate` brings the catalogs up to date; `differences` tells what a
translation has and its English has not. `compare` tells whether a notebook that ran again says the
same. `book` holds the settings and the error type, `digest` tells whether something is what it was,
`files` writes a file whole or not at all.
"""

import sys

from sphinx.application import Sphinx

from .book import BookError


def setup(app: Sphinx) -> dict:
    """Register the rendering half of the flow; it executes nothing."""
    from . import (
        assets,
        bound,
        build,
        drawings,
        formulas,
        languages,
        launch,
        lines,
        merge,
        notebooks,
        tables,
        tabs,
        words,
    )

    sys.excepthook = last_word
    app.add_config_value("backends", [], "env")
    app.add_config_value("languages", [], "env")
    app.add_config_value("shim", "", "env")
    parts = (words, build, merge, tabs, languages, drawings, formulas, lines, launch, bound,
             notebooks, tables, assets)  # fmt: skip
    for module in parts:
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
