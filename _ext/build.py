"""Build: Sphinx as Jupyter Book sets it up, for a language and a builder of our choice.

What Sphinx has read it keeps, in `cache`, and reads a page again if its content or anything that it
depends on has changed: by content, because times lie after a checkout. Only a build without a
warning leaves its mark there, so a warning comes back until it is mended.
"""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path

import pybtex.plugin
from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.locale import translators
from sphinx.util.docutils import docutils_namespace, patch_docutils

from .book import MADE, Book, BookError, Language, load
from .catalogs import compile_catalogs
from .digest import digest, engine
from .words import CATALOG

# It is asked for the same few plugins at every citation, and reads all installed packages each time
pybtex.plugin._load_entry_point = lru_cache(pybtex.plugin._load_entry_point)


def build(
    root: Path, cache: Path, *builders: str, language: str = "en", settings: dict | None = None,
    exclude: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Build the book in `root` with each of the builders into `cache/<builder>`, read only once.

    `settings` win over those of `_config.yml`; `exclude` are patterns of files that are no sources.
    Warnings are errors. All pages are written, because what they refer to may have changed.

    Raises BookError if there was any; what Sphinx said of it is on stderr.
    """
    book = load(root)
    cache.mkdir(parents=True, exist_ok=True)
    catalogs, doctrees, new = cache / "locales", cache / "doctrees", cache / "doctrees.new"
    compile_catalogs(book, spoken(book, language), catalogs)
    shutil.rmtree(new, ignore_errors=True)
    if doctrees.is_dir():
        shutil.copytree(doctrees, new)
    config, _ = get_final_config(
        user_yaml=root / "_config.yml",
        cli_config={"latex_individualpages": False},
        sourcedir=root,
    )
    made = [f"**/{name}" for name in (*MADE, ".*")]
    config["exclude_patterns"] = [*config["exclude_patterns"], *MADE, ".*", *made, *exclude]
    # a list of our own: themes add their templates to it, and would add them to Sphinx's default
    config["templates_path"] = [*config.get("templates_path", [])]
    config |= {
        "language": language, "locale_dirs": [str(catalogs)], "gettext_auto_build": False,
        # a catalog for each page; no line numbers or ids, which would churn every diff
        "gettext_compact": False, "gettext_location": False, "gettext_uuid": False,
        # a picture's alternative text is extracted where the picture is chosen
        "nb_mime_priority_overrides": [
            ["gettext", "image/svg+xml", 1], ["gettext", "image/png", 2]
        ],
        "nitpicky": True, "engine": engine(book), "cache": str(cache), **(settings or {}),
    }  # fmt: skip
    for builder in builders:
        shutil.rmtree(cache / builder, ignore_errors=True)
        with patch_docutils(), docutils_namespace():
            try:
                app = Sphinx(
                    root, None, cache / builder, new, builder, confoverrides=dict(config),
                    status=None, warningiserror=True, keep_going=True,
                )  # fmt: skip
                app.build(force_all=True)
            finally:
                translators.clear()  # or the next build comes out in this language
        if app.statuscode:
            raise BookError(f"the book has warnings ({language}, {builder}): see above")
    shutil.rmtree(doctrees, ignore_errors=True)
    new.rename(doctrees)


def spoken(book: Book, code: str) -> Language:
    """The book's language with that code."""
    for language in book.languages:
        if language.code == code:
            return language
    known = ", ".join(one.code for one in book.languages)
    raise BookError(f"the language {code!r} is none of _config.yml's: {known}")


def setup(app: Sphinx) -> None:
    app.add_config_value("engine", "", "env")
    app.add_config_value("cache", "", "env")  # what was read knows where its pictures are
    app.connect("env-get-outdated", changed_pages)
    app.connect("env-updated", remember_pages)


def changed_pages(app: Sphinx, env: BuildEnvironment, added, changed, removed) -> list[str]:
    """The pages that are not what they were when they were read."""
    known = getattr(env, "page_digests", {})
    return [page for page in env.found_docs if known.get(page) != page_digest(env, page)]


def remember_pages(app: Sphinx, env: BuildEnvironment) -> None:
    env.page_digests = {page: page_digest(env, page) for page in env.found_docs}


def page_digest(env: BuildEnvironment, page: str) -> str:
    """Hash of a page's source, of what it was seen to depend on, and of its translation."""
    needed = [Path(env.srcdir, file) for file in sorted(map(str, env.dependencies[page]))]
    catalogs = [
        Path(folder, env.config.language, "LC_MESSAGES", f"{domain}.mo")
        for folder in env.config.locale_dirs
        for domain in (page, CATALOG, "sphinx")
    ]
    return digest([Path(env.doc2path(page)), *needed, *catalogs])
