"""PDF: a volume printed by Chromium, with contents, page numbers and bookmarks.

Chromium sets KaTeX's formulas, and numbers pages: WeasyPrint knows less of CSS, and LaTeX is a
gigabyte that sets everything another way. The first print tells what is on which page, the second
says so in the contents.
"""

from __future__ import annotations

import logging
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import unquote

from bs4 import Tag
from pypdf import PdfReader, PdfWriter
from pypdf.generic import Fit

from . import formulas
from .book import BookError
from .unfolded import Page, words_of
from .volume import STYLE, TEMPLATES, Volume, colours, moment, template
from .words import said

SUFFIX = ".pdf"
COMMANDS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
APPLICATIONS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
)
OLDEST = 131  # the first that numbers pages
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--no-pdf-header-footer",
    "--export-tagged-pdf", "--virtual-time-budget=10000",
)  # fmt: skip
PRINTS = 4  # two are enough, unless a number is longer than what stood for it and moves something
UNKNOWN = "000"  # stands for a number until it is known


def chromium() -> str:
    """The Chromium that prints. BookError, which says how to get one, if there is none."""
    for name in (*COMMANDS, *APPLICATIONS):
        if found := shutil.which(name):
            return found
    raise BookError(
        f"PDFs are printed by Chromium, version {OLDEST} or newer, and there is none of "
        f"{', '.join(COMMANDS)}: install it (Debian: apt install chromium; macOS: brew install "
        "--cask chromium), or build the pages alone: make book"
    )


def write(volume: Volume, path: Path) -> None:
    """Print a volume to `path`, which is not touched before all is well."""
    for page in volume.pages:
        for formula in page.body.find_all(class_="katex"):
            say_once(formula)
    name_ids(volume.pages)
    draft = volume.html / f"bound.{volume.backend.tag}.html"  # beside the folder of pictures
    printed = draft.with_suffix(SUFFIX)
    try:
        pages: dict[str, int] = {}  # {id: its page}
        for _ in range(PRINTS):
            draft.write_text(document(volume, pages), encoding="utf-8")
            print_(draft, printed)
            found = destinations(printed)
            if found == pages:
                break
            pages = found
        else:
            raise BookError(f"{path.name}: printed {PRINTS} times, each with other page numbers")
        finish(volume, printed)
        printed.replace(path)
    finally:
        draft.unlink(missing_ok=True)
        printed.unlink(missing_ok=True)


def say_once(formula: Tag) -> None:
    """KaTeX writes a formula twice, for the eye and for the ear; let a description be for this."""
    formula["role"], formula["aria-label"] = "img", formulas.words(str(formula))
    formula.find(class_="katex-mathml").decompose()


def name_ids(pages: list[Page]) -> None:
    """Give every id a name that it shares with no other page's, and let links lead there.

    Links to what was folded say the page as well.
    """
    names: dict[tuple[str, str], str] = {}
    for page in pages:
        for node in page.body.find_all(id=True):
            if not node.find_parent("svg"):
                names[page.name, node["id"]] = node["id"] = f"a{len(names) + 1}"
    for page in pages:
        for link in page.body.find_all("a", {"data-page": True}):
            name = names[link.attrs.pop("data-page"), link.attrs.pop("data-id")]
            link["href"] = f"#{name}"
            if "elsewhere" in link.get("class", []):
                link.insert_after(" ", Tag(name="span", attrs={"data-of": name}))


def document(volume: Volume, pages: dict[str, int]) -> str:
    """The whole book as a page of HTML, with the numbers of printed pages as far as known."""
    heads, chapters = [], []
    for number, page in enumerate(volume.pages, start=1):
        page.body["style"] = f"page: c{number}"
        heads.append(f'@page c{number} {{ @top-right {{ content: "{in_css(page.title)}" }} }}')
        chapters.append((volume.parts.get(page.name), page.headings))
        for place in page.body.find_all("span", {"data-of": True}):
            on = pages.get(place["data-of"], UNKNOWN)
            place.string = said("(p. {number})").replace("{number}", str(on))
    styles = [(TEMPLATES / name).as_uri() for name in (STYLE, "paper.css")]
    if any(page.body.find(class_="katex") for page in volume.pages):
        styles.insert(0, f"_static/{formulas.STYLE}")
    return template("book.html").render(
        volume=volume, styles=styles, style="\n".join([colours(), *heads]), chapters=chapters,
        contents=said("Contents"), pages=pages, unknown=UNKNOWN,
    )  # fmt: skip


def in_css(text: str) -> str:
    """Text as it stands between quotes in a style."""
    return "".join(c if c.isalnum() or c == " " else f"\\{ord(c):x} " for c in text)


def print_(page: Path, to: Path) -> None:
    """Let Chromium print a page; BookError if it does not."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [chromium(), *FLAGS, f"--user-data-dir={profile}", f"--print-to-pdf={to}"]
        try:
            done = subprocess.run(
                [*command, page.as_uri()], capture_output=True, text=True, check=False, timeout=300
            )
        except subprocess.TimeoutExpired as error:
            raise BookError(f"{command[0]} did not print {page.name} in 5 minutes") from error
    if done.returncode or not to.is_file():
        raise BookError(f"{command[0]} did not print {page.name}: {done.stderr.strip()}")


def destinations(path: Path) -> dict[str, int]:
    """What links in a PDF lead to: {id: the number of its page}."""
    reader = PdfReader(path)
    places = reader.named_destinations.items()
    return {unquote(name[1:]): reader.get_destination_page_number(place) + 1
            for name, place in places}  # fmt: skip


def finish(volume: Volume, path: Path) -> None:
    """Say in the PDF what it is, and open it with its bookmarks; the same bytes every time."""
    logging.getLogger("pypdf").setLevel(logging.ERROR)  # Chromium counts its objects otherwise
    # pypdf: pikepdf is faster, but has no wheels for many Macs, and PyMuPDF is under the AGPL
    reader = PdfReader(path)
    version = re.search(r"Skia/PDF m(\d+)", reader.metadata.producer or "")
    if version and int(version[1]) < OLDEST:
        raise BookError(f"Chromium {version[1]} does not number pages: {OLDEST} or newer is needed")
    writer = PdfWriter(clone_from=reader)
    made = time.strftime("D:%Y%m%d%H%M%SZ", moment())
    writer.metadata = {
        "/Title": volume.named, "/Author": volume.author, "/CreationDate": made, "/ModDate": made,
    }  # fmt: skip
    writer.page_mode = "/UseOutlines"
    # Chromium could make the bookmarks, but says twice what begins a page, and drops formulas
    writer.add_outline_item(title=said("Contents"), page_number=1)
    for page in volume.pages:
        chapter = None
        for name, heading in page.headings:
            place = reader.named_destinations[f"/{name}"]
            one = writer.add_outline_item(
                title=words_of(heading), page_number=reader.get_destination_page_number(place),
                parent=chapter, fit=Fit.xyz(top=place.top),
            )  # fmt: skip
            chapter = chapter or one
    writer.write(path)
