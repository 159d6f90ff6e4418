"""Search: each edition's index, made by Pagefind, which searches without a server's help."""

from __future__ import annotations

from pathlib import Path

from pagefind.index import IndexConfig, PagefindIndex

from .book import Language

# Pagefind folds diacritics, but not đ. It does fold a stroke that stands for itself.
STROKES = str.maketrans({"đ": "d\u0335", "Đ": "D\u0335"})


async def index(folder: Path, language: Language) -> None:
    """Make an edition's search index. đ is indexed as d with a stroke, which search.js undoes."""
    config = IndexConfig(
        root_selector="article.bd-article",
        exclude_selectors=[".headerlink", ".launch", ".math"],
        force_language=language.code[:2],
        output_path=str(folder / "pagefind"),
    )
    pages = [
        page
        for page in sorted(folder.rglob("*.html"))
        if "_static" not in page.relative_to(folder).parts
        and page.name not in ("genindex.html", "search.html")
    ]
    async with PagefindIndex(config=config) as search:
        for page in pages:
            await search.add_html_file(
                content=page.read_text(encoding="utf-8").translate(STROKES),
                source_path=page.relative_to(folder).as_posix(),
            )
