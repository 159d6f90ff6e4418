"""MXNet beside the NumPy and the Python of today: both are left exactly as they were found."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# What every case checks: NumPy's names and their values, before and after. Its own submodules may
# show up as attributes once anybody imports them.
BEFORE = """
import importlib, sys, types, warnings
warnings.simplefilter("error")
import numpy
def names():
    return {k: v for k, v in vars(numpy).items() if not isinstance(v, types.ModuleType)}
before = names()
distutils = {k: v for k, v in sys.modules.items() if k.partition(".")[0] == "distutils"}
"""
AFTER = """
after = names()
assert before.keys() == after.keys(), before.keys() ^ after.keys()
assert all(after[k] is v for k, v in before.items())
assert distutils == {k: v for k, v in sys.modules.items() if k.partition(".")[0] == "distutils"}
print("unchanged")
"""
IMPORT = "from d2l_shim import mxnet as d2l\n"
TRAIN = """
from mxnet import autograd, gluon, init, np
d2l.npx.random.seed(0)
x = np.arange(6)
x[x > 3] = 0  # reads numpy.bool long after the import
assert x[x > 1].tolist() == [2, 3]
x[True] = 1
X = d2l.normal(0, 1, (64, 3))
y = d2l.matmul(X, d2l.tensor([[1.0], [2.0], [3.0]]))
net = gluon.nn.HybridSequential()
net.add(gluon.nn.Dense(8, activation="tanh"), gluon.nn.Dense(1))
net.initialize(init.Normal(0.1))
net.hybridize()
trainer = gluon.Trainer(net.collect_params(), "adam", {"learning_rate": 0.02})
loss = gluon.loss.L2Loss()
animator = d2l.Animator(xlim=[1, 4])
for epoch in range(4):
    metric = d2l.Accumulator(2)
    for a, b in d2l.load_array((X, y), 8):
        with autograd.record():
            l = loss(net(a), b)
        l.backward()
        trainer.step(len(a))
        metric.add(l.sum(), len(a))
    animator.add(epoch + 1, metric[0] / metric[1])
assert animator.Y[0][-1] < animator.Y[0][0] / 2, animator.Y
print("trained")
"""


def run(code, *path):
    """What a fresh Python prints, with `path` in front of all else."""
    pytest.importorskip("d2l_shim.mxnet", exc_type=ImportError)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(map(str, (*path, ROOT))),
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="session")
def numpy_2(tmp_path_factory):
    """A folder with a NumPy 2 that shadows the environment's."""
    folder = tmp_path_factory.mktemp("numpy2")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--only-binary", ":all:"]
    try:
        done = subprocess.run(
            [*pip, "--target", str(folder), "numpy>=2,<3"],
            capture_output=True, text=True, timeout=120,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        pytest.skip("pip got no NumPy 2 within two minutes")
    if done.returncode:
        pytest.skip(f"pip got no NumPy 2: {done.stderr.strip().splitlines()[-1:]}")
    return folder


@pytest.fixture(params=["installed", "2"])
def path(request):
    """What to put in front of the path for each NumPy."""
    return (request.getfixturevalue("numpy_2"),) if request.param == "2" else ()


def test_numpy_2_is_numpy_2(numpy_2):
    version = run("import numpy; print(numpy.__version__[:2], hasattr(numpy, 'PZERO'))", numpy_2)
    assert version == ["2.", "False"]


def test_import_and_train(path):
    assert run(BEFORE + IMPORT + AFTER + TRAIN + AFTER, *path) == [
        "unchanged", "trained", "unchanged",
    ]  # fmt: skip


def test_mxnet_first(path):
    """A user who lent NumPy the names himself, imported MXNet, and took them back."""
    lend = """
from d2l_shim.numpy_compat import _distutils, _numpy_names
lent = {k: v for k, v in _numpy_names().items() if k not in vars(numpy)}
vars(numpy).update(lent)
sys.modules.update(_distutils())
import mxnet
for name in lent: delattr(numpy, name)
for name in _distutils(): del sys.modules[name]
"""
    assert run(BEFORE + lend + IMPORT + AFTER + TRAIN, *path) == ["unchanged", "trained"]


def test_after_a_failed_import_of_mxnet(path):
    fail = """
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    try:
        import mxnet
    except AttributeError as error:
        assert "np" in str(error) or "numpy" in str(error)
    else:
        raise AssertionError("this NumPy has all that MXNet needs: no shim is needed any more")
distutils = {k: v for k, v in sys.modules.items() if k.partition(".")[0] == "distutils"}
"""
    assert run(BEFORE + fail + IMPORT + AFTER + TRAIN, *path) == ["unchanged", "trained"]


def test_an_import_that_raises_leaves_no_trace(path, tmp_path):
    (tmp_path / "mxnet.py").write_text(
        "import numpy\nassert numpy.bool and 'distutils.version' in __import__('sys').modules\n"
        "raise OSError('libmxnet.so is broken')\n"
    )
    attempt = """
try:
    from d2l_shim import mxnet
except ImportError as error:
    assert "libmxnet" in str(error)
else:
    raise AssertionError
"""
    assert run(BEFORE + attempt + AFTER, *path, tmp_path) == ["unchanged"]


def test_a_second_import_does_nothing():
    again = """
import d2l_shim.numpy_compat
d2l_shim.numpy_compat.names_for_mxnet = None
import d2l_shim.mxnet
from d2l_shim.mxnet import load_array
assert load_array is d2l.load_array
"""
    assert run(BEFORE + IMPORT + again + AFTER) == ["unchanged"]


@pytest.mark.parametrize(
    "block",
    [
        "sys.modules['distutils'] = None",
        "sys.modules['distutils'] = sys.modules['distutils.version'] = None",
        """
class Finder:
    def find_spec(name, path=None, target=None):
        if name.partition(".")[0] in ("distutils", "setuptools", "_distutils_hack"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Finder)
""",
    ],
)
def test_without_distutils(block):
    block += "\ndistutils = {k: v for k, v in sys.modules.items() if k.startswith('distutils')}\n"
    missing = """
try:
    import distutils.version
except ImportError:
    print("missing")
"""
    code = BEFORE + block + missing + IMPORT + AFTER + missing + TRAIN
    assert run(code) == ["missing", "unchanged", "missing", "trained"]


def test_a_library_of_the_system_that_is_missing_is_named():
    """As on a bare Debian, where `libmxnet.so` finds no `libgomp.so.1`."""
    code = """
import sys
class Finder:
    def find_spec(name, path=None, target=None):
        if name == "mxnet":
            raise OSError("libgomp.so.1: cannot open shared object file")
sys.meta_path.insert(0, Finder)
try:
    import d2l_shim.mxnet
except ImportError as error:
    print(error)
"""
    said = " ".join(run(code))
    assert "libgomp.so.1" in said and "apt-get install libgomp1 libquadmath0" in said
