"""What counts as the same output: on both sides of every tolerance, and in nbval's runs."""

import base64
import io
import os
import platform
import re
import subprocess
import sys
from shutil import copy

import nbformat
import pytest
from books import ROOT, cell
from PIL import Image, ImageDraw

from _ext import kernel
from _ext.book import BookError
from _ext.compare import PICTURE, differences, pictures_differ, texts_differ


@pytest.mark.parametrize(
    ("old", "new", "tolerance"),
    [
        ("loss 0.50\n", "loss 0.51\n", {"absolute": 0.01}),
        ("loss 0.50\n", "loss 0.51\n", {"relative": 0.02}),
        ("loss -100\n", "loss -102\n", {"relative": 0.02}),
        ("0.001 off", "-0.001 off", {"absolute": 0.002}),
        ("about 98 %", "about 97 %", {"absolute": 1}),
        ("999 digits", "1,001 digits", {"relative": 0.01}),
        ("p = 2.0e-05", "p = 2.1e-05", {"relative": 0.05}),
        ("[[ 9.99 -0.5 ]\n [10.   nan]]", "[[10.01 -0.5 ]\n [10.   nan]]", {"relative": 0.01}),
        ("worst inf, best -inf", "worst inf, best -inf", {"relative": 0.5}),
        ("median  9.9, end\n", "median 10.0, end\n", {"relative": 0.05}),
        ("5-3 of x1, 1.9.1", "5-4 of x1, 1.9.1", {"absolute": 1}),
        ("as it is", "as it is", {}),
    ],
)
def test_printed_numbers_within_a_tolerance_are_the_same(old, new, tolerance):
    assert texts_differ(old, new, tolerance) == ""
    if old != new:
        assert texts_differ(old, new, {}), "without a tolerance, text is compared exactly"


@pytest.mark.parametrize(
    ("old", "new", "tolerance"),
    [
        ("loss 0.50\n", "loss 0.52\n", {"absolute": 0.01}),
        ("loss 0.50\n", "loss 0.52\n", {"relative": 0.02}),
        ("loss 0.50\n", "loss 0.52\n", {"picture": 0.5}),
        ("loss -100\n", "loss 100\n", {"relative": 1.9}),
        ("0.00 off", "0.01 off", {"relative": 0.5}),
        ("1,797 digits", "1,897 digits", {"relative": 0.01}),
        ("p = 2.0e-05", "p = 2.0e-04", {"absolute": 1e-5}),
        ("worst 3.0", "worst nan", {"absolute": 100}),
        ("worst nan", "worst inf", {"absolute": 100}),
        ("worst inf", "worst -inf", {"absolute": 100}),
        ("worst inf", "worst 9", {"relative": 100}),
        ("in x1", "in x2", {"absolute": 100}),
        ("version 1.9.1", "version 1.9.2", {"absolute": 100}),
        ("loss_D 0.69", "loss_G 0.69", {"absolute": 100}),
        ("1 2", "1 2 3", {"absolute": 100}),
        ("1\n", "1\n\n", {"absolute": 100}),
        ("True", "False", {"relative": 100}),
    ],
)
def test_printed_text_beyond_a_tolerance_is_another(old, new, tolerance):
    said = texts_differ(old, new, tolerance)
    assert "committed:" in said and "now:" in said


def drawing(*curves, size=(400, 300), paper="white") -> str:
    """A picture of some curves, each a list of points, as it lies in a notebook."""
    image = Image.new("RGB", size, paper)
    for curve, color in zip(curves, ("#0072b2", "#d55e00", "#00805e"), strict=False):
        ImageDraw.Draw(image).line(curve, fill=color, width=5)
    return base64_of(image)


def base64_of(image: Image.Image) -> str:
    file = io.BytesIO()
    image.save(file, "png")
    return base64.b64encode(file.getvalue()).decode()


RISE, FALL = [(20, 280), (150, 60), (380, 30)], [(20, 40), (200, 250), (380, 270)]
CURVES = drawing(RISE, FALL)
OTHERS = {
    "a white pixel": drawing(size=(1, 1)),
    "a blank sheet": drawing(),
    "a curve less": drawing(RISE),
    "a shifted curve": drawing(RISE, [(x, y + 1) for x, y in FALL]),
    "a dash more": drawing(RISE, FALL, [(380, 100), (340, 100)]),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_picture_is_seen(other):
    said = pictures_differ(CURVES, other, PICTURE)
    assert re.search(r"from the committed picture; its tolerance|pixels, was 400 × 300", said)


def test_pictures_that_differ_in_shades_are_the_same():
    with Image.open(io.BytesIO(base64.b64decode(CURVES))) as image:
        left = image.crop((0, 0, 200, 300)).point(lambda value: max(value - 1, 0))
        image.paste(left, (0, 0))
    shaded = base64_of(image.convert("RGBA"))
    assert pictures_differ(CURVES, shaded, PICTURE) == ""
    assert pictures_differ(CURVES, shaded, 0)


@pytest.mark.parametrize("paper", ["white", "black", "#eeeeee"])
def test_no_tolerance_of_a_picture_lets_a_blank_sheet_pass(paper):
    assert pictures_differ(CURVES, drawing(paper=paper), 0.999)
    assert pictures_differ(drawing(paper=paper), CURVES, 0.999)


def test_outputs_must_be_as_many_and_of_the_same_kinds():
    said = nbformat.v4.new_output("stream", name="stdout", text="1\n")
    shown = nbformat.v4.new_output("display_data", {"image/png": drawing(), "text/plain": "x"})
    plain = nbformat.v4.new_output("display_data", {"text/plain": "x"})
    wide = nbformat.v4.new_output("display_data", shown.data, metadata={"image/png": {"width": 9}})
    for old, new, words in (
        ([said], [], "output 1: stdout is now nothing"),
        ([said], [said, said], "output 2: nothing is now stdout"),
        ([shown], [plain], "is now text/plain"),
        ([shown], [wide], "metadata: {} is now {'image/png': {'width': 9}}"),
        ([said], [{**said, "name": "stderr"}], "stdout is now stderr"),
    ):
        (found,) = differences(old, list(map(nbformat.from_dict, new)), {})
        assert words in found
    assert not list(differences([said, shown], [said, shown], {}))


@pytest.mark.parametrize(
    "option",
    ["0.02", "{relative: much}", "{relative: -0.1}", "{relative: .nan}", "{absolute: .inf}",
     "{relative: true}", "{picture: 1}", "{pictures: 0.1}", "[0.1]", "{}", ""],
)  # fmt: skip
def test_a_tolerance_that_is_none_is_refused(small_book, option):
    small = small_book("alpha")
    small.chapter(f"```{{code-cell}}\n:tolerance: {option}\n\nprint(1)\n```\n")
    with pytest.raises(BookError, match=r"x\.md, line 7, cell 2: `:tolerance:` is .*; expected {"):
        small.source()


def test_a_tolerance_reaches_the_notebook(small_book):
    small = small_book("alpha")
    code = cell("print(1)", "alpha").replace(
        ":tags:", ":tolerance: {relative: 0.02, picture: 0.4}\n:tags:"
    )
    small.chapter(code)
    (backend,) = small.book.backends
    notebook = small.notebook(backend)
    assert notebook.cells[-1].metadata == {
        "tags": ["alpha"],
        "tolerance": {"relative": 0.02, "picture": 0.4},
    }
    nbformat.validate(notebook)


# --- a project of one notebook, `chapters/x.ipynb`, as pytest and nbval see it ---

CONFIG = """\
sphinx:
  config:
    backends: [{tag: alpha, label: Alpha, module: json, colab: ""},
               {tag: beta, label: Beta, module: no_such_framework, colab: ""}]
"""


def project(folder, *codes, name="x"):
    """Write a project whose notebook holds `codes`, run once; returns the notebook."""
    (folder / "chapters").mkdir(exist_ok=True)
    (folder / "tests").mkdir(exist_ok=True)
    for file in ("conftest.py", "chapters/conftest.py", "tests/nbval.cfg", "pyproject.toml"):
        copy(ROOT / file, folder / file)
    (folder / "_config.yml").write_text(CONFIG)
    cells = [nbformat.v4.new_code_cell(code) for code in codes]
    notebook = nbformat.v4.new_notebook(cells=cells)
    kernel.execute(notebook, name, folder)
    nbformat.write(notebook, folder / "chapters" / f"{name}.ipynb")
    return notebook


def outcomes(folder, start="", **environment) -> tuple[dict[str, str], str]:
    """Run pytest in `folder/start`: each test's outcome by its name, and what pytest says."""
    kept = {k: v for k, v in os.environ.items() if k not in ("CI", "D2L_DATA")}
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--color=no"],
        cwd=folder / start, env={**kept, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True, text=True,
    )  # fmt: skip
    said = run.stdout + run.stderr
    found = re.findall(r"^(PASSED|FAILED|SKIPPED|ERROR) (?:.*::)?(.*?)(?: - .*)?$", said, re.M)
    return {name: outcome for outcome, name in found}, said


PICTURES = f"""\
from IPython.display import Image, display
from base64 import b64decode
curve = Image(b64decode({CURVES!r}))"""
SHOW = "display(curve)"
GROW = "place = display('soon', display_id=True); place.update(curve)"


def test_nbval_sees_pictures_updates_and_tolerances(tmp_path):
    speed = "import time; print(time.time(), 'examples/sec')"
    codes = [PICTURES, SHOW, GROW, speed, SHOW, GROW, SHOW, *["print(0.15)"] * 3]
    codes += ["# NBVAL_IGNORE_OUTPUT\nprint(0.15)", "# NBVAL_SKIP\nprint(0.15)"]
    notebook = project(tmp_path, *codes)
    for number, other in ((4, "a white pixel"), (5, "a shifted curve"), (6, "a dash more")):
        notebook.cells[number].outputs[0].data["image/png"] = OTHERS[other]
    for number, tolerance in ((7, 0.02), (8, 0.01), (9, 0), (10, 0), (11, 0)):
        notebook.cells[number].outputs[0].text = "0.17\n"
        if tolerance:
            notebook.cells[number].metadata["tolerance"] = {"absolute": tolerance}
    nbformat.write(notebook, tmp_path / "chapters" / "x.ipynb")
    found, said = outcomes(tmp_path)
    red = {4, 5, 6, 8, 9, 10, 11}
    assert found == {f"Cell {i}": "FAILED" if i in red else "PASSED" for i in range(12)}, said
    assert "output 1, image/png: is now 400 × 300 pixels, was 1 × 1" in said
    assert re.search(r"Cell 6: .*(\n.*)+0\.\d{3} from the committed picture; its tol.* 0\.03", said)
    assert "0.17 is now 0.15, beyond its tolerance {'absolute': 0.01}" in said


def test_pytest_may_start_anywhere_and_a_relative_data_folder_counts_from_there(tmp_path):
    notebook = project(tmp_path, "import os; print(os.environ.get('D2L_DATA'))")
    notebook.cells[0].outputs[0].text = f"{tmp_path / 'digits'}\n"
    nbformat.write(notebook, tmp_path / "chapters" / "x.ipynb")
    for start, place in (("", "digits"), ("chapters", "../digits")):
        found, said = outcomes(tmp_path, start, D2L_DATA=place)
        assert found == {"Cell 0": "PASSED"}, said


def test_mnist_is_found_beside_the_project(tmp_path):
    (tmp_path / "shared" / "data" / "mnist").mkdir(parents=True)
    for folder in (tmp_path / "book", tmp_path / "a" / "book"):
        folder.mkdir(parents=True)
        notebook = project(folder, "import os; print(os.environ.get('D2L_DATA'))")
        notebook.cells[0].outputs[0].text = f"{tmp_path / 'shared' / 'data'}\n"
        nbformat.write(notebook, folder / "chapters" / "x.ipynb")
        found, said = outcomes(folder)
        assert found == {"Cell 0": "PASSED"}, said


TESTS = """\
import sys
import pytest

def test_asks():
    pytest.skip("no browser")

@pytest.mark.skipif(True, reason="no network")
def test_marked():
    pass

@pytest.mark.skipif(sys.platform == "linux", reason="signals work otherwise there")
def test_elsewhere():
    pass

@pytest.mark.xfail
def test_known():
    assert False

def test_good():
    pass
"""


@pytest.mark.skipif(
    (platform.system(), platform.machine()) != ("Linux", "x86_64"),
    reason="only there must nothing be left out",
)
def test_in_ci_what_is_left_out_is_red(tmp_path):
    project(tmp_path, "def load_mnist(): pass\nprint(1)", "a = 1  # load_mnist()")
    project(tmp_path, "print(1)", name="x.beta")
    (tmp_path / "tests" / "test_some.py").write_text(TESTS)
    (tmp_path / "tests" / "test_whole.py").write_text(
        "import pytest\npytest.importorskip('no_such_framework', reason='Nothing is here')\n"
    )
    passed, said = outcomes(tmp_path, D2L_DATA="embedded")
    assert "FAILED" not in passed.values() and "ERROR" not in passed.values(), said
    reasons = ["no browser", "no network", "Nothing is here", "Beta is not installed",
               "no MNIST: ran on the embedded digits, and was not compared"]  # fmt: skip
    for reason in reasons:
        assert re.search(f"^SKIPPED .*{reason}", said, re.M), said
    found, said = outcomes(tmp_path, D2L_DATA="embedded", CI="true")
    assert "SKIPPED" not in found.values(), said
    for reason in reasons:
        assert re.search(rf": {reason}\nIn CI on Linux nothing is left out", said), said
    assert found["test_good"] == "PASSED"
