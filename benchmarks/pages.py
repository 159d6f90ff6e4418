"""What a page costs its reader: bytes over the line, requests, and when it can be read.

Served compressed, as GitHub Pages does, on the loopback address, to a fresh profile of Chromium.
"""

from __future__ import annotations

import gzip
import http.server
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, sync_playwright

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))),
    None,
)
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TEXT = {".html", ".css", ".js", ".json", ".svg", ".xml", ".txt", ".ttf"}
# a cheap phone: 1.6 Mbit/s, 150 ms, a processor four times slower than this one
PHONE = {"offline": False, "latency": 150, "downloadThroughput": 2e5, "uploadThroughput": 94e3}


@dataclass(frozen=True)
class Visit:
    """One page, opened once."""

    size: int  # bytes that the server sent, headers included
    requests: int
    formula: float  # seconds until the first formula or, without one, the title was painted


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve a folder, compressed, while the block runs; the address, without a slash at its end."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def __init__(self, *args):
            super().__init__(*args, directory=str(site))

        def do_GET(self):
            path = Path(self.translate_path(self.path))
            path = path / "index.html" if path.is_dir() else path
            if not path.is_file():
                return self.send_error(404)
            content = path.read_bytes()
            self.send_response(200)
            self.send_header("Content-Type", self.guess_type(str(path)))
            self.send_header("Cache-Control", "max-age=600")
            if path.suffix in TEXT:
                content = gzip.compress(content)
                self.send_header("Content-Encoding", "gzip")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser, open while the block runs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@contextmanager
def reader(browser: Browser, width: int = 1280) -> Iterator[BrowserContext]:
    """Somebody who has never been here, with a window of that many pixels."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    yield context
    context.close()


def visit(context: BrowserContext, url: str, phone: bool = False) -> Visit:
    """Open a page, scroll to its end, and close it; on a phone, wait for the first formula only."""
    page = context.new_page()
    session = context.new_cdp_session(page)
    sizes: list[int] = []
    session.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    session.send("Network.enable")
    if phone:
        session.send("Network.emulateNetworkConditions", PHONE)
        session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.add_init_script(SEEN)
    page.goto(url, wait_until="load")
    page.wait_for_function("window.seen > 0")
    seen = page.evaluate("window.seen") / 1000
    if not phone:
        page.evaluate(SCROLL)
    page.wait_for_load_state("networkidle")
    page.close()
    real = [size for size in sizes if size > 0]  # from the cache: 0
    return Visit(sum(real), len(real), seen)


SEEN = """
(function look() {
  const one = document.querySelector("article :is(math, mjx-container), article h1");
  const formula = document.querySelector("article :is(math, mjx-container)");
  const ready = document.readyState != "loading";
  const found = formula ?? (ready && !document.querySelector("article .math") ? one : null);
  const box = found?.getBoundingClientRect();
  if (box?.width > 0 && performance.getEntriesByName("first-contentful-paint").length) {
    window.seen = performance.now();
  } else {
    requestAnimationFrame(look);
  }
})();
"""
SCROLL = """
async () => {
  for (let top = 0; top < document.documentElement.scrollHeight; top += innerHeight / 2) {
    scrollTo(0, top);
    await new Promise(done => setTimeout(done, 60));
  }
}
"""
