"""The Animator in a real notebook kernel, and all of plotting outside IPython."""

import os
import re
import subprocess
import sys
from base64 import b64decode
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import matplotlib
import nbclient
import nbformat
import numpy as np
import PIL.Image
import pytest

matplotlib.use("agg")

from d2l_shim import plotting

ROOT = Path(__file__).resolve().parent.parent

# Each picture says, as plain text, what it showed when it was drawn, and counts the drawings.
SETUP = """
import time
from matplotlib.figure import Figure
from d2l_shim.plotting import Animator, plt

drawings = []
plt.close(plt.figure())  # sets up the inline backend, which clears such descriptions

def describe(fig, printer, cycle):
    points = [len(line.get_xdata()) for line in fig.axes[0].lines]
    texts = [t.get_text() for t in [*fig.axes[0].texts, fig.axes[-1].title]]
    drawings.append(f"{points} {fig.axes[0].get_xlim()[1]:.0f} {texts}")
    printer.text(drawings[-1])

get_ipython().display_formatter.formatters["text/plain"].for_type(Figure, describe)
"""
CELLS = {
    "quick": """
animator = Animator(xlim=[1, 200], legend=["a", "b"])
began = time.perf_counter()
for i in range(200):
    animator.add(i + 1, (i, None if i % 2 else -i))
print(len(drawings), time.perf_counter() - began)
""",
    "after": "print('a word')\nanimator.add(201, (0, 0)); animator.add(202, (0, 0))",
    "again": "animator.add(203, (0, 0))",
    "both": "other = Animator(); other.add(0, 0); animator.add(0, (0, 0)); other.add(1, 1)",
    "idle": "drawn = len(drawings)",
    "still": "print(len(drawings) - drawn)",
    "slow": """
drawings.clear()
animator = Animator(xlim=[0, 10])
for i in range(6):
    animator._next_draw = 0  # as if a second had gone by
    animator.add(i, i)
    time.sleep(0.02)
print(*drawings, sep="\\n")
""",
    "scatter": """
animator = Animator(nrows=2, figsize=(5, 5))
animator.fig.subplots_adjust(hspace=0.3)
for i in range(20):
    animator.axes[1].cla()
    animator.axes[1].scatter([1, 2, 3], [i, i, i])
    animator.add(i, i)
animator.axes[1].set_title("late");
""",
    "error": """
animator = Animator(xlim=[0, 9])
for i in range(5):
    animator.add(i, i)
raise KeyboardInterrupt
""",
    "empty": "animator = Animator()",
    "plain": "plt.plot([1, 2]);",
    "film": """
import numpy as np
from d2l_shim.plotting import show_film
show_film([np.full((4, 6), grey / 2) for grey in range(3)], ncols=2)
""",
}


@contextmanager
def kernel(cells):
    """Run cells in a fresh kernel; the context is a function that runs the cell of an index."""
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = nbclient.NotebookClient(notebook, kernel_name="python3", allow_errors=True)
    old = os.environ.get("PYTHONPATH", "")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", f"{ROOT}{os.pathsep}{old}")
        patch.delenv("MPLBACKEND", raising=False)
        with client.setup_kernel():
            for index, cell in enumerate(cells):
                client.execute_cell(cell, index)
            yield lambda index: client.execute_cell(cells[index], index)


@pytest.fixture(scope="module")
def outputs():
    """The stored outputs of each cell, all run in one notebook."""
    cells = [nbformat.v4.new_code_cell(SETUP)]
    cells += [nbformat.v4.new_code_cell(source.strip()) for source in CELLS.values()]
    with kernel(cells):
        pass
    assert cells[0].outputs == []
    return dict(zip(CELLS, (cell.outputs for cell in cells[1:]), strict=True))


def pictures(outputs):
    return [o.data["text/plain"] for o in outputs if "image/png" in o.get("data", {})]


def text(outputs):
    return "".join(o.text for o in outputs if o.output_type == "stream")


def test_one_output_with_the_last_state(outputs):
    assert [o.output_type for o in outputs["quick"]] == ["display_data", "stream"]
    assert pictures(outputs["quick"]) == ["[200, 100] 200 ['', '']"]
    assert text(outputs["still"]) == "0\n"  # cells that add nothing draw nothing


def test_every_cell_that_adds_points_shows_the_figure_once(outputs):
    assert [o.output_type for o in outputs["after"]] == ["stream", "display_data"]
    assert pictures(outputs["after"]) == ["[202, 102] 200 ['', '']"]
    assert pictures(outputs["again"]) == ["[203, 103] 200 ['', '']"]
    assert pictures(outputs["both"]) == ["[2] 1 ['', '']", "[204, 104] 200 ['', '']"]


def test_a_cell_that_runs_again_shows_the_figure_again():
    cells = [nbformat.v4.new_code_cell(c) for c in (SETUP, "a = Animator()", "a.add(0, 0)")]
    with kernel(cells) as run:
        for points in (2, 3):
            run(2)
            assert pictures(cells[2].outputs) == [f"[{points}] 0 ['', '']"]


def test_few_drawings_in_a_quick_loop(outputs):
    drawings, seconds = map(float, text(outputs["quick"]).split())
    assert drawings <= seconds / 0.3  # none, if it takes less than a second


def test_progress_while_running(outputs):
    drawn = text(outputs["slow"]).splitlines()
    assert len(drawn) == 6
    assert drawn[0] == "[1] 10 ['', '']"  # no pace yet
    # Seven tenths of the way are left after 60 ms or, on a busy machine, a little more.
    assert re.fullmatch(r"\[4\] 10 \['30 % · \d s left', ''\]", drawn[3])
    assert pictures(outputs["slow"]) == ["[6] 10 ['', '']"]


def test_callers_draw_on_other_axes(outputs):
    assert len(outputs["scatter"]) == 1
    assert pictures(outputs["scatter"]) == ["[20] 20 ['', 'late']"]  # after the last add too


def test_an_interrupted_cell_keeps_its_last_state(outputs):
    assert pictures(outputs["error"]) == ["[5] 9 ['', '']"]
    assert [o.output_type for o in outputs["error"]].count("error") == 1


def test_nothing_is_drawn_twice_or_without_points(outputs):
    assert outputs["empty"] == []
    assert len(pictures(outputs["plain"])) == 1  # the inline backend still draws other figures


def test_a_film_is_a_sheet_of_frames(outputs):
    (output,) = outputs["film"]
    sheet = np.asarray(PIL.Image.open(BytesIO(b64decode(output.data["image/png"]))).convert("L"))
    assert sheet.shape == (2 * 10, 2 * 12)  # two rows of two frames, each with a rim of 3
    frames = sheet.reshape(2, 10, 2, 12).swapaxes(1, 2).reshape(4, 10, 12)
    assert [set(frame[3:7, 3:9].flat) for frame in frames] == [{0}, {136}, {255}, {255}]
    frames[:, 3:7, 3:9] = 255
    assert (frames == 255).all()


# --- outside notebooks ---


def test_sheets():
    images = np.arange(3 * 2 * 2).reshape(3, 2, 2)
    assert plotting.sheet(images, 2).tolist() == [
        [0, 1, 4, 5], [2, 3, 6, 7], [8, 9, 1, 1], [10, 11, 1, 1],
    ]  # fmt: skip
    with pytest.raises(ValueError, match=r"shape \(n, height, width\), got \(3, 4\)"):
        plotting.sheet(images.reshape(3, 4), 2)
    with pytest.raises(ValueError, match="ncols must be at least 1, got 0"):
        plotting.sheet(images, 0)
    with pytest.raises(ValueError, match="same shape"):
        plotting.show_film([np.zeros((2, 2)), np.zeros((2, 3))])


def test_curves_fit_their_data():
    animator = plotting.Animator("x", "y", ["a", "b"], fmts=("-",))
    for x in range(5):
        animator.add(x, (x**2, float("nan") if x == 2 else -x))
    a, b = animator.axes[0].lines
    assert a.get_xydata().tolist() == [[x, x**2] for x in range(5)]
    assert b.get_xydata()[:2].tolist() == [[0, 0], [1, -1]]
    assert animator.axes[0].get_xlim() == pytest.approx((-0.2, 4.2))
    assert animator.axes[0].get_ylim() == pytest.approx((-5, 17))
    assert [t.get_text() for t in animator.axes[0].get_legend().get_texts()] == ["a", "b"]
    assert (animator.axes[0].get_xlabel(), animator.axes[0].get_ylabel()) == ("x", "y")


def test_limits_and_scales_stay():
    animator = plotting.Animator(xlim=[1, 20], ylim=[1e-3, 1], yscale="log", nrows=2, ncols=2)
    assert isinstance(animator.axes, list) and len(animator.axes) == 4
    animator.add(50, 100)
    axes = animator.axes[0]
    assert (axes.get_xlim(), axes.get_ylim(), axes.get_yscale()) == ((1, 20), (1e-3, 1), "log")
    assert animator.fig.get_facecolor() == (1, 1, 1, 1)
    logarithmic = plotting.Animator(xlim=[1, 100], xscale="log")
    logarithmic.add(1, 1)
    assert logarithmic.axes[0].get_xscale() == "log"


@pytest.mark.parametrize(
    "xlim, halves", [([0, 3], False), ([0, 0.5], True), ([0.0, 3.0], True)], ids=str
)
def test_epochs_are_whole_numbers(xlim, halves):
    animator = plotting.Animator(xlim=xlim)
    animator.add(1, 1)
    animator.fig.canvas.draw()
    assert any(tick % 1 for tick in animator.axes[0].get_xticks()) == halves


def test_lines_keep_their_styles_in_legible_colours():
    animator = plotting.Animator()
    animator.add(0, range(5))
    lines = animator.axes[0].lines
    assert [line.get_linestyle() for line in lines] == ["-", "--", "-.", ":", "-"]
    for line in lines:
        red, green, blue = (
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
            for c in matplotlib.colors.to_rgb(line.get_color())
        )
        assert 1.05 / (0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05) >= 3  # WCAG 1.4.11
    custom = plotting.Animator(fmts=["ko-"])
    custom.add(0, 0)
    assert custom.axes[0].lines[0].get_color() == "k"


@pytest.mark.parametrize("name", ["torch", "mxnet"])
def test_points_may_be_tensors(name, recwarn):
    tensor = pytest.importorskip(f"d2l_shim.{name}").tensor
    animator = plotting.Animator()
    value = tensor([0.5, 2.0])
    value.requires_grad_() if name == "torch" else value.attach_grad()
    animator.add(tensor(1.0), value.sum())
    animator.add(tensor([2.0]), (value[0],))
    animator.add(np.float32(3), np.array([1.5]))
    animator.add([4], value[1:])
    assert animator.X == [[1, 2, 3, 4]]
    assert animator.Y == [[2.5, 0.5, 1.5, 2.0]]
    assert not recwarn.list


def test_none_skips_and_counts_must_agree():
    animator = plotting.Animator()
    animator.add(1, (None, 2))
    animator.add((None, 3), (4, None))
    animator.add((5, 6), (7, 8))
    assert (animator.X, animator.Y) == ([[5], [1, 6]], [[7], [2, 8]])
    for x, y, counts in ((1, 2, "1 and 1"), (1, (1, 2, 3), "3 and 3"), ((1, 2, 3), (1, 2), "3 an")):
        with pytest.raises(ValueError, match=f"each of 2 curves, got {counts}.*None where"):
            animator.add(x, y)
    with pytest.raises(ValueError):
        animator.add(9, (1, "two"))
    assert (animator.X, animator.Y) == ([[5], [1, 6]], [[7], [2, 8]])


def test_set_axes_and_set_figsize():
    with plotting.plt.rc_context():
        plotting.set_figsize((4, 3))
        fig, axes = plotting.plt.subplots()
        assert tuple(fig.get_size_inches()) == (4, 3)
        plotting.set_figsize()
        assert plotting.plt.rcParams["figure.figsize"] == [3.5, 2.5]
    axes.plot([1, 2], [3, 4])
    plotting.set_axes(axes, "a", None, [0, 1], None, "linear", "log", ["l"])
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale()) == ("a", "", "log")
    assert axes.get_xlim() == (0, 1) and axes.get_legend() is not None


SCRIPT = """
import sys
from d2l_shim.plotting import *
from d2l_shim.plotting import Animator, get_ipython, plt
use_svg_display(); set_figsize((3, 2))
animator = Animator(xlim=[0, 3])
{shell}
for i in range(300): animator.add(i, i)
assert plt.gcf() is animator.fig  # still there for plt.savefig
animator.fig.savefig(sys.argv[1])
"""


def test_scripts_show_nothing(tmp_path):
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", SCRIPT.format(shell="assert get_ipython() is None"),
         str(tmp_path / "x.png")],
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg"},
        capture_output=True, text=True,
    )  # fmt: skip
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")
    assert (tmp_path / "x.png").stat().st_size > 1000


def test_the_terminal_of_ipython_shows_no_objects(tmp_path):
    script = tmp_path / "script.ipy"
    script.write_text(
        SCRIPT.format(shell="")
        .replace("use_svg_display(); ", "")
        .replace("sys.argv[1]", repr(str(tmp_path / "x.png")))
    )
    run = subprocess.run(
        [sys.executable, "-m", "IPython", "--colors=nocolor", str(script)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "MPLBACKEND": "agg",
             "IPYTHONDIR": str(tmp_path)},
        capture_output=True, text=True,
    )  # fmt: skip
    assert run.returncode == 0 and "Figure" not in run.stdout, run.stdout + run.stderr
    assert (tmp_path / "x.png").exists()
