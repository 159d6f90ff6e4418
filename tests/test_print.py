"""Pages on paper, as Chromium prints them by default: nothing is cut, blank, folded or pale."""

import re
import shutil
import subprocess

import numpy as np
import pytest
import test_browser
from PIL import Image
from the_book import BOOK

pytestmark = [
    *[test_browser.pytestmark],
    pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils is not installed"),
]
browser, url, open_page = test_browser.browser, test_browser.url, test_browser.open_page


@pytest.fixture
def on_paper(open_page, tmp_path):
    """Print a page; its text, and its sheets as arrays."""

    def show(path, scheme="light", backend="PyTorch", width=1280):
        page = open_page(path, scheme, width)
        page.locator(".sd-tab-set label", has_text=backend).first.click()
        # printing loads what is out of sight, and a film that is there becomes a player
        page.evaluate("for (const image of document.images) image.loading = 'eager'")
        page.wait_for_function("[...document.images].every(image => image.complete)")
        page.wait_for_timeout(300)
        screen = page.evaluate(STATE)
        pdf = tmp_path / "page.pdf"
        page.pdf(path=pdf)
        assert page.evaluate(STATE) == screen, "the screen is not what it was before printing"
        return read(pdf)

    return show


STATE = """() => [document.documentElement.dataset.theme,
    document.querySelector("article").innerHTML,
    document.querySelectorAll("details[open]").length]"""


def read(pdf):
    """The text of a PDF, and its sheets."""
    for old in pdf.parent.glob("page*.png"):
        old.unlink()
    text = subprocess.run(["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True)
    subprocess.run(["pdftoppm", "-r", "40", "-png", pdf, pdf.with_suffix("")], check=True)
    sheets = [
        np.array(Image.open(file).convert("RGB")) for file in sorted(pdf.parent.glob("page*.png"))
    ]
    return text.stdout.decode(), sheets


@pytest.mark.parametrize(
    ("path", "says", "heading"),
    [
        ("en/chapters/gaussian", "code and results of", "Answers and solutions"),
        ("vi/chapters/convergence", "mã và kết quả của", "Đáp án và lời giải"),
        ("pt-br/chapters/dcgan", "o código e os resultados em", "Respostas e soluções"),
    ],
)
@pytest.mark.parametrize("backend", ["PyTorch", "MXNet"])
def test_paper_has_the_chosen_tab_and_all_that_is_folded(on_paper, path, says, heading, backend):
    text, _ = on_paper(path, backend=backend)
    number = BOOK.chapters().index(path.partition("/")[2]) + 1
    assert text.lstrip().startswith(f"{number}. ")
    assert text.count(f"{says} {backend}.") == 1
    other = {"PyTorch": r"from mxnet|import mxnet", "MXNet": r"import torch\b"}[backend]
    assert not re.search(other, text) and re.search(r"import (torch|mxnet)|from mxnet", text)
    body, answers = re.split(rf"^\s*{heading}\n", text, flags=re.MULTILINE)
    count = 0
    for number in re.findall(r"^\s*(\d+)\. ", answers, re.MULTILINE):
        count += int(number) == count + 1  # another one begins a line of an answer
    assert [int(n) for n in re.findall(r"→ ?(\d+)$", body, re.MULTILINE)] == [*range(1, count + 1)]
    assert count >= 5


def test_paper_has_what_the_page_has(open_page, tmp_path):
    page = open_page("en/chapters/digits")
    page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true; })")
    # of a table, word by word: the cells of a row are wrapped beside each other
    cells = page.evaluate(
        """() => [...document.querySelectorAll("article table")].flatMap(
            e => { const words = e.innerText.split(/\\s+/); e.remove(); return words; })"""
    )
    words = page.evaluate(
        """() => { for (const e of document.querySelectorAll(
            ".headerlink, .copybtn, .launch, label, .math, script, summary, .film, .section-number"
        )) e.style.display = "none"; return document.querySelector("article").innerText; }"""
    )
    page.reload()
    page.pdf(path=tmp_path / "page.pdf")
    text, _ = read(tmp_path / "page.pdf")
    squeezed = re.sub(r"[\s↪]", "", text)
    missing = [
        line for line in [*cells, *map(str.strip, words.splitlines())]
        if len(line) < 40 and re.sub(r"\s", "", line) not in squeezed
    ]  # fmt: skip
    assert len(words) > 10_000 and len(cells) > 50 and missing == []


def test_dark_pages_are_printed_like_light_ones(on_paper):
    light, dark = on_paper("en/chapters/digits")[1], on_paper("en/chapters/digits", "dark")[1]
    assert len(light) == len(dark)
    for one, other in zip(light, dark, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 0.5
        assert one[0, 0].tolist() == [255, 255, 255] and one.min() < 120


def test_nothing_is_cut_at_the_margins(on_paper):
    for path in ("en/chapters/gaussian", "vi/chapters/convergence"):
        for sheet in on_paper(path, width=1440)[1]:
            ink = (sheet.min(axis=2) < 250).any(axis=0).nonzero()[0]
            width = sheet.shape[1]
            assert ink.size, "a sheet is blank"
            assert ink[0] > 0.06 * width and ink[-1] < 0.94 * width


def test_code_wraps_on_paper_even_where_the_reader_scrolls(open_page, tmp_path):
    page = open_page("en/chapters/gaussian")
    line = "x = " + " + ".join(f"word{n}" for n in range(40))
    page.locator(".cell_input pre:visible").first.evaluate(
        "(e, code) => { e.innerHTML = `<span class='line'>${code}\\n</span>`; }", line
    )
    page.get_by_role("switch").uncheck()
    page.pdf(path=tmp_path / "page.pdf")
    text, _ = read(tmp_path / "page.pdf")
    assert "word0 " in text and "word39" in text and "↪" in text


def test_a_film_is_a_row_of_stills(open_page, tmp_path):
    page = open_page("en/chapters/digits")
    page.locator("img.film-5x4:visible").evaluate("e => e.scrollIntoView()")  # then it loads
    page.locator(".film:visible").wait_for()
    page.emulate_media(media="print")
    stills = page.locator(".sd-tab-content:visible .film-stills figure")
    assert stills.all_inner_texts() == [f"Epoch {n} of 20" for n in (1, 5, 9, 12, 16, 20)]
    pictures = [
        Image.open(file).convert("L")
        for n, frame in enumerate(stills.locator("> div").all())
        if frame.screenshot(path=(file := tmp_path / f"{n}.png"))
    ]
    shades = [np.array(picture).std() for picture in pictures]
    assert min(shades) > 20  # something is to be seen
    assert len({picture.tobytes() for picture in pictures}) == 6  # and not the same


def test_links_to_elsewhere_have_their_addresses(on_paper):
    text, _ = on_paper("en/chapters/digits")
    assert not re.search(r"(https?://\S+)\s+\(\1\)", text)  # said once, in references


def test_without_scripts_all_is_unfolded_in_its_place(browser, site, tmp_path):
    context = browser.new_context(java_script_enabled=False, color_scheme="dark")
    page = context.new_page()
    page.goto((site / "en/chapters/digits.html").as_uri())
    page.pdf(path=tmp_path / "page.pdf")
    context.close()
    text, sheets = read(tmp_path / "page.pdf")
    assert "That is the discriminator’s answer." in text  # of the quiz
    assert "def plot_class_shares" in text  # folded code
    assert "import torch" in text and "from mxnet" not in text
    assert all(sheet[0, 0].tolist() == [255, 255, 255] for sheet in sheets)
