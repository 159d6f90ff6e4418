"""Take the README's picture from the built page: `make screenshot`."""

import shutil
from pathlib import Path

from playwright.sync_api import sync_playwright

PAGE = Path("_build/html/en/chapters/gaussian.html")
SCREENSHOT = Path(".github/screenshot.png")

with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
        args=["--no-sandbox", "--disable-gpu"],
    )
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.goto(PAGE.resolve().as_uri())
    page.locator("label", has_text="MXNet").first.click()
    page.locator("text=learning rate is ten times").evaluate(
        "e => window.scrollTo(0, e.getBoundingClientRect().top + window.scrollY - 20)"
    )
    page.wait_for_timeout(1000)  # for the formulas
    page.screenshot(path=SCREENSHOT)
    browser.close()
print(f"{SCREENSHOT} was taken from {PAGE}")
