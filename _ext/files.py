"""Writing a file whole or not at all."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from .book import BookError


def write(path: Path, text: str) -> None:
    """Replace a file's content in one step; if that fails, the old file is still there.

    Raises BookError if it cannot be written.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", newline="\n", dir=path.parent, suffix=".tmp", delete=False
        ) as file:
            temporary = file.name
            file.write(text)
        os.chmod(temporary, path.stat().st_mode if path.is_file() else 0o644)
        os.replace(temporary, path)
    except OSError as error:
        raise BookError(f"{path} cannot be written ({error}); nothing was changed") from error
    finally:
        if temporary and os.path.exists(temporary):
            os.unlink(temporary)
