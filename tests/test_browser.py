"""The book in a real browser, served locally: tabs, formulas, offline, access for all."""

import functools
import http.server
import io
import shutil
import threading
from base64 import b64encode

import numpy as np
import pytest
from books import ROOT
from PIL import Image

pytest.importorskip("playwright", reason="Playwright is not installed")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PAGES = [
    "en/index", "en/chapters/gaussian", "en/chapters/reading", "en/chapters/translations",
    "en/chapters/sources", "vi/chapters/gaussian", "pt-br/chapters/gaussian",
    "en/chapters/convergence", "vi/chapters/convergence", "pt-br/chapters/convergence",
    "en/chapters/digits", "vi/chapters/digits", "pt-br/chapters/digits",
    "en/chapters/dcgan", "vi/chapters/dcgan", "pt-br/chapters/dcgan",
]  # fmt: skip
CHAPTER = "en/chapters/gaussian"


@pytest.fixture(scope="module")
def url(site):
    """Where the built book is served while the tests run."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser, url):
    """Open a page in a fresh profile; fails on console errors and requests to other sites."""
    contexts, problems = [], []

    def open_(path, scheme="light", width=1280, locale="en-GB"):
        context = browser.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 900}, locale=locale
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: m.type == "error" and problems.append(m.text))
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on(
            "requestfailed",  # but for what the browser gave up because it went to another page
            lambda r: r.failure == "net::ERR_ABORTED" or problems.append(f"failed: {r.url}"),
        )
        page.on("response", lambda r: r.status >= 400 and problems.append(f"{r.status}: {r.url}"))
        page.on(
            "request",
            lambda r: (
                r.url.startswith((url, "data:", "blob:"))
                or problems.append(f"left the site: {r.url}")
            ),
        )
        page.goto(f"{url}/{path}.html", wait_until="load")
        return page

    yield open_
    for context in contexts:
        context.close()
    assert not problems, "\n".join(problems)


def chosen(page) -> set[str]:
    """Labels of the chosen tabs on a page."""
    return set(page.locator(".sd-tab-set > input:checked + label").all_inner_texts())


def test_tabs_switch_stay_in_step_and_are_remembered(open_page):
    page = open_page(CHAPTER)
    assert chosen(page) == {"PyTorch"}
    assert page.locator("text=import torch").first.is_visible()
    page.locator(".sd-tab-set:not(.launch) label", has_text="MXNet").first.click()
    assert chosen(page) == {"MXNet"}
    assert not page.locator("text=import torch").first.is_visible()
    assert page.locator("text=from mxnet import").first.is_visible()
    page.reload()
    assert chosen(page) == {"MXNet"}
    page.locator("a.right-next").click()
    page.wait_for_url("**/digits.html")
    assert chosen(page) == {"MXNet"}


def test_tabs_work_from_the_keyboard(open_page):
    page = open_page(CHAPTER)
    page.locator(".sd-tab-set > input").first.focus()
    page.keyboard.press("ArrowRight")
    assert chosen(page) == {"MXNet"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(open_page, path, scheme):
    page = open_page(path, scheme)
    assert page.locator("html").get_attribute("data-theme") == scheme
    page.wait_for_function("document.getAnimations().every(a => a.playState != 'running')")
    results = Axe().run(page, options={"preload": False})  # or it fetches what pages do not
    assert not results.response["violations"], results.generate_report()


@pytest.mark.parametrize("backend", ["PyTorch", "MXNet"])
@pytest.mark.parametrize("path", PAGES)
def test_on_a_phone_only_code_tables_and_formulas_scroll_sideways(open_page, path, backend):
    page = open_page(path, width=360)
    tabs = page.locator(".sd-tab-set label", has_text=backend)
    if tabs.count():
        tabs.first.click()
    for summary in page.locator("details > summary").all():
        if summary.is_visible():  # and not the other tab's
            summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    wide = page.evaluate(
        """[...document.querySelectorAll('article *')].filter(e =>
            e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 0
            && getComputedStyle(e).display != 'inline'
            && !e.closest('pre, .highlight, .pst-scrollable-table-container, table, .math, svg')
        ).map(e => e.tagName + '.' + e.className)"""
    )
    assert wide == []
    squeezed = page.evaluate(
        """[...document.querySelectorAll('article img')].filter(e => e.naturalWidth && e.width
            && Math.abs(e.height / e.width - e.naturalHeight / e.naturalWidth) > 0.02
        ).map(e => e.alt)"""
    )
    assert squeezed == []


def test_code_can_be_read_without_javascript(browser, url):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{url}/{CHAPTER}.html")
    assert page.locator("text=import torch").first.is_visible()
    page.locator(".sd-tab-set:not(.launch) label", has_text="MXNet").first.click()
    assert page.locator("text=from mxnet import").first.is_visible()
    context.close()


def test_the_language_switch_keeps_section_and_tab(open_page):
    page = open_page(CHAPTER)
    page.locator(".sd-tab-set:not(.launch) label", has_text="MXNet").first.click()
    page.locator("#training > h2").evaluate("e => e.scrollIntoView()")
    # not `click`, which may scroll first
    box = page.locator(".languages a[hreflang=vi]").bounding_box()
    page.mouse.click(box["x"] + 3, box["y"] + 3)
    page.wait_for_url("**/vi/chapters/gaussian.html#training")
    assert page.locator("html").get_attribute("lang") == "vi"
    assert chosen(page) == {"MXNet"}
    top = page.locator("#training > h2").bounding_box()["y"]
    assert -5 < top < 200


@pytest.mark.parametrize(
    ("locale", "folder"), [("vi-VN", "vi"), ("pt-PT", "pt-br"), ("en-US", "en"), ("fr-FR", "")]
)
def test_the_front_page_picks_the_browsers_language(open_page, url, locale, folder):
    page = open_page("index", locale=locale)
    page.wait_for_load_state()
    if folder:
        page.wait_for_url(f"**/{folder}/index.html")
    else:
        page.wait_for_timeout(300)
        assert page.url == f"{url}/index.html"
        assert page.locator("main a").count() == 3


def test_the_chosen_language_is_remembered(open_page, url):
    page = open_page(CHAPTER)
    page.locator(".languages a[hreflang=pt-BR]").click()
    page.wait_for_url("**/pt-br/chapters/gaussian.html*")
    page.goto(f"{url}/index.html")
    page.wait_for_url("**/pt-br/index.html")


# --- films: a sheet of frames becomes a player ---

FILM = """
<meta name="film-epoch" content="Época {n} de {total}"><meta name="film-play" content="Reproduzir">
<meta name="film-pause" content="Pausar"><meta name="film-frame" content="Quadro">
<img class="film-2x2" alt="Four greys." src="data:image/png;base64,%s">
"""


@pytest.fixture
def film(browser):
    """Show a sheet of 2 × 2 frames, each of another grey, on a page of its own with film.js."""
    contexts = []

    def show(**settings):
        sheet = Image.fromarray(
            np.repeat(np.repeat([[0, 80], [160, 240]], 20, 0), 30, 1).astype("u1")
        )
        file = io.BytesIO()
        sheet.save(file, "png")
        contexts.append(browser.new_context(viewport={"width": 600, "height": 400}, **settings))
        page = contexts[-1].new_page()
        page.set_content(FILM % b64encode(file.getvalue()).decode())
        for name in ("film.js", "book.css"):
            add = page.add_script_tag if name.endswith("js") else page.add_style_tag
            add(path=ROOT / "_ext/static" / name)
        page.wait_for_selector(".film")
        return page

    yield show
    for context in contexts:
        context.close()


def grey(page) -> int:
    """The grey that the film shows in its middle."""
    picture = Image.open(io.BytesIO(page.locator(".film-screen").screenshot())).convert("L")
    return picture.getpixel((picture.width // 2, picture.height // 2))


def test_a_film_plays_and_can_be_paused(film):
    page = film()
    label = page.locator(".film output")
    page.wait_for_function("document.querySelector('.film output').textContent.includes('2 de 4')")
    page.get_by_role("button", name="Pausar").press("Enter")
    now = label.inner_text()
    page.wait_for_timeout(900)
    assert label.inner_text() == now
    page.get_by_role("button", name="Reproduzir").press("Enter")
    page.wait_for_function(f"document.querySelector('.film output').textContent !== '{now}'")


def test_a_film_stands_still_for_readers_who_want_that(film):
    page = film(reduced_motion="reduce")
    page.wait_for_timeout(900)
    assert page.locator(".film output").inner_text() == "Época 4 de 4"
    assert grey(page) == 240
    slider = page.get_by_role("slider", name="Quadro")
    for frame, shown in ((3, 160), (2, 80), (1, 0)):
        slider.press("ArrowLeft")
        assert page.locator(".film output").inner_text() == f"Época {frame} de 4"
        assert slider.get_attribute("aria-valuetext") == f"Época {frame} de 4"
        assert grey(page) == shown
    assert page.get_by_role("img", name="Four greys.").is_visible()
    box = page.locator(".film-screen").bounding_box()
    assert box["width"] / box["height"] == pytest.approx(1.5, rel=0.01)  # not squeezed
