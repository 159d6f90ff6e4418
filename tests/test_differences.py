"""Differences: translators' text is text; nothing comes in that its English has not."""

import dataclasses

import pytest
from the_book import BOOK

from _ext.differences import differences, strict_parser

PARSER = strict_parser(BOOK)
SOURCE = "See {ref}`the game <eq>` in [it](u.md): `f` and $x$, %(n)s."
FAITHFUL = "Xem {ref}`trò chơi <eq>` trong [nó](u.md): `f` và $x$, %(n)s."

# "@" stands for a faithful translation
HOSTILE = [
    "@ <script>alert(1)</script>", "@ <img src=x onerror=alert(1)>", "@ <svg/onload=alert(1)>",
    "@<br>", "@ <!-- x -->", "<div>\n@", "<b>@</b>", "@ <?php ?>", "@ [x](javascript:alert(1))",
    "@ [x](data:text/html,x)", "@ [x](y)", "@ ![](y)", "@ [x][y]\n\n[y]: z", "@\n\n[y]: z",
    "@ <https://a.org>", "@ <javascript:x>", "@ <a@b.c>", "@ https://a.org/b", "@ www.a.org",
    "```{raw} html\n<b>\n```", "@\n```{include} /etc/passwd\n```", "@\n\n```{include} x\n```",
    "```{eval-rst}\n.. raw:: html\n```", "- a\n  ```{literalinclude} x\n  ```",
    "> ```{include} x\n> ```", "@\n\n:::{raw} html\n<b>\n:::", "@\n\n~~~{code-cell}\n1\n~~~",
    "@ {raw}`x`", "@ {download}`/etc/passwd`", "@ {sub}`a`", "@ {ref}`the game <eq>`",
    "@ {{ x }}", "% note\n@", "@\n\n% note", "+++\n@", "@\n+++", "(x)=\n@", "---\na: b\n---\n@",
    "@\n---", "@\n===", "# @", "> @", "- @", "1. @", "    @", "@\n\nB", "@\n\n***", "a|b\n-|-\n@",
    "a\n: @", "@\\\nb", "@  \nb", "@ [^1]", "@\n\n[^1]: a", "@ $y$", "@ $$y$$", "@\n\n$$\ny\n$$",
    "@\n\n\\begin{align}a\\end{align}", "@ `g`", "{.a}\n@", "{onclick=x}\n@", "@\n\n{.a}",
    "@ [a]{onclick=x}", "@{onclick=x}", "@ {n}", "@ %(m)s", "@ %s",
]  # fmt: skip


@pytest.mark.parametrize("translation", HOSTILE)
def test_what_the_source_has_not_is_refused(translation):
    assert differences(SOURCE, translation.replace("@", FAITHFUL), PARSER)


@pytest.mark.parametrize(
    ("was", "is_"),
    [
        ("<eq>", "<eq2>"), ("{ref}", "{doc}"), ("{ref}`trò chơi <eq>`", ""),
        ("chơi", "<b>chơi</b>"),
        ("{ref}`", "{ref} `"), ("u.md", "v.md"), ("u.md", "javascript:x"), ("[nó](u.md)", "nó"),
        ("u.md", 'u.md "<script>"'), ("`f`", "`g`"), ("`f`", "f"), ("$x$", "$y$"), ("$x$", "x"),
        ("%(n)s", "%(m)s"), ("%(n)s", ""), ("(u.md)", "(u.md){onclick=x}"),
    ],
)  # fmt: skip
def test_what_the_source_has_must_stay(was, is_):
    assert differences(SOURCE, FAITHFUL.replace(was, is_), PARSER)


@pytest.mark.parametrize(
    "translation",
    [
        FAITHFUL, f"*{FAITHFUL}*", f"**Và** \"'{FAITHFUL}", f"{FAITHFUL} &#60;script&#62; \\<b>",
        "$x$, `f`:\n[nó](u.md), {ref}`eq` %(n)s", FAITHFUL.replace("u.md", 'u.md "tựa đề"'),
        f"{FAITHFUL} 50% < 3 & 4", f"{FAITHFUL} #noqa", f"{FAITHFUL}::", f"{FAITHFUL} {{ a",
    ],
)  # fmt: skip
def test_words_order_and_emphasis_are_the_translators(translation):
    assert differences(SOURCE, translation, PARSER) == []


def test_only_a_reference_has_a_title():
    assert differences("{sub}`a <b>`", "{sub}`c <b>`", PARSER)


def test_attributes_of_inline_markup_count_where_the_book_has_them():
    settings = dataclasses.replace(BOOK.markdown, enable_extensions={"attrs_inline", "linkify"})
    parser = strict_parser(dataclasses.replace(BOOK, markdown=settings))
    assert differences("[a](b)", "[a](b){onclick=x}", parser)
    assert differences("[a](b){.c}", "[a](b){.d}", parser)
    assert not differences("[a](b){.c} d", "d [a](b){.c}", parser)


@pytest.mark.parametrize(
    "words",
    ["<b>", "</p>", "<!--", '"', "<img", "{other}", "{number.__class__}", "{", "%", "%s", "%(c)d"],
)
def test_words_have_no_tag_and_no_placeholder_of_their_own(words):
    assert differences("© %(c)s {number}", f"%(c)s {{number}} {words}", None)
    assert not differences("© %(c)s {number}", "“{number}” 'a' & b < c %(c)s", None)
