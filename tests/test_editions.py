"""Editions: a build is a function of the book's files, whatever was built or killed before.

EDITS=100 pytest tests/test_editions.py      tries a hundred random edits instead of a few
"""

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from books import ROOT, cell, printed
from bs4 import BeautifulSoup

from _ext.editions import MARK

EDITS = int(os.environ.get("EDITS", 6))
LANGUAGES = """\
    languages:
      - {code: en, folder: en, name: English}
      - {code: vi, folder: vi, name: Tiếng Việt}
"""
PO = """\
msgid ""
msgstr "Content-Type: text/plain; charset=utf-8"

msgid "A chapter"
msgstr "Một chương"
"""


@pytest.fixture
def small(small_book):
    """A small book in two languages, with a chapter, a page of prose and a drawing."""
    small = small_book()
    small.configure("    backends:\n", LANGUAGES + "    backends:\n")
    toc(small, "x", "y")
    small.write("index.md", "# Home\n\nSee {doc}`x` and {ref}`there`.\n")
    small.write("y.md", "(there)=\n# Prose\n\n![A drawing](img/d.svg)\n")
    small.write("img/d.svg", '<svg xmlns="http://www.w3.org/2000/svg"><text>noise</text></svg>')
    small.write("locales/vi/LC_MESSAGES/x.po", PO)
    small.write("locales/vi/LC_MESSAGES/book.po", 'msgid "noise"\nmsgstr "nhiễu"\n')
    small.write("locales/glossary.csv", "en,vi\nnoise,nhiễu\n")
    small.chapter("Text.\n\n" + cell("a", "alpha") + cell("b", "beta"))
    small.pretend_executed(lambda c, b: printed(b.tag))
    return small


def toc(small, *pages):
    files = "".join(f"\n- file: {page}" for page in pages)
    small.write("_toc.yml", f"format: jb-book\nroot: index\nchapters:{files}\n")


def start(small, site: Path) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-m", "_ext.editions", site], cwd=small.root, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, start_new_session=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def make(small, site: Path) -> str:
    """Build all editions; what was said on stderr, or "" if all is well."""
    process = start(small, site)
    _, error = process.communicate(timeout=120)
    return error if process.returncode else ""


def contents(site: Path) -> dict[str, bytes]:
    """Every file of a site, but for what the engine notes for itself."""
    return {
        path.relative_to(site).as_posix(): path.read_bytes()
        for path in sorted(site.rglob("*"))
        if path.is_file() and path.name != MARK
    }


def page(site: Path, name: str) -> BeautifulSoup:
    return BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")


class Editor:
    """Edits a small book at random: files that follow from others are kept in step."""

    def __init__(self, small, seed: int):
        self.small, self.random, self.pages = small, random.Random(seed), ["x", "y"]

    def edit(self) -> str:
        kind = self.random.choice([
            self.prose, self.prose, self.outputs, self.translate, self.say, self.draw, self.title,
            self.add_page, self.delete_page, self.reorder, self.restore_times, self.reference,
        ])  # fmt: skip
        kind(str(self.random.randrange(10**6)))
        return kind.__name__

    def prose(self, word):
        self.small.write("y.md", f"(there)=\n# Prose {word}\n\n{word} ![A](img/d.svg)\n")

    def outputs(self, word):
        self.small.pretend_executed(lambda c, b: printed(b.tag + word))

    def translate(self, word):
        self.small.write("locales/vi/LC_MESSAGES/x.po", PO + f'\nmsgid "Text."\nmsgstr "{word}"\n')

    def say(self, word):
        said = f'msgid "noise"\nmsgstr "nhiễu {word}"\n\nmsgid "Nothing found."\nmsgstr "{word}"\n'
        self.small.write("locales/vi/LC_MESSAGES/book.po", said)

    def draw(self, word):
        self.small.write("img/d.svg", f'<svg xmlns="http://www.w3.org/2000/svg" id="d{word}"/>')

    def title(self, word):
        self.small.chapter(f"Text.\n\n## Part {word}\n\n" + cell("a", "alpha") + cell("b", "beta"))
        self.small.pretend_executed(lambda c, b: printed(b.tag))

    def add_page(self, word):
        self.pages.append(f"p{word}")
        self.small.write(f"p{word}.md", f"# Page {word}\n\n{{doc}}`x`\n")
        toc(self.small, *self.pages)

    def delete_page(self, word):
        added = [page for page in self.pages if page not in ("x", "y")]  # index.md links to those
        if added:
            gone = self.random.choice(added)
            self.pages.remove(gone)
            (self.small.root / f"{gone}.md").unlink()
            toc(self.small, *self.pages)

    def reorder(self, word):
        self.random.shuffle(self.pages)
        toc(self.small, *self.pages)

    def restore_times(self, word):
        """Prose of the same length, dated yesterday, as after a checkout."""
        self.prose(word)
        os.utime(self.small.root / "y.md", (1e9, 1e9))

    def reference(self, word):
        self.small.write(
            "references.bib", f"@misc{{a, author={{A}}, title={{T{word}}}, year={{1}}}}"
        )


def test_a_build_after_edits_is_the_same_as_a_clean_one(small, tmp_path):
    editor = Editor(small, seed=int(os.environ.get("SEED", 0)))
    site, chance = tmp_path / "site", random.Random(1)
    done = []
    for number in range(EDITS):
        done.append(editor.edit())
        if chance.random() < 0.3:  # some builds never end
            done[-1] += ", killed"
            process = start(small, site)
            time.sleep(chance.uniform(0.5, 4))
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
        assert not make(small, site), done
        clean = tmp_path / f"clean{number}" / "site"
        assert not make(small, clean), done
        ours, theirs = contents(site), contents(clean)
        differing = [n for n in {*ours, *theirs} if ours.get(n) != theirs.get(n)]
        assert not differing, (done, differing)
        shutil.rmtree(clean.parent)
    print(done)


def test_nothing_is_done_if_nothing_has_changed(small, tmp_path):
    site = tmp_path / "site"
    assert not make(small, site)
    before = {path: path.stat().st_mtime_ns for path in site.rglob("*.html")}
    assert not make(small, site)
    assert before == {path: path.stat().st_mtime_ns for path in site.rglob("*.html")} | {
        site / "index.html": before[site / "index.html"]
    }


def test_a_page_that_was_cut_short_or_removed_is_repaired(small, tmp_path):
    site = tmp_path / "site"
    assert not make(small, site)
    before = contents(site)
    (site / "vi" / "x.html").write_text("<html>")
    (site / "en" / "y.html").unlink()
    assert not make(small, site)
    assert contents(site) == before


def test_a_warning_comes_back_until_it_is_mended_and_the_old_pages_stay(small, tmp_path):
    site = tmp_path / "site"
    assert not make(small, site)
    before = contents(site)
    small.write("y.md", "(there)=\n# Prose\n\n{strange}`role`\n")
    for _ in range(3):
        assert "y.md" in make(small, site)
        assert contents(site) == before
    small.write("y.md", "(there)=\n# Prose\n\n![A drawing](img/d.svg)\n")
    assert not make(small, site)
    assert contents(site) == before


def test_a_reference_to_what_is_gone_is_found_on_pages_that_did_not_change(small, tmp_path):
    site = tmp_path / "site"
    assert not make(small, site)
    small.write("y.md", "# Prose\n")
    assert "index.md" in make(small, site)


def test_pages_and_languages_that_are_gone_are_gone_from_the_site(small, tmp_path):
    site = tmp_path / "site"
    small.write("p.md", "# Zebra\n")
    toc(small, "x", "y", "p")
    assert not make(small, site)
    assert "Zebra" in (site / "en" / "search-index.js").read_text("utf-8")
    (small.root / "p.md").unlink()
    toc(small, "x", "y")
    small.configure("      - {code: vi, folder: vi, name: Tiếng Việt}\n", "")
    (site / "notes").mkdir()  # not ours
    assert not make(small, site)
    assert sorted(path.name for path in site.iterdir()) == ["en", "index.html", "notes"]
    assert not (site / "en" / "p.html").exists()
    assert "Zebra" not in (site / "en" / "search-index.js").read_text("utf-8")


def test_a_changed_word_of_any_catalog_reaches_the_pages(small, tmp_path):
    site = tmp_path / "site"
    assert not make(small, site)
    small.write(
        "locales/vi/LC_MESSAGES/book.po",
        "".join(
            f'msgid "{english}"\nmsgstr "{ours}"\n\n'
            for english, ours in {
                "noise": "ồn ào", "Copy": "Chép", "A small book": "Sách nhỏ",
                "the notebook alone": "Tải về", "ran in {seconds} s": "chạy {seconds} giây",
            }.items()
        ),
    )  # fmt: skip
    small.write("locales/vi/LC_MESSAGES/sphinx.po", 'msgid "Main"\nmsgstr "Chính"\n')
    assert not make(small, site)
    chapter = page(site, "vi/x.html")
    assert chapter.select_one("meta[name=copy]")["content"] == "Chép"
    assert "Sách nhỏ" in chapter.title.text
    assert "Tải về" in chapter.select_one(".launch").text
    assert "chạy 2 giây" in chapter.select_one(".launch").text
    assert chapter.select_one("nav[aria-label='Chính']")
    assert "ồn ào" in next((site / "vi" / "_images").glob("d*.svg")).read_text("utf-8")


def test_what_is_not_translated_is_marked_as_english_and_said_once(small, tmp_path):
    site = tmp_path / "site"
    small.configure(
        "name: Tiếng Việt}\n", "name: Tiếng Việt}\n      - {code: de, folder: de, name: Deutsch}\n"
    )
    assert not make(small, site)
    german = page(site, "de/x.html")
    assert german.html["lang"] == "de"
    assert len(german.select(".translation-note")) == 1
    assert german.select_one("article h1")["lang"] == "en"
    note, text = german.select("article section > p")
    assert note.span["lang"] == text["lang"] == "en"
    vietnamese = page(site, "vi/x.html")
    assert "lang" not in vietnamese.select_one("article h1").attrs
    assert vietnamese.find("p", string="Text.")["lang"] == "en"
    assert not page(site, "en/x.html").select(".translation-note, article [lang]")


@pytest.mark.parametrize("builds", [2])
def test_builds_at_the_same_time_wait_for_each_other(small, tmp_path, builds):
    site = tmp_path / "site"
    running = [start(small, site) for _ in range(builds)]
    errors = [process.communicate()[1] for process in running]
    assert [process.returncode for process in running] == [0] * builds
    assert any("waiting for it" in error for error in errors)
    clean = tmp_path / "clean" / "site"
    assert not make(small, clean)
    assert contents(site) == contents(clean)


def test_a_source_that_changes_while_it_is_built_stops_the_build_and_the_old_pages_stay(
    small, tmp_path
):
    site = tmp_path / "site"
    assert not make(small, site)
    before = contents(site)
    small.write("y.md", "(there)=\n# Early\n")
    process = start(small, site)
    while not (tmp_path / ".site-cache" / "vi" / "html").is_dir():  # it has read y.md
        time.sleep(0.01)
    small.write("y.md", "(there)=\n# Late\n")
    _, error = process.communicate(timeout=120)
    assert process.returncode and "changed while it was being built" in error
    assert "Traceback" not in error
    changed = {name for name, content in contents(site).items() if before.get(name) != content}
    assert not any(name.startswith("vi/") for name in changed)
    assert not make(small, site)
    assert "Late" in (site / "vi" / "y.html").read_text(encoding="utf-8")


def test_a_read_only_checkout_builds_elsewhere_and_nothing_lands_in_the_source(small, tmp_path):
    before = {path for path in small.root.rglob("*") if "site" not in path.parts}
    assert not make(small, tmp_path / "site")
    after = {path for path in small.root.rglob("*") if "site" not in str(path)}
    assert {path for path in after - before if "__pycache__" not in path.parts} == set()


def test_a_site_that_cannot_be_written_is_named(small, tmp_path):
    (tmp_path / "file").write_text("")
    error = make(small, tmp_path / "file" / "site")
    assert "Traceback" not in error and "file" in error


@pytest.mark.parametrize("builder", ["dirhtml", "html"])
def test_links_to_downloads_and_languages_come_from_the_builder(small, builder):
    from _ext import build as engine

    engine.build(small.root, small.root / "_build", builder, settings={"editions": True})
    name = "x/index.html" if builder == "dirhtml" else "x.html"
    out = small.root / "_build" / builder
    soup = page(out, name)
    own = "" if builder == "dirhtml" else "x.html"
    for link in soup.select(".launch a"):
        path, _, query = link["href"].partition("?")
        if query:  # to this page, with one of the tabs
            assert path == own
        else:
            assert ((out / name).parent / path).resolve().is_file(), link["href"]
    other = soup.select_one(".languages a[lang=vi]")["href"]
    where = ((out / name).parent / other).resolve().relative_to(out.parent)
    assert str(where) == ("vi/x" if builder == "dirhtml" else "vi/x.html")


def test_hostile_words_are_text_wherever_they_are_put_out(small, tmp_path):
    """What is no tag is allowed, and must not become one."""
    site = tmp_path / "site"
    word = "a' & b &lt;i&gt; <3"
    small.write(
        "locales/vi/LC_MESSAGES/book.po",
        "".join(
            f'msgid "{english}"\nmsgstr "{word}"\n\n'
            for english in ("noise", "Copy", "A small book", "nobody", "the notebook alone")
        ),
    )
    small.write("locales/vi/LC_MESSAGES/sphinx.po", f'msgid "Main"\nmsgstr "{word}"\n')
    small.write(
        "locales/vi/LC_MESSAGES/x.po", PO + '\nmsgid "Text."\nmsgstr "&#60;script&#62;1 < 2"\n'
    )
    assert not make(small, site)
    chapter = page(site, "vi/x.html")
    assert word in chapter.title.text
    assert chapter.select_one("meta[name=copy]")["content"] == word
    assert word in chapter.select_one(".launch").text
    assert chapter.select_one(".bd-docs-nav")["aria-label"] == word
    assert not chapter.select("article i, head i")
    assert not any("1 < 2" in script.text for script in chapter.select("script"))
    assert "<script>1 < 2" in chapter.select_one("article").text
    svg = next((site / "vi" / "_images").glob("d*.svg")).read_text("utf-8")
    assert BeautifulSoup(svg, "html.parser").text == word
    notebook = (site / "vi" / "_downloads" / "x.alpha.ipynb").read_text("utf-8")
    assert r"\\<script>1 < 2" in notebook


@pytest.mark.parametrize(
    ("catalog", "word"),
    [
        *((c, w) for c in ("x", "book", "sphinx") for w in ("<script>alert(1)</script>", "<b>")),
        *((c, '\\" onclick=\\"x') for c in ("book", "sphinx")),  # on a page, quotes are text
        *(("x", word) for word in ("{include}`x`", "{raw}`html`", "[a](javascript:x)")),
    ],
)
def test_catalogs_that_hold_markup_stop_the_build(small, tmp_path, word, catalog):
    english = {"x": "Text.", "book": "Copy", "sphinx": "Page"}[catalog]
    path = f"locales/vi/LC_MESSAGES/{catalog}.po"
    small.write(path, (PO if catalog == "x" else "") + f'\nmsgid "{english}"\nmsgstr "{word}"\n')
    error = make(small, tmp_path / "site")
    assert re.search(rf"{re.escape(path)}:\d+: ", error), error
    assert not (tmp_path / "site" / "vi").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="limits are Unix's")
@pytest.mark.parametrize("size", [2_000, 200_000])
def test_a_full_disk_is_named_and_the_old_pages_stay(small, tmp_path, size):
    import resource

    site = tmp_path / "site"
    assert not make(small, site)
    before = contents(site)
    small.write("y.md", "(there)=\n# Prose\n\nChanged.\n")
    process = subprocess.run(
        [sys.executable, "-m", "_ext.editions", site], cwd=small.root, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
    )  # fmt: skip
    assert process.returncode and "File too large" in process.stderr
    assert "Traceback" not in process.stderr
    assert contents(site) == before
    assert not make(small, site)
    assert "Changed" in (site / "en" / "y.html").read_text("utf-8")
