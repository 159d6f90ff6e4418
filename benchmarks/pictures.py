"""Make pictures of what has another source: `make pictures`.

chapters/img/x.svg  ─► chapters/img/x.vi.svg    the same drawing, its words translated
chapters/img/*.svg  ─► chapters/img/*.png       notebooks show no attached SVG
the built page      ─► .github/screenshot.png
"""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from PIL import Image
from PIL.PngImagePlugin import PngInfo
from playwright.sync_api import Browser, sync_playwright

from _ext.book import load
from _ext.translate import draw, drawings

DRAWINGS = Path("chapters/img")
PAGE = Path("_build/html/en/chapters/gaussian.html")
SCREENSHOT = Path(".github/screenshot.png")
MADE_FROM = "made from the SVG with SHA-256"  # key of the PNG's text that a test compares


def main() -> None:
    book = load(Path.cwd())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
            args=["--no-sandbox", "--disable-gpu"],
        )
        for drawing in drawings(book):
            for language in book.languages[1:]:
                translated = drawing.with_suffix(f".{language.code}.svg")
                translated.write_text(draw(drawing, language, book), encoding="utf-8")
        for drawing in sorted(DRAWINGS.glob("*.svg")):
            rasterize(drawing, browser)
        if PAGE.is_file():
            screenshot(browser)
        else:
            print(f"{SCREENSHOT} stays as it is: there is no {PAGE} (make book)")
        browser.close()


def rasterize(drawing: Path, browser: Browser) -> None:
    """Draw an SVG at double density into the PNG beside it, which remembers its source."""
    page = browser.new_page(device_scale_factor=2)
    page.set_content(f"<style>body {{ margin: 0 }}</style>{drawing.read_text(encoding='utf-8')}")
    picture = drawing.with_suffix(".png")
    page.locator("svg").screenshot(path=picture)
    page.close()
    info = PngInfo()
    info.add_text(MADE_FROM, fingerprint(drawing))
    with Image.open(picture) as image:
        image.save(picture, pnginfo=info, optimize=True)
    print(f"{picture} was drawn from {drawing.name}")


def fingerprint(drawing: Path) -> str:
    """Hash of a drawing, whatever the system's line endings."""
    return hashlib.sha256("\n".join(drawing.read_text("utf-8").splitlines()).encode()).hexdigest()


def screenshot(browser: Browser) -> None:
    """Take the README's picture from the built page."""
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto(PAGE.resolve().as_uri())
    page.locator("label", has_text="MXNet").first.click()
    page.locator("text=learning rate is ten times").evaluate(
        "e => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 20)"
    )
    page.wait_for_timeout(1000)  # for the formulas
    page.screenshot(path=SCREENSHOT)
    page.close()
    print(f"{SCREENSHOT} was taken from {PAGE}")


if __name__ == "__main__":
    main()
