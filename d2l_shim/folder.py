"""Pictures of your own: a folder of image files, in the form of MNIST."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError  # comes with Matplotlib


def load_folder(folder: str | Path, size: int = 28) -> np.ndarray:
    """All images in a folder and its subfolders, float32 (n, 1, size, size) from 0 to 1.

    In the order of their paths; in grey, the middle square of each, enlarged or reduced to `size`
    pixels; what is transparent becomes white. Files that are no images, or damaged, are skipped
    and named. Digits of MNIST are light on black: take 1 - images if yours are dark on white.

    Raises NotADirectoryError if there is no such folder, and ValueError if `size` is no positive
    integer or no file can be read.
    """
    if isinstance(size, bool) or not isinstance(size, int) or size < 1:
        raise ValueError(f"size must be a positive number of pixels, got {size!r}")
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise NotADirectoryError(f"{folder.resolve()} is no folder; expected one with image files")
    found, skipped = [], []
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or any(
            part.startswith(".") for part in path.relative_to(folder).parts
        ):
            continue
        try:
            found.append(_grey(path, size))
        except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
            kind = "no image" if isinstance(error, UnidentifiedImageError) else f"damaged ({error})"
            skipped.append(f"  {path.relative_to(folder)}: {kind}")
    if skipped:
        print("skipped:", *skipped, sep="\n")
    if not found:
        raise ValueError(f"no image in {folder.resolve()} can be read; expected PNG, JPEG or such")
    print(f"{len(found):,} pictures from {folder}")
    return np.stack(found)[:, None]


def _grey(path: Path, size: int) -> np.ndarray:
    """One image as (size, size) numbers from 0 to 1."""
    with warnings.catch_warnings(), Image.open(path) as image:
        warnings.simplefilter("ignore")  # of large images, or of odd metadata
        turned = ImageOps.exif_transpose(image)  # as the camera was held
        if turned.mode.startswith(("I", "F")):  # 16 bits or more, which "L" would cut off
            deep = np.asarray(turned, "float32")
            top = 65535 if turned.mode.startswith("I") else max(1.0, float(deep.max()))
            grey = Image.fromarray((255 * (deep / top).clip(0, 1)).astype("uint8"))
        else:
            layers = turned.convert("RGBA")
            paper = Image.new("RGBA", layers.size, "white")
            grey = Image.alpha_composite(paper, layers).convert("L")
        return np.asarray(ImageOps.fit(grey, (size, size)), "float32") / 255
