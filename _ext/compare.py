"""Compare: what a cell shows when it runs again, with what its committed notebook shows.

Printed text must be the same but for the speeds that tests/nbval.cfg masks, pictures nearly the
same. A cell of the source may ask for less: `:tolerance: {relative: 0.02}`.
"""

from __future__ import annotations

import base64
import io
import math
import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from itertools import zip_longest

from nbformat import NotebookNode

from .book import BookError

# How far a picture may be from the committed one, as `pictures_differ` measures it. Run again on
# one machine, the book's pictures are equal, 0. Another shade of grey, by one, in every pixel gives
# 0.016 at most; a dash of 3 pixels across a tenth of a picture 0.05 at least, and a curve of three
# that moves by half a pixel as much.
PICTURE = 0.03
PICTURES = ("image/png", "image/jpeg", "image/svg+xml")
TOLERANCES = ("relative", "absolute", "picture")

# A number and the spaces that pad it: 0.5, -3, 1., 1,797, 2e-05, nan, inf. Digits in a name (x1,
# conv2d) and what follows a second point (1.9.1) are text.
NUMBER = re.compile(
    r"[ \t]*(?<![\w.])"
    r"([+\-−]?(?:(?:[0-9]{1,3}(?:,[0-9]{3})+(?![0-9])|[0-9]+)(?:\.[0-9]*)?|\.[0-9]+)"
    r"(?:[eE][+-]?[0-9]+)?|[+\-−]?(?i:nan|inf(?:inity)?)(?!\w))"
    r"[ \t]*"
)


def check_tolerance(option: object, where: str) -> None:
    """Raise BookError, beginning with `where`, if `option` cannot be a cell's `:tolerance:`.

    It holds some of `TOLERANCES`, each with a number.
    """
    expected = (
        f"{where}: `:tolerance:` is {option!r}; expected {{relative: …, absolute: …, picture: …}} "
        "or some of them: numbers, at least 0; picture below 1, which lets a blank sheet pass"
    )
    if not isinstance(option, dict) or not option or not set(option) <= set(TOLERANCES):
        raise BookError(expected)
    for value in option.values():
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or not 0 <= value < math.inf:
            raise BookError(expected)
    if option.get("picture", 0) >= 1:
        raise BookError(expected)


def differences(
    committed: list[NotebookNode],
    again: list[NotebookNode],
    tolerance: dict[str, float],
    masks: Collection[tuple[str, str]] = (),
) -> Iterator[str]:
    """In words, how a cell's outputs `again` differ from the `committed` ones.

    Both are lists of nbformat's outputs; `tolerance` is the cell's, or {}; `masks` are the
    patterns of what may differ in a text, each with what replaces it.
    """
    for number, (old, new) in enumerate(zip_longest(committed, again), start=1):
        was, now = _parts(old), _parts(new)
        if list(was) != list(now):
            kinds = [" + ".join(parts) or "nothing" for parts in (was, now)]
            yield f"output {number}: {kinds[0]} is now {kinds[1]}"
            continue
        for kind, part in was.items():
            if kind in PICTURES:
                problem = pictures_differ(part, now[kind], tolerance.get("picture", PICTURE))
            elif isinstance(part, str):
                texts = [part, now[kind]]
                for pattern, replacement in masks:
                    texts = [re.sub(pattern, replacement, text) for text in texts]
                problem = texts_differ(*texts, tolerance)
            else:
                problem = "" if part == now[kind] else f"{part} is now {now[kind]}"
            if problem:
                yield f"output {number}, {kind}: {problem}"


def _parts(output: NotebookNode | None) -> dict:
    """What a reader sees of an output, by kind, in a fixed order; {} if there is no output."""
    if output is None:
        return {}
    if output.output_type == "stream":
        return {output.name: output.text}
    if output.output_type == "error":
        return {"error": f"{output.ename}: {output.evalue}"}
    return {**dict(sorted(output.data.items())), "metadata": output.get("metadata", {})}


def texts_differ(old: str, new: str, tolerance: dict[str, float]) -> str:
    """The first difference between two printed texts, in words; "" if there is none.

    With a tolerance, numbers are compared in pairs, and need not be padded alike. A number may be
    off by `relative` times the old one, or by `absolute`, whichever is more.
    """
    if old == new:
        return ""
    relative, absolute = (tolerance.get(key) for key in ("relative", "absolute"))
    # with a group in the pattern, split gives text, number, text, number, …, text
    was, now = NUMBER.split(old), NUMBER.split(new)
    if relative is absolute is None or was[::2] != now[::2]:
        return _lines(old, new)
    for a, b in zip(was[1::2], now[1::2], strict=True):
        x, y = _value(a), _value(b)
        if x.is_nan() or y.is_nan():
            near = x.is_nan() and y.is_nan()
        elif x.is_infinite() or y.is_infinite():
            near = x == y
        else:  # decimal: 0.51 is not more than 0.01 from 0.5
            allowed = [_value(relative or 0) * abs(x), _value(absolute or 0)]
            near = abs(x - y) <= max(allowed)
        if not near:
            return f"{a} is now {b}, beyond its tolerance {tolerance}\n{_lines(old, new)}"
    return ""


def _value(number: str | float) -> Decimal:
    return Decimal(str(number).replace(",", "").replace("−", "-"))


def _lines(old: str, new: str) -> str:
    """The first lines that differ."""
    for a, b in zip_longest(old.splitlines(), new.splitlines()):
        if a != b:
            return f"\n  committed: {a!r}\n  now:       {b!r}"
    return f"\n  committed: …{old[-20:]!r}\n  now:       …{new[-20:]!r}"  # line breaks alone


def pictures_differ(old: str, new: str, tolerance: float) -> str:
    """How a picture differs from the committed one, in words; "" if it is near enough.

    Both are files: SVG, or others in base64. They must have the same size, and a distance of
    `tolerance` at most: 0 is the same, 1 as far as a blank sheet. It is the root mean square of the
    differences, divided by the standard deviation of the old picture's pixels, so that a curve
    counts the same on much white paper and on little.
    """
    # rendering, which splits too, does without Pillow
    from PIL import Image, ImageChops, ImageStat

    from .drawings import rasterize

    pictures = []
    for text in (old, new):
        file = rasterize(text) if "<svg" in text else base64.b64decode(text)
        with Image.open(io.BytesIO(file)) as image:
            image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        paper.alpha_composite(image)
        pictures.append(paper.convert("RGB"))
    was, now = pictures
    if was.size != now.size:
        return "is now {} × {} pixels, was {} × {}".format(*now.size, *was.size)
    off = math.hypot(*ImageStat.Stat(ImageChops.difference(was, now)).rms)
    distance = off and off / max(math.hypot(*ImageStat.Stat(was).stddev), 1e-9)
    if distance <= tolerance:
        return ""
    return f"is {distance:.3f} from the committed picture; its tolerance is {tolerance}"
