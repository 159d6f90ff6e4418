"""Doctrees and pages of small chapters: what stands in which tab."""

import pytest
from books import cell, printed
from bs4 import BeautifulSoup
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

from _ext.book import BookError


def build(small) -> BeautifulSoup:
    """Build a small book as `jupyter-book build` would, with warnings as errors."""
    config, _ = get_final_config(
        user_yaml=small.root / "_config.yml", cli_config={"latex_individualpages": False}
    )
    out = small.root / "_build"
    with docutils_namespace():
        app = Sphinx(
            small.root, None, out / "html", out / "doctrees", "html", confoverrides=config,
            status=None, warningiserror=True,
        )  # fmt: skip
        app.build()
    page = BeautifulSoup((out / "html" / "x.html").read_text(encoding="utf-8"), "html.parser")
    return page.select_one("article")


def outline(article) -> list[str]:
    """The page as lines: prose, `[cell]`, and tab sets as `Label: cell, cell | Label: …`."""
    lines = []
    for node in article.select("section > *"):
        classes = node.get("class", [])
        if "launch" in classes:
            continue
        if "sd-tab-set" in classes:
            tabs = zip(node.select("label"), node.select(".sd-tab-content"), strict=True)
            lines.append(" | ".join(f"{label.text.strip()}: {_codes(tab)}" for label, tab in tabs))
        elif "cell" in classes:
            lines.append(f"[{_codes(node.parent, node)}]")
        elif node.name == "p":
            lines.append(node.text)
    return lines


def _codes(parent, only=None):
    cells = [only] if only else parent.select(".cell")
    return ", ".join(c.select_one(".cell_input pre").text.strip() for c in cells)


def test_runs_of_cells_become_tab_sets_and_prose_ends_a_run(small_book):
    small = small_book("alpha", "beta", "gamma")
    small.chapter(
        cell("a1", "alpha") + cell("b1", "beta") + cell("a2", "alpha") + cell("g1", "gamma")
        + "\nprose\n\n" + cell("b2", "beta") + cell("a3", "alpha") + cell("shared")
        + cell("a4", "alpha")
    )  # fmt: skip
    small.pretend_executed()
    assert outline(build(small)) == [
        "Alpha: a1, a2 | Beta: b1 | Gamma: g1",
        "prose",
        "Alpha: a3 | Beta: b2",  # in the order of the backends, whatever the source's
        "[shared]",
        "Alpha: a4",
    ]


def test_a_shared_cell_joins_the_tabs_where_outputs_differ(small_book):
    small = small_book()
    small.chapter(cell("a", "alpha") + cell("b", "beta") + cell("both"))
    small.pretend_executed(lambda c, b: printed(b.tag))
    article = build(small)
    assert outline(article) == ["Alpha: a, both | Beta: b, both"]
    tabs = article.select(".sd-tab-set:not(.launch) .sd-tab-content")
    last = [tab.select_one(".cell:last-child .output").text.strip() for tab in tabs]
    assert last == ["alpha", "beta"]


def test_tabs_are_in_step_and_the_first_backend_is_preselected(small_book):
    small = small_book()
    small.chapter(cell("a", "alpha") + cell("b", "beta"))
    small.pretend_executed()
    tabs = build(small).select_one(".sd-tab-set:not(.launch)")
    assert [label["data-sync-id"] for label in tabs.select("label")] == ["alpha", "beta"]
    assert {label["data-sync-group"] for label in tabs.select("label")} == {"backend"}
    assert [tab.has_attr("checked") for tab in tabs.select("input")] == [True, False]


def test_without_a_repository_a_chapter_offers_downloads_only(small_book):
    small = small_book()
    small.chapter(cell("a"))
    small.pretend_executed()
    launch = build(small).select_one(".launch")
    assert [a.text for a in launch.select("a")] == ["Download the notebook"] * 2
    for link, tag in zip(launch.select("a"), ("alpha", "beta"), strict=True):
        assert link["href"].endswith(f"x.{tag}.ipynb")
        assert (small.root / "_build" / "html" / link["href"]).is_file()


def test_with_a_repository_it_can_be_run_online(small_book):
    small = small_book(repository="https://github.com/owner/name")
    small.chapter(cell("a"))
    small.pretend_executed()
    links = {a["href"] for a in build(small).select(".launch a")}
    for tag in ("alpha", "beta"):
        assert (
            f"https://colab.research.google.com/github/owner/name/blob/main/x.{tag}.ipynb" in links
        )
        assert f"https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree/x.{tag}.ipynb" in links
    setup = (small.root / "x.beta.ipynb").read_text()
    assert "d2l-shim @ git+https://github.com/owner/name@main" in setup


def test_a_stale_notebook_stops_the_build(small_book):
    small = small_book()
    small.chapter(cell("a = 1"))
    small.pretend_executed()
    small.chapter(cell("a = 2"))
    with pytest.raises(BookError, match=r"code cell 2 is not what x\.md says"):
        build(small)


def test_a_missing_chapter_stops_the_build(small_book):
    small = small_book()
    with pytest.raises(BookError, match=r"_toc\.yml lists 'x', but there is no x\.md"):
        build(small)


def test_an_unknown_tag_stops_the_build(small_book):
    small = small_book()
    small.chapter(cell("a", "alpha"))
    small.pretend_executed()
    small.chapter(cell("a", "gamma"))
    with pytest.raises(BookError, match="unknown tag 'gamma'"):
        build(small)
