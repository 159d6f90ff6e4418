"""Pages quote studies: the table, and values in sentences, in every language, in notebooks too."""

import json

import nbformat
import pytest
from books import cell

from _ext.book import BookError
from _ext.build import build

STUDY = {
    "command": "python -m studies luck", "seeds": [0, 1, 2], "seconds": 200, "tolerance": "2.5 %",
    "machine": "a_machine", "values": {"factor": "12.5", "n": "7"},
    "table": [{"way": "as *it* was", "median": "0.10"}, {"way": "lr_D 0.1 <b>", "median": "1,000"}],
}  # fmt: skip


@pytest.fixture
def book(small_book):
    def make(body, study=STUDY, **catalogs):
        small = small_book("alpha")
        results = small.root / "studies" / "results"
        results.mkdir(parents=True)
        (results / "luck.json").write_text(json.dumps(study))
        small.chapter(body + cell("print(1)"))
        small.pretend_executed(lambda c, b: [])
        return small

    return make


def html(small):
    build(small.root, small.root / "_build", "html", "notebook")
    return (small.root / "_build" / "html" / "x.html").read_text(encoding="utf-8")


def test_a_table_a_value_and_how_they_came(book):
    small = book("It is {study}`luck: factor` times as good.\n\n```{study} luck\n```\n")
    page = html(small)
    assert "It is 12.5 times as good." in page
    for words in ("as *it* was", "lr_D 0.1 &lt;b&gt;", "1,000", "seeds 0–2, in 3 min"):
        assert words in page
    assert '<span class="pre">python</span> <span class="pre">-m</span>' in page
    path = small.root / "_build" / "notebook" / "x.alpha.ipynb"
    text = "\n".join(c.source for c in nbformat.read(path, as_version=4).cells)
    assert "It is 12.5 times" in text and "| 1,000 |" in text.replace("  ", " ")
    assert "`python -m studies luck`" in text


def test_rows_can_be_chosen(book):
    page = html(book("```{study} luck\nlr_D 0.1 <b>\n```\n"))
    assert "lr_D 0.1" in page and "as *it*" not in page


def test_a_page_follows_its_study(book):
    small = book("It is {study}`luck: n`.\n")
    assert "It is 7." in html(small)
    other = STUDY | {"values": {"n": "8"}}
    (small.root / "studies" / "results" / "luck.json").write_text(json.dumps(other))
    assert "It is 8." in html(small)


@pytest.mark.parametrize(
    "body, message",
    [
        ("```{study} lack\n```\n", r"x\.md, line \d+: there is no .*lack\.json; .* luck$"),
        ("{study}`lack: n`\n", r"x\.md, line \d+: there is no .*lack\.json; .* luck$"),
        ("{study}`luck: m`\n", r"the study 'luck' has no value 'm'; it has 'factor', 'n'$"),
        ("{study}`luck`\n", r"the study 'luck' has no value ''"),
        ("```{study} luck\nas it was\n```\n", r"no row 'as it was'; it has 'as \*it\* was', "),
    ],
)
def test_what_a_study_has_not_is_named(book, body, message):
    with pytest.raises(BookError, match=message):
        html(book(body))


def test_a_damaged_file_is_named(book):
    small = book("{study}`luck: n`\n")
    (small.root / "studies" / "results" / "luck.json").write_text("{")
    with pytest.raises(BookError, match=r"luck\.json is no JSON"):
        html(small)
