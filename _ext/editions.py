"""Editions: the whole book in every language, side by side.

python -m _ext.editions [--bound] [FOLDER]      (this is `make book`; FOLDER is _build/html)

FOLDER/index.html     chooses the reader's language
FOLDER/<folder>/      one edition, complete in itself

With --bound (`make pdf`), editions hold and offer the whole book as PDF and EPUB, too.

An edition is a function of the book's files: it is built in a cache beside FOLDER, and takes the
old one's place when it is whole. If no file has changed, nothing is done.
"""

from __future__ import annotations

import gc
import html
import os
import shutil
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from string import Template

from filelock import FileLock, Timeout

from .book import Book, BookError, Language, load
from .digest import digest, engine
from .files import write
from .sitemap import publish

MARK = ".edition"  # a file that says that a folder of the site is ours


def main(site: Path, bound: bool = False) -> None:
    """Build all editions into `site`; whoever comes second waits for the first."""
    book = load(Path.cwd())
    if bound:
        from .pdf import chromium

        chromium()  # or nothing is begun
    cache = site.parent / f".{site.name}-cache"
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "lock"):
        key = sources(book, site, bound)
        stale = [one for one in book.languages if not is_whole(one, site, cache, key)]
        if stale:
            from . import build  # noqa: F401  (once, before the processes part)
        jobs = [(book.root, one, site, cache, key, bound) for one in stale]
        # one more than there are cores: of three editions on two, none is left to run alone
        with ProcessPoolExecutor(min(len(jobs), (os.cpu_count() or 1) + 1) or 1) as pool:
            try:
                list(pool.map(edition, *zip(*jobs, strict=True)))
            except BrokenProcessPool as error:
                raise BookError("a builder was ended from outside (out of memory?)") from error
        tidy(book, site, cache)
        write(site / "index.html", chooser(book))
        publish(book, site)
    for one in book.languages:
        print(f"{one.name}: {site / one.folder / 'index.html'}")
    print(f"all: {site / 'index.html'}")


def locked(path: Path) -> FileLock:
    """A lock that says what it waits for."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0.5)
    except Timeout:
        print("another build of this book is running; waiting for it …", file=sys.stderr)
        lock.acquire()
    return lock


def sources(book: Book, site: Path, bound: bool) -> str:
    """Hash of all that an edition may follow from: the files, names included, and what it holds."""
    files = [file for file in book.files() if site not in file.parents]
    return digest(files, *map(str, files), engine(book), str(bound))


def edition(root: Path, language: Language, site: Path, cache: Path, key: str, bound: bool) -> None:
    """Build one edition and put it into its place.

    BookError, and the old one stays, if a source changed meanwhile: some pages would be of before.
    """
    from .build import build  # it takes a second, and a book that has not changed needs none

    gc.disable()  # this process ends soon; a third of its time went into looking for garbage
    own = cache / language.code
    complete = cache / "complete" / language.code
    complete.unlink(missing_ok=True)
    settings = {"editions": True, "notebooks": str(own / "notebook"), "bound": bound}
    ours = (f"{site.relative_to(root).as_posix()}/**",) if root in site.parents else ()
    build(root, own, "notebook", "html", language=language.code, settings=settings, exclude=ours)
    if bound:
        from .bound import bind

        book = load(root)
        for backend in book.backends:
            bind(own / "html", own / "locales", book, language, backend)
    write(own / "html" / MARK, language.code)
    if sources(load(root), site, bound) != key:
        shutil.rmtree(own)
        raise BookError("a file of the book changed while it was being built: build it again")
    place, old = site / language.folder, own / "old"
    shutil.rmtree(old, ignore_errors=True)
    place.parent.mkdir(parents=True, exist_ok=True)
    if place.is_dir():
        place.rename(old)
    (own / "html").rename(place)
    shutil.rmtree(old, ignore_errors=True)
    complete.parent.mkdir(exist_ok=True)
    write(complete, key + contents(place))


def is_whole(language: Language, site: Path, cache: Path, key: str) -> bool:
    """Whether an edition was made of these sources, and nobody has touched it since."""
    complete = cache / "complete" / language.code
    place = site / language.folder
    return complete.is_file() and complete.read_text() == key + contents(place)


def contents(folder: Path) -> str:
    """Hash of the names, sizes and times of a folder's files."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest([], *(f"{p} {p.stat().st_size} {p.stat().st_mtime_ns}" for p in files))


def tidy(book: Book, site: Path, cache: Path) -> None:
    """Remove the editions that this engine once built and that are no language any more."""
    codes = {one.code for one in book.languages}
    folders = {one.folder for one in book.languages}
    for made in site.glob(f"*/{MARK}"):
        if made.parent.name not in folders:
            shutil.rmtree(made.parent)
    for own in cache.iterdir():
        if own.is_dir() and own.name not in {*codes, "complete"}:
            shutil.rmtree(own)


def chooser(book: Book) -> str:
    """The page that greets a reader: to the remembered edition, to the browser's, or by hand."""
    template = Template((Path(__file__).parent / "templates" / "chooser.html").read_text("utf-8"))
    links = [(f"{one.folder}/index.html", one.tag, html.escape(one.name)) for one in book.languages]
    static = f"{book.languages[0].folder}/_static"
    picture = book.published(f"_cards/{book.pages()[0]}", book.languages[0].code, ".png")
    tags = {"og:title": book.title, "og:url": f"{book.url}/", "og:image": picture}
    sharing = "\n".join(
        f'  <meta property="{name}" content="{html.escape(value)}">' for name, value in tags.items()
    )
    icon = f'  <link rel="icon" href="{static}/{book.favicon.name}">' if book.favicon else ""
    logo = f'    <img src="{static}/{book.logo.name}" alt="" width="160">' if book.logo else ""
    return template.substitute(
        title=html.escape(book.title), language=book.languages[0].tag, icon=icon, logo=logo,
        sharing=sharing if book.url else "",
        items="\n".join(f'      <li><a href="{url}" lang="{code}" hreflang="{code}">{name}</a></li>'
                        for url, code, name in links),
        alternates="\n".join(f'  <link rel="alternate" hreflang="{code}" href="{url}">'
                             for url, code, _ in links),
    )  # fmt: skip


if __name__ == "__main__":
    try:
        folders = [word for word in sys.argv[1:] if word != "--bound"]
        main(Path((folders or ["_build/html"])[0]).resolve(), bound="--bound" in sys.argv)
    except BookError as error:
        sys.exit(f"\n{error}")
    except OSError as error:
        sys.exit(f"\n{error}: the pages are as they were; mend this, and build again")
