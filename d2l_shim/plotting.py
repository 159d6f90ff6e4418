"""Figures of the notebooks: matplotlib set up as in d2l, and curves that grow while training."""

from __future__ import annotations

import time
from collections.abc import Sequence
from itertools import cycle
from typing import Any

from IPython import get_ipython
from IPython.display import display
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

# Matplotlib's one-letter colours and its default blue, told apart by colour-blind readers too
# and dark enough for thin lines on white (at least 3:1).
_LEGIBLE = {"#1f77b4": "#0072b2", "m": "#aa3377", "g": "#00805e", "r": "#d55e00"}


def use_svg_display() -> None:
    """Draw the notebook's figures as SVG; does nothing outside IPython."""
    if get_ipython() is not None:
        from matplotlib_inline.backend_inline import set_matplotlib_formats

        set_matplotlib_formats("svg")


def set_figsize(figsize: tuple[float, float] = (3.5, 2.5)) -> None:
    """Set the size of the next figures: (width, height) in inches."""
    plt.rcParams["figure.figsize"] = figsize


def set_axes(
    axes: Axes,
    xlabel: str | None,
    ylabel: str | None,
    xlim: Sequence[float] | None,
    ylim: Sequence[float] | None,
    xscale: str,
    yscale: str,
    legend: Sequence[str] | None,
) -> None:
    """Set labels, limits (None: fit the data), scales, legend and grid of `axes`."""
    axes.set(xlabel=xlabel or "", ylabel=ylabel or "", xscale=xscale, yscale=yscale)
    axes.set(xlim=xlim, ylim=ylim)
    if legend:
        axes.legend(legend)
    axes.grid(True, alpha=0.4)


def _values(value: Any) -> list[Any]:
    """A scalar (a 0-d tensor too) as a list of one, a sequence as a list."""
    is_scalar = getattr(value, "ndim", int(hasattr(value, "__len__"))) == 0
    return [value] if is_scalar else list(value)


class Animator:
    """A figure whose curves, on `axes[0]`, grow with every `add` and that shows itself live.

    A notebook stores it as one output with the last state, whatever the number of `add`s.
    `fig` and the flat list `axes` are there to draw on; outside notebooks nothing is shown.
    """

    def __init__(
        self,
        xlabel: str | None = None,
        ylabel: str | None = None,
        legend: Sequence[str] | None = None,
        xlim: Sequence[float] | None = None,
        ylim: Sequence[float] | None = None,
        xscale: str = "linear",
        yscale: str = "linear",
        fmts: Sequence[str] = ("-", "m--", "g-.", "r:"),
        nrows: int = 1,
        ncols: int = 1,
        figsize: tuple[float, float] = (3.5, 2.5),
    ):
        self.fig, axes = plt.subplots(
            nrows, ncols, figsize=figsize, squeeze=False, facecolor="white"
        )
        self.axes: list[Axes] = list(axes.flat)
        self.X: list[list[float]] = []
        self.Y: list[list[float]] = []
        self._lines: list[Line2D] = []
        self._style = (xlabel, ylabel, xlim, ylim, xscale, yscale, legend)
        self._fmts, self._xlim = fmts, xlim
        self._note = self.fig.text(0.99, 0.99, "", ha="right", va="top", size=7, color="0.35")
        shell = get_ipython()
        # A terminal would print the figure's name at every redraw.
        self._shell = None if shell is None or hasattr(shell, "prompts") else shell
        self._handle: Any = None  # of the one output
        self._watching = False  # whether the end of this cell will draw the last state
        self._next_draw = 0.0
        self._first: tuple[float, float] | None = None  # x and clock of the first point
        if self._shell is not None:
            plt.close(self.fig)  # or the inline backend draws it once more

    def add(self, x: Any, y: Any) -> None:
        """Append a point to each curve; None leaves a curve as it is.

        `y` is a number or one per curve, `x` a number or one per curve; 0-d tensors count as
        numbers. Raises ValueError if their number differs from that of the first `add`.
        """
        ys, xs = _values(y), _values(x)
        xs = xs * len(ys) if len(xs) == 1 else xs
        if not self.X:
            self._start(len(ys))
        if not len(xs) == len(ys) == len(self.X):
            raise ValueError(
                f"add got {len(xs)} values in x and {len(ys)} in y for {len(self.X)} curves; "
                "pass one per curve, None for a curve without a new point"
            )
        points = [
            None if a is None or b is None else (float(a), float(b))
            for a, b in zip(xs, ys, strict=True)
        ]
        for i, point in enumerate(points):
            if point is not None:
                self.X[i].append(point[0])
                self.Y[i].append(point[1])
                self._lines[i].set_data(self.X[i], self.Y[i])
                self.axes[0].update_datalim([point])
                self._first = self._first or (point[0], time.perf_counter())
        self.axes[0].autoscale(None)  # at the next draw, and only axes without given limits
        if self._shell is not None:
            self._show()

    def _start(self, num_curves: int) -> None:
        """Make the empty curves."""
        self.X, self.Y = [[] for _ in range(num_curves)], [[] for _ in range(num_curves)]
        for _, fmt in zip(range(num_curves), cycle(self._fmts), strict=False):
            (line,) = self.axes[0].plot([], [], fmt)
            line.set_color(_LEGIBLE.get(line.get_color(), line.get_color()))
            self._lines.append(line)
        set_axes(self.axes[0], *self._style)

    def _show(self) -> None:
        """Redraw if it is time to, and see to it that the end of the cell does."""
        if not self._watching:
            self._watching = True
            self._shell.events.register("post_execute", self._finish)
        if time.perf_counter() >= self._next_draw:
            self._draw(self._progress())

    def _finish(self) -> None:
        """Draw the last state, whichever `add` (or error, or interrupt) ended the cell."""
        self._shell.events.unregister("post_execute", self._finish)
        self._watching = False
        self._draw("")

    def _draw(self, note: str) -> None:
        began = time.perf_counter()
        self._note.set_text(note)
        if self._handle is None:
            self._handle = display(self.fig, display_id=True)
        else:
            self._handle.update(self.fig)
        # Drawing may take a tenth of the run at most, and three draws a second please the eye.
        took = time.perf_counter() - began
        self._next_draw = began + max(0.3, 10 * took)

    def _progress(self) -> str:
        """How far along `xlim` the curves are, and the time left at the pace so far."""
        if self._xlim is None or self._first is None:
            return ""
        (x0, began), end = self._first, self._xlim[1]
        x = max(curve[-1] for curve in self.X if curve)
        if not x0 < x < end:
            return ""
        begin = min(x0, self._xlim[0])
        left = (time.perf_counter() - began) * (end - x) / (x - x0)
        left_text = f"{left:.0f} s" if left < 100 else f"{left / 60:.0f} min"
        return f"{100 * (x - begin) / (end - begin):.0f} % · {left_text} left"
