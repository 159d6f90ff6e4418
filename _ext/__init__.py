"""The engine: one source of a chapter in; pages and notebooks out, for every backend and language.

The flow, one module per step::

    chapters/x.md ─ split ─► code of each backend ─ execute ─► chapters/x.<backend>.ipynb
         │             └─ save: tagged cells become part of the shim (shim: who uses which)
         │                                                          │ committed: still its source's?
         └──────────────────────────── merge ◄──────────────────────┘
                                         ▼
            Sphinx reads: one doctree per page and language ◄─ catalogs ◄─ locales/<code>/*.po
              │ anchors · tabs (cells side by side) · figures · tables · studies · languages
              ├─► pages: what they say   launch (downloads) · plots · drawings · formulas (mathml)
              │                          words (the theme's, ours) · glossary (terms' other names)
              │                          references (ways back)
              │          how they look   layout (styles, scripts) · lines (of code) · foot
              │          what is around  languages · sharing (titles, cards) · search
              │                          assets (only what pages use)
              └─► notebooks: markdown (blocks), inline (sentences), numbers

`editions` builds all languages and puts them into their places, `build` runs Sphinx for one of
them, `sitemap` lists the pages for search engines. `bound` makes one file of an edition, `pdf` and
`epub`, from its `volume` of `unfolded` pages. `translate` brings the catalogs up to date;
`differences` tells what a translation has and its English has not. `compare` tells whether a
notebook that ran again says the same; `kernel` runs one, `workers` several at once. `book` holds
the settings and the error type, `digest` tells whether something is what it was, `files` writes a
file whole or not at all.
"""

import sys
from importlib import import_module

from sphinx.application import Sphinx

from .book import BookError

PARTS = (  # of the rendering half, in the order in which they are set up
    "words", "build", "merge", "anchors", "tabs", "figures", "layout", "lines", "languages",
    "plots", "drawings", "formulas", "launch", "notebooks", "tables", "studies", "search", "assets",
    "glossary", "references", "foot", "sharing", "bound",
)  # fmt: skip


def setup(app: Sphinx) -> dict:
    """Register the rendering half of the flow; it executes nothing."""
    sys.excepthook = last_word
    app.add_config_value("backends", [], "env")
    app.add_config_value("languages", [], "env")
    app.add_config_value("shim", "", "env")
    for part in PARTS:
        import_module(f".{part}", __package__).setup(app)
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
