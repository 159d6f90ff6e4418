"""Small chapters in, doctrees out: compared with those in tests/doctrees.

UPDATE=1 pytest tests/test_doctrees.py      writes them anew; then read the difference
"""

import os
import pickle
import re

import pytest
from books import ROOT, cell, printed

from _ext import build as engine

CHAPTERS = {
    "tabs": cell("a1", "alpha") + cell("b1", "beta") + cell("a2", "alpha") + "\nprose\n\n"
    + cell("b2", "beta") + cell("shared"),
    "outputs-that-differ": cell("own", "alpha") + cell("both"),
    "hidden": cell("a", "alpha", "hide-input") + cell("nowhere", "remove-cell"),
    "prose": ":::{note}\nBy {eq}`e`.\n:::\n\n$$\nx\n$$ (e)\n\n" + cell("a"),
}  # fmt: skip


@pytest.mark.parametrize("name", CHAPTERS)
def test_the_doctree_is_as_it_was(small_book, name):
    small = small_book()
    small.chapter(CHAPTERS[name])
    differ = name == "outputs-that-differ"
    small.pretend_executed(lambda c, b: printed(b.tag if differ else "the same"))
    engine.build(small.root, small.root / "_build", "notebook")
    doctree = pickle.loads((small.root / "_build" / "doctrees" / "x.doctree").read_bytes())
    text = re.sub(r' source="[^"]*"| xml:space="preserve"', "", doctree.pformat())
    golden = ROOT / "tests" / "doctrees" / f"{name}.xml"
    if os.environ.get("UPDATE"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")
