"""Figures in notebooks: the set-up of d2l, and curves that grow while a model trains."""

from __future__ import annotations

import io
import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any

import numpy as np
import PIL.Image
from IPython import get_ipython
from IPython.display import Image, display
from matplotlib import colors
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from .tools import as_float, check_count

# One meaning, one colour, in plots as in drawings. Colour-blind readers tell the first four apart,
# and each stands out on a white and on a dark page. Matplotlib knows these names: color="real".
COLORS = {
    "real": "#4f93cf",
    "generated": "#c67710",
    "discriminator": "#b114ff",
    "generator": "#17805f",
    "ink": "#000000",  # other curves; on a dark page it turns light
    "guide": "#808080",  # what others are compared with
}
colors.get_named_colors_mapping().update(COLORS)

# Words stay words, to be translated and set in the page's font; the same run gives the same bytes.
SVG: dict[Any, Any] = {
    "svg.fonttype": "none", "svg.hashsalt": "d2l", "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"], "figure.constrained_layout.use": True,
    "axes.titlesize": "medium", "legend.frameon": False, "grid.color": "guide", "grid.alpha": 0.3,
}  # fmt: skip


def use_svg_display() -> None:
    """Draw the notebook's figures as SVG from now on; nothing happens outside IPython.

    Each comes as PNG too: Jupyter shows no SVG of a notebook that it does not trust yet.
    """
    if get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        # whole: the same size in every run, whatever is written at its axes
        set_matplotlib_formats("svg", "png", bbox_inches=None, metadata={"Date": None})
        plt.rcParams.update(SVG)


def set_figsize(figsize: tuple[float, float] = (3.5, 2.5)) -> None:
    """Set width and height of new figures, in inches."""
    plt.rcParams["figure.figsize"] = figsize


def set_axes(
    axes: Axes, xlabel: str | None, ylabel: str | None, xlim: Any, ylim: Any,
    xscale: str, yscale: str, legend: Sequence[str] | None,
) -> None:  # fmt: skip
    """Set labels, limits (None fits the data), scales, legend and grid of `axes`."""
    axes.set(xlabel=xlabel, ylabel=ylabel, xscale=xscale, yscale=yscale)
    axes.set(**{k: v for k, v in (("xlim", xlim), ("ylim", ylim)) if v is not None})
    if legend:
        axes.legend(legend)
    axes.grid(alpha=0.3)


def sheet(images: np.ndarray, ncols: int) -> np.ndarray:
    """Images of shape (n, height, width) as one array, in rows of `ncols`; gaps are white, 1.

    ValueError if `images` has another number of axes.
    """
    if images.ndim != 3:
        raise ValueError(f"images must have shape (n, height, width), got {images.shape}")
    n, height, width = images.shape
    rows = -(-n // check_count("ncols", ncols))
    cells = np.ones((rows * ncols, height, width), "float32")
    cells[:n] = images
    return cells.reshape(rows, ncols, height, width).swapaxes(1, 2).reshape(rows * height, -1)


def show_sheet(sheet: np.ndarray) -> None:
    """Show a picture (height, width), from 0, black, to 1, at three dots for each pixel.

    Outside notebooks nothing is shown.
    """
    _show_greys(sheet.repeat(3, axis=0).repeat(3, axis=1), width=2 * sheet.shape[1])


def show_film(frames: Sequence[np.ndarray], ncols: int = 5) -> None:
    """Show equally large pictures (height, width), from 0, black, to 1, as one sheet.

    The book's pages play the sheet as a film. Outside notebooks nothing is shown. ValueError if the
    pictures differ in shape.
    """
    framed = np.pad(np.stack(frames), ((0, 0), (3, 3), (3, 3)), constant_values=1)
    _show_greys(sheet(framed, ncols))


def _show_greys(pixels: np.ndarray, width: int | None = None) -> None:
    """Show an array as PNG in 16 greys."""
    picture = PIL.Image.fromarray((pixels.clip(0, 1) * 15).round().astype("uint8"), "P")
    picture.putpalette([17 * grey for grey in range(16) for _ in "RGB"])
    file = io.BytesIO()
    picture.save(file, "png", bits=4, optimize=True)
    if _notebook() is not None:
        display(Image(file.getvalue(), width=width))


def _notebook() -> Any:
    """IPython's shell if it shows pictures, else None: a terminal shows none."""
    shell = get_ipython()
    return None if hasattr(shell, "prompts") else shell


def _values(value: Any) -> list[Any]:
    """A scalar (0-d tensors too) as a list of one, a sequence as a list."""
    is_scalar = getattr(value, "ndim", int(hasattr(value, "__len__"))) == 0
    return [value] if is_scalar else list(value)


class Animator:
    """A figure that grows and redraws itself while a model trains: one output, with the last state.

    A curve that the legend calls by a name of `COLORS` has that colour. The output is that of the
    cell that adds points; another cell that does has one of its own. The curves are on `axes[0]`;
    `fig` and all of `axes`, a flat list, are there to draw on. Outside notebooks it draws the same
    and shows nothing.
    """

    def __init__(
        self, xlabel: str | None = None, ylabel: str | None = None,
        legend: Sequence[str] | None = None, xlim: Any = None, ylim: Any = None,
        xscale: str = "linear", yscale: str = "linear",
        fmts: Sequence[str] = ("-", "--", "-.", ":"), nrows: int = 1, ncols: int = 1,
        figsize: tuple[float, float] = (3.5, 2.5),
    ):  # fmt: skip
        self.fig, axes = plt.subplots(nrows, ncols, figsize=figsize, squeeze=False, facecolor="w")
        self.axes: list[Axes] = list(axes.flat)
        self.X: list[list[float]] = []
        self.Y: list[list[float]] = []
        self._lines: list[Line2D] = []
        self._style = (xlabel, ylabel, xlim, ylim, xscale, yscale, legend)
        self._fmts, self._xlim = fmts, xlim
        first = self.axes[0]
        self._note = first.text(
            1, 1.01, "", size=7, color="guide", ha="right", transform=first.transAxes
        )
        self._shell = _notebook()
        self._handle: Any = None  # of the output in the running cell, once it has added a point
        self._next_draw = time.perf_counter() + 1.5  # a shorter run is drawn once, at its end
        self._first: tuple[float, float] | None = None  # x and clock of the first point
        if self._shell is not None:
            plt.close(self.fig)  # or the inline backend draws it a second time

    def add(self, x: Any, y: Any) -> None:
        """Append a point to every curve: `x` and `y` are numbers, or one per curve (None skips).

        Numbers may be 0-d tensors. ValueError if the count differs from that of the first `add`.
        """
        xs, ys = _values(x), _values(y)
        xs = xs * len(ys) if len(xs) == 1 else xs
        n = len(self.X) or len(ys)
        if not len(xs) == len(ys) == n > 0:
            raise ValueError(
                f"x and y must have one value for each of {n} curves, got {len(xs)} and {len(ys)}; "
                "pass None where a curve has no new point"
            )
        if not self.X:
            self._start(n)
        points = [
            None if a is None or b is None else (as_float(a), as_float(b))
            for a, b in zip(xs, ys, strict=True)
        ]
        for i, point in enumerate(points):
            if point is not None:
                self.X[i].append(point[0])
                self.Y[i].append(point[1])
                self._lines[i].set_data(self.X[i], self.Y[i])
                self.axes[0].update_datalim([point])
                self._first = self._first or (point[0], time.perf_counter())
        # at the next draw; limits that were given stay (matplotlib's types forget None)
        for axes in self.axes:
            axes.autoscale(None)  # type: ignore[arg-type]
        if self._shell is not None:
            if self._handle is None:  # the figure's place is here, before what is printed later
                self._handle = display({"text/plain": repr(self.fig)}, raw=True, display_id=True)
                # neither the last add nor an interrupt is announced
                self._shell.events.register("post_execute", self._finish)
            if time.perf_counter() >= self._next_draw:
                self._draw(self._progress())

    def _start(self, n: int) -> None:
        """Make `n` empty curves."""
        self.X, self.Y = [[] for _ in range(n)], [[] for _ in range(n)]
        self.axes[0].set_prop_cycle(color=["ink", "guide"])
        names = [*(self._style[-1] or ()), *n * [""]]
        for name, fmt in zip(names[:n], cycle(self._fmts), strict=False):
            self._lines += self.axes[0].plot([], [], fmt)
            if name in COLORS:
                self._lines[-1].set_color(name)
        set_axes(self.axes[0], *self._style)
        if self._xlim is not None and all(isinstance(limit, int) for limit in self._xlim):
            locator = self.axes[0].xaxis.get_major_locator()
            if isinstance(locator, MaxNLocator):  # not on a logarithmic axis
                locator.set_params(integer=True)  # no half epochs

    def _finish(self) -> None:
        """Draw the last state, at the end of the cell; a later cell gets an output of its own."""
        self._shell.events.unregister("post_execute", self._finish)
        self._draw("")
        self._handle = None  # running that cell again clears its output, and none is left to update

    def _draw(self, note: str) -> None:
        began = time.perf_counter()
        self._note.set_text(note)
        self._handle.update(self.fig)
        # At most three times a second, and where drawing is slow, a tenth of the run's time.
        self._next_draw = began + max(0.3, 10 * (time.perf_counter() - began))

    def _progress(self) -> str:
        """How far the curves are along `xlim`, and the time left at the pace so far."""
        if self._xlim is None or self._first is None:
            return ""
        (first, began), (start, end) = self._first, self._xlim
        x = max(curve[-1] for curve in self.X if curve)
        if not first < x < end:
            return ""
        start = min(start, first)
        left = (time.perf_counter() - began) * (end - x) / (x - first)
        left_text = f"{left:.0f} s" if left < 100 else f"{left / 60:.0f} min"
        return f"{100 * (x - start) / (end - start):.0f} % · {left_text} left"
