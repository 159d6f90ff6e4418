"""Unfolded: the pages of an edition for one backend, without what only a screen can do.

They are read from what was built, so they say the same, with the same numbers. Tabs become what
the backend's holds, folded code is open, and what else was folded goes to the end of its page.
"""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urljoin

from bs4 import BeautifulSoup, Tag

from . import formulas
from .book import Backend, Book, Language, read_text
from .words import said

ABSOLUTE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
ON_SCREEN = ["launch", "headerlink", "copybtn", "sd-summary-state-marker"]  # classes


@dataclass
class Page:
    """A page of the book; its links to pages have `data-page` and `data-id` and no `href` yet."""

    name: str  # as in _toc.yml: "chapters/gaussian"
    body: Tag
    ids: set[str]

    @property
    def headings(self) -> list[tuple[str, Tag]]:
        """Its title, and those of its sections: (id, what it says, without links and ids)."""
        found = self.body.select("section > h1, section > h2")
        return [(heading.find_parent("section")["id"], _said_by(heading)) for heading in found]

    @property
    def title(self) -> str:
        """The words of its title, with its number."""
        heading = self.body.find("h1")
        return words_of(heading) if heading else self.name


def unfolded(html: Path, name: str, book: Book, backend: Backend) -> Page:
    """A page of the edition in `html`."""
    page = BeautifulSoup(read_text(html / f"{name}.html"), "html.parser")
    body = page.select_one("article").extract()
    body.attrs = {}
    for node in body.find_all(["script", "noscript", "style", "button"]):
        node.decompose()
    for node in body.find_all(class_=ON_SCREEN):
        node.decompose()
    take_backend(body, backend, book)
    unfold(body)
    return Page(name, body, unique_ids(body))


def take_backend(body: Tag, backend: Backend, book: Book) -> None:
    """Put what the backend's tabs hold in their place; other tabs one below the other."""
    tags = {one.tag for one in book.backends}
    for tabs in body.find_all(class_="sd-tab-set"):
        labels = tabs.find_all("label", recursive=False)
        of_backends = tags.intersection(label.get("data-sync-id") for label in labels)
        for label in labels:
            content = label.find_next_sibling("div")
            if not of_backends:
                label.name, label.attrs = "p", {"class": "tab"}
                tabs.insert_before(label.extract())
            elif label.get("data-sync-id") != backend.tag:
                content.extract()
                continue
            for node in list(content.children):
                tabs.insert_before(node.extract())
        tabs.extract()


def unfold(body: Tag) -> None:
    """Open folded code; move what else is folded to the end, with a link from its place."""
    soup = BeautifulSoup("", "html.parser")
    answers = soup.new_tag("ol")
    for fold in body.find_all("details"):
        title = fold.summary.extract() if fold.summary else soup.new_tag("summary")
        if "hide" in fold.get("class", []):  # MyST-NB's
            fold.unwrap()
            continue
        number = str(len(answers.contents) + 1)
        here, there = f"fold-{number}", f"unfolded-{number}"
        place = soup.new_tag("p", attrs={"class": "fold", "id": fold.get("id", here)})
        link = soup.new_tag("a", attrs={"href": f"#{there}", "class": "elsewhere"})
        link.string = number
        words = title.select_one(".sd-summary-text") or title
        if words.find("svg") or not words.get_text().strip():
            words.string = said("More")
        words.name, words.attrs = "span", {}
        place.extend([copy.copy(words), " → ", link])
        fold.replace_with(place)
        content = fold.select_one(".sd-summary-content") or fold
        content.name, content.attrs = "li", {"id": there, "class": fold.get("class", [])}
        back = soup.new_tag("a", attrs={"href": f"#{place['id']}"})
        words.name = "strong"
        back.append(words)
        lead = soup.new_tag("p", attrs={"class": "unfolded"})
        lead.append(back)
        content.insert(0, lead)
        answers.append(content)
    if answers.contents:
        section = soup.new_tag("section", attrs={"id": "unfolded", "class": "unfolded"})
        heading = soup.new_tag("h2")
        heading.string = said("Answers")
        section.extend([heading, answers])
        (body.find("section") or body).append(section)


def unique_ids(body: Tag) -> set[str]:
    """The ids on a page; a second element of the same id loses it."""
    ids: set[str] = set()
    for node in body.find_all(id=True):
        if node["id"] in ids or not node["id"]:
            del node["id"]
        else:
            ids.add(node["id"])
    return ids


def resolve(page: Page, pages: dict[str, Page], book: Book, language: Language) -> None:
    """Make addresses of pictures start at the edition's folder, and links know their page.

    A link to a file that is not bound, such as a download, leads to the published site or nowhere.
    """
    for node in page.body.find_all(src=True):
        node.attrs.pop("loading", None)
        if not ABSOLUTE.match(node["src"]):
            node["src"] = urljoin(f"{page.name}.html", node["src"])
        elif not node["src"].startswith("data:"):  # from elsewhere: nothing is loaded from there
            node.name, words = "a", node.get("alt") or node.get("title") or node["src"]
            node.attrs, node.string = {"href": node["src"]}, words
    for link in page.body.find_all("a", href=True):
        if ABSOLUTE.match(link["href"]):
            continue
        address = urljoin(f"{page.name}.html", link["href"])
        file, _, fragment = unquote(address).partition("#")
        there = pages.get(file.removesuffix(".html"))
        if there:
            found = fragment if fragment in there.ids else ""
            link["data-page"], link["data-id"] = there.name, found or there.headings[0][0]
            del link["href"]
        elif book.url:
            link["href"] = f"{book.url}/{language.folder}/{address}"
        elif link.find("img"):
            link.unwrap()
        else:
            link.name, link.attrs = "span", {}


def words_of(node: Tag) -> str:
    """What a node says, formulas in words, in one line."""
    node = copy.copy(node)
    for formula in node.select(".katex, math"):
        formula.replace_with(formula.get("aria-label") or formulas.words(str(formula)))
    return " ".join(node.get_text().split())


def _said_by(heading: Tag) -> Tag:
    heading = copy.copy(heading)
    for node in heading.select("[id], a"):
        node.attrs.pop("id", None)
        if node.name == "a":
            node.unwrap()
    heading.name, heading.attrs = "span", {}
    return heading
