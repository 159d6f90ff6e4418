"""Doctrees and pages of small chapters: what stands in which tab."""

import zipfile

import nbformat
import pytest
from books import cell, printed
from bs4 import BeautifulSoup

from _ext import build as engine
from _ext import last_word
from _ext.book import BookError
from _ext.kernel import execute
from _ext.save import save


def build(small) -> BeautifulSoup:
    """Build a small book as `jupyter-book build` would, with warnings as errors."""
    out = small.root / "_build"
    engine.build(small.root, out, "notebook", "html")
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
    for tag, label in (("alpha", "Alpha"), ("beta", "Beta")):
        *files, here = launch.select(f".launch a[href*={tag}]")
        assert [a.text for a in files] == ["Download, ready to run (zip)", "the notebook alone"]
        for link, kind in zip(files, ("zip", "ipynb"), strict=True):
            assert link["href"].endswith(f"x.{tag}.{kind}")
            assert (small.root / "_build" / "html" / link["href"]).is_file()
        assert (here.text, here["href"]) == (
            f"link to this page in {label}",
            f"x.html?backend={tag}",
        )


def test_what_is_unpacked_from_the_zip_runs(small_book, tmp_path):
    small = small_book()
    small.chapter(cell("def f():\n    pass", "save") + cell("from d2l_shim import alpha as d2l"))
    save(small.book)
    small.pretend_executed()
    (small.root / "secret.py").write_text("password = 1")
    (small.root / "d2l_shim" / "link.py").symlink_to(small.root / "secret.py")
    (small.root / "d2l_shim" / "saved" / "link").symlink_to(small.root)
    href = build(small).select_one(".launch a")["href"]
    with zipfile.ZipFile(small.root / "_build" / "html" / href) as archive:
        shim = {f"d2l_shim/{n}.py" for n in ("__init__", "alpha", "beta", "tools")}
        shim |= {f"d2l_shim/saved/{n}__init__.py" for n in ("", "alpha/", "beta/")}
        shim |= {f"d2l_shim/saved/{n}/x.py" for n in ("alpha", "beta")}
        assert set(archive.namelist()) == {"x.alpha.ipynb", *shim}
        archive.extractall(tmp_path / "elsewhere")
    notebook = nbformat.read(tmp_path / "elsewhere" / "x.alpha.ipynb", as_version=4)
    execute(notebook, "x", tmp_path / "elsewhere")


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


def test_a_rebuild_sees_new_outputs_and_a_new_repository(small_book):
    small = small_book()
    small.chapter(cell("a"))
    small.pretend_executed(lambda c, b: printed("before"))
    assert "before" in build(small).text
    small.pretend_executed(lambda c, b: printed("after"))
    assert "after" in build(small).text
    config = small.root / "_config.yml"
    config.write_text(config.read_text().replace('url: ""', "url: https://github.com/a/b"))
    small.pretend_executed(lambda c, b: printed("after"))
    assert "Open in Colab" in build(small).text


def test_numbers_in_the_notebooks_are_the_pages(small_book):
    small = small_book()
    (small.root / "_toc.yml").write_text(
        "format: jb-book\nroot: index\nparts:\n- numbered: true\n  chapters:\n"
        "  - file: y\n  - file: x\n"
    )
    small.chapter("$$\n1\n$$ (eq-y)\n\n" + cell("a"), "y")
    small.chapter(
        "$$\n1\n$$ (eq-one)\n\n:::{note}\n$$\n2\n$$ (eq-two)\n:::\n\n"
        "See {eq}`eq-two` and {eq}`eq-y`.\n\n" + cell("a")
    )
    small.pretend_executed()
    small.pretend_executed(name="y")
    article = build(small)
    assert [node.text.removesuffix("#") for node in article.select(".eqno")] == ["(2.1)", "(2.2)"]
    prose = (small.root / "_build/notebook/x.alpha.ipynb").read_text()
    assert "\\\\tag{2.1}" in prose and "\\\\tag{2.2}" in prose
    assert "See (2.2) and (1.1)." in prose and "See (2.2) and (1.1)." in article.text


def test_code_cells_without_the_header_are_refused(small_book):
    small = small_book()
    (small.root / "x.md").write_text("# A chapter\n\n" + cell("a"))
    with pytest.raises(BookError, match=r"x\.md has code cells, but does not begin as a notebook"):
        build(small)


def test_the_launch_links_stand_under_the_title(small_book):
    small = small_book()
    small.chapter(cell("a"))
    text = (small.root / "x.md").read_text()
    (small.root / "x.md").write_text(text.replace("# A ch", ":::{note}\nFirst.\n:::\n\n# A ch"))
    small.pretend_executed()
    build(small)
    page = BeautifulSoup((small.root / "_build/html/x.html").read_text(), "html.parser")
    assert page.select_one(".launch").find_previous_sibling().name == "h1"


def test_the_last_word_is_what_is_wrong(capsys):
    try:
        try:
            raise BookError("x.md: this is wrong")
        except BookError as error:
            raise RuntimeError("look above for the cause") from error
    except RuntimeError as error:
        last_word(RuntimeError, error, None)
    assert capsys.readouterr().err == "\nBook error: x.md: this is wrong\n"


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


def test_an_unknown_language_stops_the_build(small_book):
    small = small_book()
    small.chapter(cell("a"))
    small.pretend_executed()
    with pytest.raises(BookError, match=r"language 'xx' is none of _config\.yml's: en"):
        engine.build(small.root, small.root / "_build", "html", language="xx")


def test_an_unknown_tag_stops_the_build(small_book):
    small = small_book()
    small.chapter(cell("a", "alpha"))
    small.pretend_executed()
    small.chapter(cell("a", "gamma"))
    with pytest.raises(BookError, match="unknown tag 'gamma'"):
        build(small)
