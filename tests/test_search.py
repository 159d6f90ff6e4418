"""Search: sections, on a server and from a folder alike; with the keyboard; marked on arrival."""

import functools
import http.server
import json
import re
import shutil
import threading

import pytest
from books import ROOT, cell
from bs4 import BeautifulSoup
from the_book import BOOK

from _ext.build import build
from _ext.search import HANDS_OVER, INDEX

pytest.importorskip("playwright", reason="Playwright is not installed")
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright
from test_browser import CHROMIUM, FLAGS

browser_needed = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
FOLDERS = [one.folder for one in BOOK.languages]
NONSENSE = ["xyzzyplugh", "qwrtzp", "blorptangle", "generator xyzzyplugh", "…", "()"]
NAMES = {  # names in code, and the backend whose code has them first
    "torch.optim": "PyTorch", "nn.Linear": "PyTorch", "autograd.grad": "PyTorch",
    "BatchNorm1d": "PyTorch", "Conv2DTranspose": "MXNet", "conv2dtr": "MXNet",
    "gluon.Trainer": "MXNet",
}  # fmt: skip
QUERIES = [  # language, query, title of a page, what the excerpt or the title marks
    ("en", "discriminator", "What the losses do not tell you", "discriminator"),
    ("en", "DISCRIM", "What the losses do not tell you", "discriminator"),
    ("en", "mode collapse", "Convolutional GANs", "mode"),
    ("en", "zero-sum game", "Generating handwritten digits", "zero"),
    ("en", "discrimnator", "What the losses do not tell you", "discriminator"),
    ("en", "covarience", "Generative adversarial networks", "covariance"),
    ("en", "update_D", "What the losses do not tell you", "update_D"),
    ("vi", "mạng đối sinh", "Mạng đối sinh", "Mạng"),
    ("vi", "mang doi sinh", "Mạng đối sinh", "Mạng"),
    ("vi", "MẠNG ĐỐI", "Mạng đối sinh", "Mạng"),
    ("vi", "phan biet", "Mạng đối sinh", "phân"),
    ("pt-br", "ruído", "GANs convolucionais", "ruído"),
    ("pt-br", "ruido", "GANs convolucionais", "ruído"),
    ("pt-br", "funcoes", "GANs convolucionais", "funções"),
    ("pt-br", "redes adversariais", "Redes adversariais generativas", "Redes"),
]


@pytest.fixture(scope="module")
def served(site):
    """Where the built book lies: {"http": on a server, "file": in a folder}."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    handler = functools.partial(Quiet, directory=str(site))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield {"http": f"http://127.0.0.1:{server.server_port}", "file": site.as_uri()}
    server.shutdown()


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Open an address in a fresh profile; fails on what the page's scripts report."""
    contexts, problems = [], []

    def open_(address, width=1280, **settings):
        context = browser.new_context(viewport={"width": width, "height": 800}, **settings)
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.goto(address, wait_until="load")
        return page

    yield open_
    for context in contexts:
        context.close()
    # Jupyter Book's own list of extensions loads this one twice
    assert not [one for one in problems if "THEBE" not in one]


@pytest.fixture(params=["http", "file"])
def place(request, served):
    return served[request.param]


def ask(page, query) -> list[dict]:
    """Type a query; what is found."""
    dialog = page.locator(".book-search")
    if not dialog.is_visible():
        page.keyboard.press("Control+k")
    dialog.get_by_role("combobox").fill(query)
    page.wait_for_function("document.querySelector('.book-search [aria-busy=false]')")
    return page.evaluate(
        """[...document.querySelectorAll('.book-search [role=option]')].map(one => ({
            title: one.querySelector('.title').textContent,
            excerpt: one.querySelector('.excerpt').textContent,
            marked: [...one.querySelectorAll('mark')].map(mark => mark.textContent),
            label: one.querySelector('.label')?.textContent ?? '',
            code: !!one.querySelector('code'), url: one.href}))"""
    )


def said(page) -> str:
    return page.locator(".book-search [role=status]").inner_text()


def marks(page) -> list[str]:
    """The words that are marked on a page."""
    page.wait_for_function("performance.getEntriesByType('navigation')[0].loadEventEnd")
    return page.evaluate("[...CSS.highlights.get('found') ?? []].map(range => range.toString())")


def follow(page, number=0) -> None:
    with page.expect_navigation():
        page.locator(".book-search [role=option]").nth(number).click()


def top_of_first_visible_mark(page) -> float:
    return page.evaluate(
        """[...CSS.highlights.get('found')].find(one => one.getClientRects().length)
            .getBoundingClientRect().top"""
    )


@browser_needed
@pytest.mark.parametrize(("language", "query", "title", "word"), QUERIES)
def test_words_find_sections(open_page, place, language, query, title, word):
    page = open_page(f"{place}/{language}/chapters/reading.html")
    found = ask(page, query)
    assert any(one["title"].startswith(title) for one in found[:3]), found[:3]
    assert any(word in one["marked"] or word in one["title"] for one in found[:3])
    follow(page)
    assert f"/{language}/" in page.url
    marked = marks(page)
    assert marked
    assert 0 < top_of_first_visible_mark(page) < 800


@browser_needed
@pytest.mark.parametrize("language", FOLDERS)
def test_code_is_found_by_its_names_with_its_backend(open_page, place, language):
    page = open_page(f"{place}/{language}/index.html")
    for name, backend in NAMES.items():
        code = [one for one in ask(page, name) if one["code"]]
        assert code, name
        assert code[0]["label"] == backend, name
        assert any(name.lower() in mark.lower() for mark in code[0]["marked"]), name


@browser_needed
@pytest.mark.parametrize("language", FOLDERS)
def test_nonsense_finds_nothing_and_is_told_so(open_page, place, language):
    page = open_page(f"{place}/{language}/index.html")
    for nonsense in NONSENSE:
        assert ask(page, nonsense) == [], nonsense
    nothing = page.locator("meta[name=search-nothing]").get_attribute("content")
    assert said(page) == nothing != ""
    assert ask(page, "") == []
    assert said(page) == page.locator("meta[name=search-empty]").get_attribute("content") != nothing


@browser_needed
def test_an_accented_query_prefers_what_is_spelled_so(open_page, served):
    page = open_page(f"{served['file']}/vi/index.html")
    for word in ("đổi", "đối", "nhiễu"):
        best = ask(page, word)[0]
        assert word in [one.lower() for one in [*best["marked"], *best["title"].split()]]
        follow(page)
        assert {one.lower() for one in marks(page)} == {word}


@browser_needed
def test_prose_comes_before_code(open_page, served):
    page = open_page(f"{served['file']}/en/index.html")
    found = ask(page, "linear")
    kinds = [one["code"] for one in found]
    assert not kinds[0] and True in kinds and kinds == sorted(kinds)


@browser_needed
def test_the_keyboard_alone_is_enough(open_page, place):
    page = open_page(f"{place}/en/index.html")
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    assert field.get_attribute("aria-expanded") == "false"
    ask(page, "discriminator")
    options = page.get_by_role("option")
    assert field.get_attribute("aria-expanded") == "true"
    assert page.get_by_role("listbox").get_attribute("id") == field.get_attribute("aria-controls")

    def chosen():
        ids = page.locator("[role=option][aria-selected=true]").evaluate_all(
            "all => all.map(one => one.id)"
        )
        assert ids == list(filter(None, [field.get_attribute("aria-activedescendant")]))
        return ids

    assert not chosen()
    last = options.last.get_attribute("id")
    for key, wanted in (
        ("ArrowDown", "book-search-0"), ("ArrowDown", "book-search-1"),
        ("ArrowUp", "book-search-0"), ("ArrowUp", last), ("ArrowDown", "book-search-0"),
        ("ArrowDown", "book-search-1"),
    ):  # fmt: skip
        page.keyboard.press(key)
        assert chosen() == [wanted]
        assert page.locator(f"#{wanted}").evaluate(
            """one => { const {top, bottom} = one.getBoundingClientRect();
                 return top >= 0 && bottom <= innerHeight; }"""
        )
    url = options.nth(1).get_attribute("href")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert page.url == url
    page.keyboard.press("Control+k")
    ask(page, "noise")
    page.keyboard.press("Escape")
    assert not page.locator(".book-search").is_visible()
    assert marks(page)  # this Escape was the dialog's
    page.keyboard.press("Escape")
    assert not marks(page)


@browser_needed
def test_enter_waits_for_the_answer_and_takes_the_first(open_page, place):
    page = open_page(f"{place}/en/index.html")
    page.keyboard.press("Control+k")
    with page.expect_navigation():
        page.keyboard.type("covariance")
        page.keyboard.press("Enter")
    assert set(marks(page)) == {"covariance"}


@browser_needed
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_one_field_that_fits_and_axe_finds_nothing(open_page, served, width, scheme):
    page = open_page(f"{served['http']}/en/chapters/gaussian.html", width, color_scheme=scheme)
    buttons = page.locator("input[type=search], .search-button, .search-button-field")
    visible = [one for one in buttons.all() if one.is_visible()]
    assert len(visible) == 1
    visible[0].click()
    assert ask(page, "torch.optim")
    page.keyboard.press("ArrowDown")
    box = page.locator(".book-search").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= width and box["height"] <= 800
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    results = Axe().run(page, context=".book-search", options={"preload": False})
    assert not results.response["violations"], results.generate_report()
    page.mouse.click(5, 5)  # beside it
    assert not page.locator(".book-search").is_visible()


@browser_needed
def test_without_javascript_no_field_stands_there_dead(open_page, served):
    page = open_page(f"{served['file']}/en/chapters/gaussian.html", java_script_enabled=False)
    for one in page.locator("input[type=search], .search-button, .search-button-field").all():
        assert not one.is_visible()


@browser_needed
def test_nothing_is_fetched_before_a_reader_searches(open_page, served):
    page = open_page("about:blank")
    asked = []
    page.on("request", lambda request: asked.append(request.url.split("/", 3)[-1]))
    page.goto(f"{served['http']}/en/chapters/gaussian.html")
    page.wait_for_load_state("networkidle")
    late = ("en/_static/minisearch/index.js", f"en/{INDEX}")
    assert not set(late) & set(asked)
    ask(page, "noise")
    ask(page, "noises")
    assert [asked.count(one) for one in late] == [1, 1]


@browser_needed
@pytest.mark.parametrize("missing", [INDEX, "_static/minisearch/index.js"])
def test_what_cannot_be_loaded_is_said_and_tried_again(open_page, served, missing):
    page = open_page(f"{served['http']}/pt-br/chapters/gaussian.html")
    page.route(f"**/{missing}", lambda route: route.abort())
    page.keyboard.press("Control+k")
    field = page.get_by_role("combobox")
    field.fill("ruído")
    page.wait_for_function(
        """document.querySelector('.book-search [role=status]').textContent
            == document.querySelector('meta[name=search-failed]').content"""
    )
    page.unroute(f"**/{missing}")
    assert ask(page, "ruídos")


# --- on arrival ---


@browser_needed
def test_a_hit_in_the_other_backends_tab_is_shown_and_the_choice_stays(open_page, place):
    page = open_page(f"{place}/en/index.html")
    assert ask(page, "Conv2DTranspose")[0]["label"] == "MXNet"
    follow(page)
    assert marks(page) == ["nn.Conv2DTranspose"]
    assert 0 < top_of_first_visible_mark(page) < 800
    page.reload()
    page.goto(page.url.split("?")[0])
    chosen = page.locator(".sd-tab-set > input:checked + label").all_inner_texts()
    assert set(chosen) == {"PyTorch"}


@browser_needed
def test_a_tab_that_hides_a_hit_is_marked(open_page, place):
    page = open_page(f"{place}/en/chapters/gaussian.html?found=loss#training")
    assert len(marks(page)) > 2
    assert page.locator("label.found").all_inner_texts()[0] == "MXNet"
    assert page.locator("label.found", has_text="PyTorch").count() == 0
    page.get_by_role("button", name="Remove the marks").click()
    assert page.locator("label.found").count() == 0
    assert not marks(page)
    assert "found" not in page.url and page.url.endswith("#training")


@browser_needed
def test_folded_parts_with_a_hit_open(open_page, place):
    page = open_page(f"{place}/en/chapters/gaussian.html#what-do-you-know-now")
    assert not page.locator("#what-do-you-know-now details[open]").count()
    page.goto(f"{place}/en/chapters/gaussian.html?found=wasted#what-do-you-know-now")
    assert marks(page) == ["wasted"]
    assert page.locator("#what-do-you-know-now details[open]").count() == 1
    assert 0 < top_of_first_visible_mark(page) < 800


@browser_needed
@pytest.mark.parametrize("found", ["", "%20", "(", "[a", "a|", "\\", "nowhere-on-this-page", "%E0"])
def test_any_address_can_be_opened(open_page, place, found):
    page = open_page(f"{place}/en/chapters/gaussian.html?found={found}#%E0nowhere")
    assert not [one for one in marks(page) if one.strip() == ""]


# --- what is in the index ---


def index_of(folder) -> dict[str, list[dict]]:
    text = (folder / INDEX).read_text(encoding="utf-8")
    assert text.startswith(HANDS_OVER)
    return json.loads(text.removeprefix(HANDS_OVER))


@pytest.mark.parametrize("language", FOLDERS)
def test_the_index_has_every_section_in_reading_order_at_its_address(site, language):
    index = index_of(site / language)
    assert list(index) == [
        "index", *BOOK.chapters(), "chapters/reading", "chapters/translations", "chapters/sources",
    ]  # fmt: skip
    for page, sections in index.items():
        soup = BeautifulSoup((site / language / f"{page}.html").read_text("utf-8"), "html.parser")
        for node in soup.select(".headerlink, .section-number, .math"):
            node.decompose()
        assert len(sections) == len(soup.select("article section"))
        for number, one in enumerate(sections):
            path, _, anchor = one["url"].partition("#")
            assert path == f"{page}.html" and bool(anchor) == bool(number)
            where = soup.find(id=anchor) if anchor else soup.select_one("article section")
            heading = where.find(["h1", "h2", "h3", "h4"])
            assert " ".join(heading.text.split()) == one["titles"][-1]


@pytest.mark.parametrize("language", FOLDERS)
def test_the_index_holds_no_markup_and_nothing_that_is_generated_or_hidden(site, language):
    sections = [one for page in index_of(site / language).values() for one in page]
    text = " ".join(" ".join([*one["titles"], one["text"]]) for one in sections)
    assert not re.search(r"\\[a-z]+|\$|\{|<svg|</|mathbf|:class:", text)
    page = BeautifulSoup(
        (site / language / "chapters/gaussian.html").read_text("utf-8"), "html.parser"
    )
    for selector in (".launch p", ".translation-note", "details.hide summary p"):
        for node in page.select(selector):
            assert node.text.strip() not in text, selector
    labels = {label for one in sections for label, _ in one["code"]}
    assert labels == {"", *(backend.label for backend in BOOK.backends)}


def test_no_search_of_sphinx_is_left(site):
    gone = {"search.html", "searchindex.js", "searchtools.js", "language_data.js",
            "base-stemmer.js", "sphinx_highlight.js", "pagefind"}  # fmt: skip
    assert not [path for path in site.rglob("*") if path.name in gone]
    for path in site.rglob("*.html"):
        assert not any(name in path.read_text("utf-8") for name in gone), path


def test_the_library_is_what_npm_has():
    installed = ROOT / "node_modules/minisearch"
    if not installed.is_dir():
        pytest.skip("node_modules is not there")
    pinned = json.loads((ROOT / "package.json").read_text())["devDependencies"]["minisearch"]
    assert json.loads((installed / "package.json").read_text())["version"] == pinned
    ours = ROOT / "_ext/static/minisearch"
    assert (ours / "index.js").read_bytes() == (installed / "dist/umd/index.js").read_bytes()
    assert (ours / "LICENSE.txt").read_bytes() == (installed / "LICENSE.txt").read_bytes()


# --- any book ---

HOSTILE = """\
# Home <b>&amp;</b> "it's" `</script>` \\<i>

Before \\<img src=x onerror="document.title='caught'"> & \\</script> “after”\u2028.

$x<y$ or $\\frac{1}{2}$ and a.*(b|c)[d].

## Dense

生成对抗网络由两个网络组成。ガンは楽しい。 Straße Łódź smørrebrød ﬁne naïve İstanbul Ёлка.

```python
print("<img src=x onerror=document.title='caught'>", html.escape("&lt;"))
```
"""


@pytest.fixture
def strange(small_book):
    """A book with what must be text, in several scripts; as pages and as folders."""
    book = small_book()
    book.write("index.md", HOSTILE)
    book.chapter("Text.\n\n" + cell("alpha.run_it()", "alpha") + cell("beta.run_it()", "beta"))
    book.pretend_executed()
    build(book.root, book.root / "_build", "html", "dirhtml")
    return book.root / "_build"


@browser_needed
@pytest.mark.parametrize("builder", ["html", "dirhtml"])
def test_text_stays_text_in_results_and_marks(open_page, strange, builder):
    page = open_page(f"{(strange / builder).as_uri()}/index.html")
    for query in ("onerror", "caught", "script", "b", "html.escape", "Home", "img src"):
        found = ask(page, query)
        assert found, query
        assert not page.locator(".book-search :is(img, i:not(.fa-solid), b, script)").count()
        assert page.title() != "caught"
    assert "<img src=x onerror=" in ask(page, "onerror")[0]["excerpt"]
    assert ask(page, "Home")[0]["title"].startswith("""Home & “it’s” </script> <i>""")
    if builder == "html":
        follow(page)
        assert marks(page)[0] == "Home"
        assert page.title() != "caught"


@browser_needed
def test_words_of_any_script_are_found(open_page, strange):
    page = open_page(f"{(strange / 'html').as_uri()}/index.html")
    for query in ("对抗网络", "楽しい", "strasse", "Straße", "lodz", "Łódź", "smorrebrod", "fine",
                  "naive", "istanbul", "елка", "Ёлка", "a.*(b|c)[d]"):  # fmt: skip
        assert ask(page, query), query
    for query in ("对抗网线", "frac", "1 2", "елки"):
        assert not ask(page, query), query


@browser_needed
def test_pages_that_are_folders_have_addresses_that_lead_there(open_page, strange):
    page = open_page(f"{(strange / 'dirhtml').as_uri()}/x/index.html")
    (found,) = ask(page, "run_it")
    assert (found["label"], found["url"].partition("?")[0]) == (
        "Alpha", f"{(strange / 'dirhtml').as_uri()}/x/"
    )  # fmt: skip
    (found,) = ask(page, "beta.run")
    assert found["label"] == "Beta" and found["marked"] == ["beta.run_it"]
    index = index_of(strange / "dirhtml")
    assert [one["url"] for one in index["index"]] == ["", "#dense"]


def test_a_copy_of_the_index_is_the_same_bytes(strange, small_book):
    before = (strange / "html" / INDEX).read_bytes()
    shutil.rmtree(strange)
    build(strange.parent, strange, "html")
    assert (strange / "html" / INDEX).read_bytes() == before
