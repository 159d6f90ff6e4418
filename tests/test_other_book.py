"""Another book, made from the engine alone as _ext/README.md says: this one knows no GAN."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from books import ROOT
from bs4 import BeautifulSoup


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """The book of the README, executed, translated and built."""
    root = tmp_path_factory.mktemp("book")
    shutil.copytree(ROOT / "_ext", root / "_ext", ignore=shutil.ignore_patterns("__pycache__"))
    blocks = re.findall(
        r"^`([\w./]+)`[^\n]*\n\n(`{3,})\w+\n(.*?)\n\2$",
        (root / "_ext" / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL,
    )  # fmt: skip
    assert len(blocks) == 5
    for name, _, text in blocks:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text + "\n", encoding="utf-8")
    (root / "calc" / "__init__.py").write_text("")
    (root / "index.md").write_text("# Home\n\nSee {doc}`sums`.\n")
    run(root, "execute")
    run(root, "translate", check=False)  # there is something left to do
    translate(root, "A third, three times:", "Một phần ba, ba lần:")
    run(root, "editions")
    return root


def run(root, module, check=True):
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-m", f"_ext.{module}"], cwd=root, env=environment, text=True,
        capture_output=True,
    )  # fmt: skip
    assert not check or not done.returncode, done.stderr
    return done.stdout


def translate(root, english, ours):
    path = root / "locales" / "vi" / "LC_MESSAGES" / "sums.po"
    text = path.read_text("utf-8")
    assert f'msgid "{english}"\nmsgstr ""' in text
    path.write_text(
        text.replace(f'msgid "{english}"\nmsgstr ""', f'msgid "{english}"\nmsgstr "{ours}"'),
        "utf-8",
    )


def page(root, name):
    return BeautifulSoup((root / "_build/html" / name).read_text("utf-8"), "html.parser")


def test_its_tabs_hold_what_its_backends_computed(book):
    article = page(book, "en/sums.html").select_one("article")
    tabs = article.select(".backends:not(.launch)")[-1]
    outputs = [pre.text.strip() for pre in tabs.select(".cell_output pre")]
    assert [label.text.strip() for label in tabs.select("label")] == ["Exact", "Quick"]
    assert outputs == ["1", "1.0"]


def test_it_speaks_its_languages(book):
    vietnamese = page(book, "vi/sums.html")
    assert "Một phần ba, ba lần:" in vietnamese.text
    assert vietnamese.select_one("article h1")["lang"] == "en"
    assert [a["hreflang"] for a in page(book, "index.html").select("main a")] == ["en", "vi"]


def test_its_downloads_run_where_they_are_unpacked(book, tmp_path):
    shutil.unpack_archive(book / "_build/html/vi/_downloads/sums.exact.zip", tmp_path)
    notebook = nbformat.read(tmp_path / "sums.exact.ipynb", as_version=4)
    assert "Một phần ba" in notebook.cells[1].source
    assert (tmp_path / "calc" / "fractions.py").is_file()
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    command = [sys.executable, "-c", code]
    assert subprocess.check_output(command, cwd=tmp_path, text=True) == "1\n"


def test_nothing_of_this_book_is_in_it(book):
    for path in [*book.rglob("*.html"), *book.glob("*.ipynb")]:
        if "_ext" not in path.parts:
            text = path.read_text("utf-8")
            assert not re.search(r"\bGANs?\b|d2l|PyTorch|MXNet|torch", text), path


def test_a_further_backend_is_a_line_a_module_and_its_cells(book):
    config = book / "_config.yml"
    last = '      - {tag: quick, label: Quick, module: math, colab: ""}\n'
    text = config.read_text("utf-8")
    config.write_text(
        text.replace(
            last, last + "      - {tag: numpy, label: NumPy, module: numpy, colab: numpy}\n"
        ),
        "utf-8",
    )
    (book / "calc" / "numpy.py").write_text("from numpy import divide as number\n")
    chapter = book / "sums.md"
    cell = "```{code-cell}\n:tags: [numpy]\n\nfrom calc import numpy as calc\n```\n\n"
    prose, shared = chapter.read_text("utf-8").split("```{code-cell}\nprint")
    chapter.write_text(f"{prose}{cell}```{{code-cell}}\nprint{shared}", "utf-8")
    run(book, "execute")
    run(book, "editions")
    tabs = page(book, "vi/sums.html").select("article .backends:not(.launch)")[-1]
    assert [label.text.strip() for label in tabs.select("label")] == ["Exact", "Quick", "NumPy"]
    assert [pre.text.strip() for pre in tabs.select(".cell_output pre")] == ["1", "1.0", "1.0"]
