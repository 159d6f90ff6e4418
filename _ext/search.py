"""Search: each edition's index, made by Pagefind, which searches without a server's help."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from pagefind.service import get_executable

from .book import BookError, Language, read_text

# Pagefind folds diacritics, but not đ. It does fold a stroke that stands for itself.
STROKES = str.maketrans({"đ": "d\u0335", "Đ": "D\u0335"})
UNSEARCHED = {"genindex.html", "search.html"}


def index(folder: Path, language: Language) -> None:
    """Make an edition's search index. đ is indexed as d with a stroke, which search.js undoes."""
    with tempfile.TemporaryDirectory() as copies:
        for page in sorted(folder.rglob("*.html")):
            name = page.relative_to(folder)
            if "_static" not in name.parts and page.name not in UNSEARCHED:
                copy = Path(copies, name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(read_text(page).translate(STROKES), encoding="utf-8")
        # the program and not its Python service, which sleeps a tenth of a second for each page
        command = [
            get_executable(), "--site", copies, "--output-path", folder / "pagefind", "--silent",
            "--root-selector", "article.bd-article", "--force-language", language.code[:2],
            "--exclude-selectors", ".headerlink, .launch, .math",
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BookError(f"Pagefind made no index of {folder}: {done.stdout}{done.stderr}")
