"""Sitemap: where the book has an address, its pages are listed for search engines."""

from __future__ import annotations

from html import escape
from pathlib import Path

from .book import Book
from .files import write

SITEMAP = """\
<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"
        xmlns:xhtml="http://www.w3.org/1999/xhtml">
{urls}
</urlset>
"""
URL = """\
  <url>
    <loc>{url}</loc>
{alternates}
  </url>"""
ALTERNATE = '    <xhtml:link rel="alternate" hreflang="{tag}" href="{url}"/>'
ROBOTS = "User-agent: *\nAllow: /\nSitemap: {url}/sitemap.xml\n"


def publish(book: Book, site: Path) -> None:
    """Write `sitemap.xml` and `robots.txt`; or take them away, where the book has no address."""
    for name, text in {
        "sitemap.xml": sitemap(book),
        "robots.txt": ROBOTS.format(url=book.url),
    }.items():
        if book.url:
            write(site / name, text)
        else:
            (site / name).unlink(missing_ok=True)


def sitemap(book: Book) -> str:
    """All pages in all languages, each with its counterparts."""
    urls = []
    for page in book.pages():
        addresses = {one.tag: escape(book.published(page, one.code)) for one in book.languages}
        alternates = "\n".join(ALTERNATE.format(tag=tag, url=url) for tag, url in addresses.items())
        urls += [URL.format(url=url, alternates=alternates) for url in addresses.values()]
    return SITEMAP.format(urls="\n".join(urls))
