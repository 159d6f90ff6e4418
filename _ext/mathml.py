"""MathML: with letters that every reader shows, and as plain text."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from xml.etree import ElementTree

STYLED = re.compile(r'<(m[ion]|mtext) mathvariant="(?!normal)([a-z-]+)">([^<&]+)(?=</)')
# Where the parts of an element go. Of several characters, a part is in parentheses.
PARTS = {
    "msup": "{}^{}", "msub": "{}_{}", "msubsup": "{}_{}^{}", "munder": "{}_{}",
    "munderover": "{}_{}^{}", "mfrac": "{}/{}", "msqrt": "√{}", "mroot": "{}^(1/{})",
}  # fmt: skip
SPACED = set("=≈≠<>≤≥∈→∼+−±·×∥∣")


def with_letters(html: str) -> str:
    """MathML whose bold x is 𝐱: for styles, browsers know no attribute any more."""

    def styled(match: re.Match) -> str:
        tag, style, text = match.groups()
        return f"<{tag}>{''.join(letter(style, one) for one in text)}"

    return STYLED.sub(styled, html)


def letter(style: str, plain: str) -> str:
    """The character that is this one in a style such as "double-struck", as far as there is one."""
    name = re.sub("LATIN |GREEK |LETTER ", "", unicodedata.name(plain, ""))
    style = style.upper().replace("BOLD-", "BOLD ")
    elder = style.replace("FRAKTUR", "BLACK-LETTER")  # ℝ and ℭ are older than their alphabets
    for full in (f"MATHEMATICAL {style} {name}", f"{elder} {name}"):
        with suppress(KeyError):
            return unicodedata.lookup(full)
    return plain


def words(html: str) -> str:
    """A formula as text: "D^∗(x) = 1/(1 + e^(−o))"."""
    math = re.search(r"<math.*</math>", html, re.DOTALL)
    return " ".join(_text(ElementTree.fromstring(math[0])).split()) if math else html


def _text(element: ElementTree.Element) -> str:
    name = element.tag.rpartition("}")[2]
    parts = [_text(child) for child in element]
    if name == "annotation":
        return ""
    if name in PARTS:
        return PARTS[name].format(*(part if len(part) < 2 else f"({part})" for part in parts))
    text = "".join(parts) if parts else element.text or ""
    if name == "mo" and text in SPACED:
        return f" {text} "
    return text.replace("\u2061", " ")  # KaTeX's mark after the name of a function
