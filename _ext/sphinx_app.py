"""Sphinx as Jupyter Book sets it up, for a language and a builder of our choice."""

from __future__ import annotations

from pathlib import Path

from jupyter_book.config import get_final_config
from sphinx.application import Sphinx
from sphinx.locale import translators
from sphinx.util.docutils import docutils_namespace, patch_docutils


def build(
    root: Path, out: Path, builder: str = "html", language: str = "en", settings: dict | None = None
) -> None:
    """Build the book in `root` into `out`, with `settings` over those of `_config.yml`.

    Warnings are errors. Doctrees are kept beside the output: an unchanged rebuild is quick.
    """
    config, _ = get_final_config(
        user_yaml=root / "_config.yml",
        cli_config={"latex_individualpages": False},
        sourcedir=root,
    )
    config |= {"language": language, "nitpicky": True}
    for name, value in (settings or {}).items():
        config[name] = {**config[name], **value} if isinstance(config.get(name), dict) else value
    doctrees = out.parent / f".doctrees-{out.name}"
    with patch_docutils(), docutils_namespace():
        try:
            app = Sphinx(
                root, None, out, doctrees, builder, confoverrides=config, status=None,
                warningiserror=True, keep_going=True,
            )  # fmt: skip
            app.build()
        finally:
            translators.clear()  # or the next edition, and its settings, come out in this language
        if app.statuscode:
            raise SystemExit(app.statuscode)
