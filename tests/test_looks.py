"""How pages look: our styles win, nothing hangs out of the window, fingers hit what they want."""

import pytest
import test_browser
from books import ROOT

from _ext.layout import STYLES

pytestmark = test_browser.pytestmark
browser, url, open_page = test_browser.browser, test_browser.url, test_browser.open_page

KINDS = [  # of pages: the front page, chapters with all that a chapter can have, plain ones
    "en/index", "en/chapters/gaussian", "vi/chapters/convergence", "pt-br/chapters/dcgan",
    "en/chapters/reading", "en/chapters/translations", "en/chapters/sources", "en/genindex",
]  # fmt: skip

# What the book has not, and another may have
OTHERS = """
<aside class="margin sidebar">A note.</aside><p class="translation-note">In English.</p>
<figure class="margin-caption"><img alt=""><figcaption>In the margin.</figcaption></figure>
<div class="full-width">Wide.</div><p class="caption">What to see.</p>
<details class="sd-dropdown sd-card right" open><summary class="sd-card-header">A</summary>
<div class="sd-summary-content">B</div></details>
<details class="sd-dropdown sd-card wrong" open><summary class="sd-card-header">A</summary>
<div class="sd-summary-content">B</div></details>
<div class="sd-tab-set"><input type="radio"><label class="found">A</label></div>
<button class="found-close">✕</button>
"""


def ask_for_all(page) -> None:
    """Let scripts make what they make when a reader asks for it: a film, a tip, search, marks."""
    page.locator("article a[role=doc-noteref]").first.hover()
    page.locator(".hover-tip p").wait_for()
    page.locator("img.film-5x4:visible").evaluate("e => e.scrollIntoView()")
    page.locator(".film:visible").wait_for()
    page.keyboard.press("Control+k")
    page.locator(".book-search input").fill("Trainer")
    page.locator(".book-search [role=option] .label").first.wait_for()


def load_all(page) -> None:
    """Load the pictures that are out of sight: without them, their links have no size."""
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.wait_for_function("[...document.images].every(image => image.complete)")


def unfold(page) -> None:
    page.evaluate("document.querySelectorAll('article details').forEach(d => { d.open = true; })")


STILL = "*, ::before, ::after { transition: none !important; animation: none !important }"

# --- our styles win ---

# Makes all that we declare important. Where that changes anything, a rule of ours had lost to
# somebody else's: among ours, importance for all leaves the order as it was.
LOSERS = r"""ours => {
    const rules = [];
    const collect = list => { for (const rule of list) {
        if (rule instanceof CSSStyleRule) rules.push(rule);
        else if (!(rule instanceof CSSMediaRule) || matchMedia(rule.media.mediaText).matches)
            collect(rule.cssRules ?? []);
    } };
    for (const sheet of document.styleSheets)
        if (ours.some(name => sheet.href?.includes(`/${name}`))) collect(sheet.cssRules);

    const part = /::(before|after)$/;
    const found = rules.map(rule => ({
        rule, text: rule.style.cssText, names: [...rule.style],
        targets: rule.selectorText.split(/,(?![^(]*\))/).map(one => one.trim()).flatMap(one =>
            [...document.querySelectorAll(one.replace(part, ""))]
                .map(e => [e, part.exec(one)?.[0]])),
    }));
    const state = () => found.map(({ names, targets }) => targets.map(([element, pseudo]) => {
        const style = getComputedStyle(element, pseudo);
        return names.map(name => style.getPropertyValue(name));
    }));
    const before = state();
    for (const { rule, text } of found)
        rule.style.cssText = text.replace(/( !important)?;/g, " !important;");
    const after = state();
    for (const { rule, text } of found) rule.style.cssText = text;
    const lost = new Set();
    found.forEach(({ rule, names }, r) => before[r].forEach((values, e) => {
        values.forEach((value, n) => {
            if (value !== after[r][e][n])
                lost.add(`${rule.selectorText} { ${names[n]}: ${after[r][e][n]} } is ${value}`);
        });
    }));
    const of = some => some.map(({ rule }) => rule.selectorText);
    const applied = found.filter(one => one.targets.length);
    return { lost: [...lost], applied: of(applied), all: of(found) };
}"""


def losers(page) -> dict:
    """Which of our rules lose to others on a page, which apply, and which there are."""
    page.add_style_tag(content=STILL)
    return page.evaluate(LOSERS, list(STYLES))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_rule_of_ours_wins_where_it_applies(open_page, scheme):
    applied, rules = set(), set()
    for width in (390, 800, 1280):
        for path in (
            "en/index",
            "vi/chapters/gaussian",
            "en/chapters/dcgan",
            "en/chapters/reading",
        ):
            page = open_page(path, scheme, width)
            page.locator("article").evaluate(
                "(e, html) => { e.insertAdjacentHTML('beforeend', html); }", OTHERS
            )
            if "dcgan" in path:
                ask_for_all(page)
            for folded in (True, False):
                if not folded:
                    unfold(page)
                found = losers(page)
                assert found["lost"] == [], f"{path}, {width} px"
                applied.update(found["applied"])
                rules.update(found["all"])
            page.context.close()
    resting = {rule for rule in rules if ":focus-visible" not in rule}
    assert resting - applied == set(), "rules that style nothing"


@pytest.mark.parametrize(
    "rule",
    [
        "body #main-content .sd-tab-set.backends > label { background: red }",
        "#main-content details.right summary.sd-card-header::before { content: '' !important }",
        "html[data-theme] #main-content .cell_output img { padding: 1em }",
        "#main-content figure.margin-caption[class] figcaption:not(.x) { width: 200px }",
    ],
)
def test_a_rule_that_loses_is_found(open_page, rule):
    page = open_page("en/chapters/dcgan", width=800)
    page.locator("article").evaluate("(e, html) => { e.innerHTML += html; }", OTHERS)
    assert losers(page)["lost"] == []
    page.add_style_tag(content=rule)
    assert len(losers(page)["lost"]) >= 1


def test_our_style_sheets_come_last(open_page):
    page = open_page("en/chapters/gaussian")
    sheets = page.evaluate("[...document.styleSheets].map(s => s.href).filter(Boolean)")
    names = [sheet.rsplit("/", 1)[1].split("?")[0] for sheet in sheets]
    ours = {path.name for path in (ROOT / "_ext/static").glob("*.css")} - {"noscript.css"}
    names = [name for name in names if "katex" not in name]  # formulas' own, which ours restyle
    assert set(names[-len(ours) :]) == ours, names


def test_scripts_are_strict():
    for path in (ROOT / "_ext/static").glob("*.js"):
        code = [line for line in path.read_text("utf-8").splitlines() if line[:2] != "//"]
        assert code[0] == '"use strict";', path.name


def style(locator, *names, pseudo=None):
    """Computed values of an element."""
    return locator.evaluate(
        "(e, [names, pseudo]) => names.map(n => getComputedStyle(e, pseudo).getPropertyValue(n))",
        [list(names), pseudo],
    )


def colour(page, variable):
    """What the theme's variable is, as browsers compute it."""
    return page.evaluate(
        """name => {
            const probe = document.body.appendChild(document.createElement("i"));
            probe.style.color = `var(${name})`;
            const { color } = getComputedStyle(probe);
            probe.remove();
            return color;
        }""",
        variable,
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_answer_of_the_quiz_says_whether_it_is_right(open_page, scheme):
    page = open_page("en/chapters/dcgan", scheme)
    for kind, mark, shade in (("right", "✓", "success"), ("wrong", "✗", "danger")):
        answer = page.locator(f"details.{kind}").first
        summary = answer.locator("summary")
        assert style(summary, "content", pseudo="::before") == ['"○"']
        summary.click()
        page.mouse.move(0, 0)
        assert style(summary, "content", pseudo="::before") == [f'"{mark}"']
        assert float(style(summary, "width", pseudo="::before")[0][:-2]) > 10
        expected = ["6px", "solid", colour(page, f"--pst-color-{shade}")]
        border = [f"border-left-{part}" for part in ("width", "style", "color")]
        assert style(summary, *border) == expected
        assert style(answer.locator(".sd-summary-content"), *border) == expected


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_tabs_are_words_on_one_line(open_page, scheme):
    page = open_page("en/chapters/gaussian", scheme)
    for tabs in page.locator(".sd-tab-set.backends").all():
        labels = tabs.locator("> label").all()
        boxes = [label.bounding_box() for label in labels]
        assert len({box["y"] for box in boxes}) == len({box["height"] for box in boxes}) == 1
        sides = ("border-top-width", "border-left-width", "border-right-width", "transform")
        for label in labels:
            assert style(label, *sides) == ["0px", "0px", "0px", "none"]
        chosen = tabs.locator("> input:checked + label")
        assert style(chosen, "border-bottom-width", "border-bottom-color") == [
            "3px", colour(page, "--pst-color-primary"),
        ]  # fmt: skip
        content = tabs.locator("> .sd-tab-content:visible")
        assert style(content, "border-left-width", "background-color", "padding-left") == [
            "0px", "rgba(0, 0, 0, 0)", "0px",
        ]  # fmt: skip


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_plots_have_no_frame(open_page, scheme):
    page = open_page("en/chapters/gaussian", scheme)
    for picture in page.locator(".cell_output img:visible").all():
        found = style(picture, "background-color", "padding-left", "filter", "border-left-width")
        assert found == ["rgb(255, 255, 255)", "4px", "none", "0px"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_is_printed_looks_unlike_code(open_page, scheme):
    page = open_page("en/chapters/gaussian", scheme)
    code = page.locator(".cell_input:visible").first
    printed = page.locator(".cell_output pre:visible").first
    assert style(code, "background-color") == [colour(page, "--pst-color-surface")]
    assert style(code.locator(".highlight").first, "background-color") == ["rgba(0, 0, 0, 0)"]
    assert style(printed, "background-color") == ["rgba(0, 0, 0, 0)"]
    assert style(printed, "border-left-width", "border-right-width") == ["3px", "0px"]


# --- small and middle screens ---

OUTSIDE = """() => {
    const scrolls = e =>
        e.closest(".highlight, .pst-scrollable-table-container, .math, .cell_output");
    return [...document.querySelectorAll("main *, header *")].filter(e => {
        const box = e.getBoundingClientRect(), fixed = e.closest("dialog, .bd-sidebar-secondary");
        return e.checkVisibility() && box.width > 1 && !fixed && !scrolls(e.parentElement)
            && !e.closest("mjx-assistive-mml, .visually-hidden, .skip-link, .wrap")
            && (box.left < -1 || box.right > innerWidth + 1);
    }).map(e => `${e.tagName}.${e.getAttribute("class")}`);
}"""


BOXES = """() => {
    const pictures = document.querySelectorAll("article img:not([class*=film], [class*=film] *)");
    return [...pictures].map(image => [
        image.getAttribute("src").split("/").pop(), image.offsetWidth, image.offsetHeight]);
}"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize(
    "path", ["en/chapters/gaussian", "vi/chapters/digits", "en/chapters/dcgan"]
)
def test_nothing_jumps_when_a_picture_comes_in(browser, url, path, width):
    """A picture that is not there yet has its place."""
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.route("**/_images/*", lambda route: None)  # they wait
    page.goto(f"{url}/{path}.html", wait_until="domcontentloaded")
    before = page.evaluate(BOXES)
    page.evaluate("for (const image of document.images) image.loading = 'eager'")
    page.unroute("**/_images/*")
    load_all(page)
    after = page.evaluate(BOXES)
    page.close()
    assert any(height > 50 for _, _, height in before)
    for (name, *room), (_, *size) in zip(before, after, strict=True):
        assert room == size, name


@pytest.mark.parametrize("path", KINDS)
def test_nothing_hangs_outside_the_window(open_page, path):
    page = open_page(path)
    page.locator("article, .bd-search-container").first.evaluate(
        "(e, html) => { e.insertAdjacentHTML('beforeend', html); }", OTHERS
    )
    unfold(page)
    page.add_style_tag(content=STILL)
    for width in [*range(320, 1601, 40), 767, 768, 769, 991, 992, 1100, 1199, 1200]:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, width
        assert page.evaluate(OUTSIDE) == [], f"{width} px"


@pytest.mark.parametrize("backend", ["PyTorch", "MXNet"])
@pytest.mark.parametrize("path", ["en/chapters/gaussian", "vi/chapters/convergence",
                                  "en/chapters/digits", "pt-br/chapters/dcgan"])  # fmt: skip
def test_on_a_phone_code_is_read_without_scrolling_sideways(open_page, path, backend):
    page = open_page(path, width=390)
    page.locator(".sd-tab-set label", has_text=backend).first.click()
    unfold(page)
    wide = """[...document.querySelectorAll(".cell_input pre")].filter(e => e.checkVisibility()
        && e.scrollWidth > e.clientWidth).length"""
    assert page.evaluate(wide) == 0
    switch = page.get_by_role("switch")
    switch.focus()
    page.keyboard.press("Space")
    assert page.evaluate(wide) > 0
    page.reload()
    unfold(page)
    assert not switch.is_checked() and page.evaluate(wide) > 0
    switch.click()
    assert page.evaluate(wide) == 0


@pytest.mark.parametrize(
    ("folder", "label"),
    [
        ("en", "Wrap long lines of code"),
        ("vi", "Tự xuống dòng khi dòng mã quá dài"),
        ("pt-br", "Quebrar linhas longas de código"),
    ],
)
def test_the_switch_for_long_lines_is_named(open_page, folder, label):
    page = open_page(f"{folder}/chapters/gaussian")
    assert page.get_by_role("switch", name=label).is_checked()
    page = open_page(f"{folder}/chapters/translations")
    assert page.get_by_role("switch").count() == 0  # where there is no code


def test_wrapped_code_has_marks_that_are_not_copied(open_page):
    page = open_page("en/chapters/gaussian", width=390)
    pre = page.locator(".cell_input pre:visible", has_text="set_num_threads").first
    text = pre.evaluate("e => e.textContent")
    assert "\n\nd2l.use_svg_display" in text and "↪" not in text
    copied = """e => { getSelection().selectAllChildren(e); return getSelection().toString() }"""
    assert pre.evaluate(copied) == text.rstrip("\n")
    long = pre.locator(".line", has_text="set_num_threads")
    short = pre.locator(".line", has_text="import torch").first
    assert long.bounding_box()["height"] > 1.8 * short.bounding_box()["height"]
    assert "↪" in style(long, "content", pseudo="::before")[0]
    blank = pre.evaluate("e => [...e.children].find(l => l.textContent == '\\n').offsetHeight")
    assert blank == short.evaluate("e => e.offsetHeight")


SMALL = """() => [...document.querySelectorAll(
        "a[href], button, input, summary, label[for], select, textarea, [role=button]"
    )].filter(e => {
        if (!e.checkVisibility({ opacityProperty: true, visibilityProperty: true })) return false;
        if (e.type === "radio" || e.closest(".skip-link, .visually-hidden")) return false;
        // a link around a picture is as large as that
        const box = (e.querySelector("img") ?? e).getBoundingClientRect();
        // in a sentence, a link is as high as its line
        const inline = e.matches("a") && getComputedStyle(e).display === "inline"
            && [...e.parentElement.childNodes].some(n => n !== e && n.textContent.trim());
        return !inline && (box.width < 24 || box.height < 24);
    }).map(e => {
        const { width, height } = e.getBoundingClientRect();
        return `${e.outerHTML.slice(0, 120)}: ${width.toFixed()} × ${height.toFixed()}`;
    })"""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("path", KINDS)
def test_a_finger_hits_what_it_wants(open_page, path, width):
    page = open_page(path, width=width)
    unfold(page)
    page.add_style_tag(content="button.copybtn { opacity: 1 !important }")
    load_all(page)
    assert page.evaluate(SMALL) == []
    if width == 390:
        for toggle in (".primary-toggle", ".secondary-toggle"):
            if page.locator(toggle).is_visible():
                page.locator(toggle).click()
                page.wait_for_timeout(400)
                assert page.evaluate(SMALL) == []
                page.keyboard.press("Escape")


# --- without scripts ---


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("language", ["en", "vi", "pt-br"])
def test_without_scripts_a_page_from_a_folder_is_whole(browser, site, language, width, scheme):
    context = browser.new_context(
        java_script_enabled=False, color_scheme=scheme, viewport={"width": width, "height": 900}
    )
    page = context.new_page()
    page.goto((site / language / "chapters/gaussian.html").as_uri())
    body = page.locator("body")
    assert style(body, "background-color") == [
        {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 18, 18)"}[scheme]
    ]
    assert len({style(one, "color")[0] for one in page.locator(".highlight span").all()[:40]}) > 2
    assert page.locator("button:visible").count() == 0
    assert page.locator(".navbar-brand img:visible").count() == 1
    assert page.locator(".bd-sidebar-primary a:visible").count() > 7
    page.locator(".sd-tab-set:not(.launch) label", has_text="MXNet").first.click()
    assert page.locator("text=from mxnet import").first.is_visible()
    folded = page.locator("details.sd-dropdown").first
    folded.locator("summary").click()
    assert folded.locator(".sd-summary-content").is_visible()
    for picture in page.locator("article img:visible").all():
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("e => e.complete && e.naturalWidth > 0")
    other = page.locator(".languages a:not([aria-current])").first
    code = other.get_attribute("hreflang")
    other.click()
    assert page.locator("html").get_attribute("lang") == code
    context.close()
