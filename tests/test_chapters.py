"""What the chapters' code says: the same model in every tab, and a model that learns."""

import importlib.util
import re

import matplotlib
import numpy as np
import pytest
from books import ROOT

from _ext import split
from _ext.book import load

matplotlib.use("agg")
BOOK = load(ROOT)
BACKENDS = [
    pytest.param(
        backend,
        id=backend.tag,
        marks=pytest.mark.skipif(
            importlib.util.find_spec(backend.module) is None,
            reason=f"{backend.label} is not installed",
        ),
    )
    for backend in BOOK.backends
]
MEAN = np.array([1.0, 2.0])
COVARIANCE = np.array([[1.01, 1.95], [1.95, 4.25]])


def source_of(chapter):
    return split.read(BOOK.source(chapter).read_text(encoding="utf-8"), chapter, BOOK)


def names_of(chapter: str, backend) -> dict:
    """Run a chapter's cells but for its trainings; what they define."""
    names: dict = {}
    for cell in split.cells_of(source_of(chapter), backend):
        code = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
        if not re.search(r"^(train\(|mean, covariance)", code, re.MULTILINE):
            exec(code, names)
    return names


def frechet(mean, covariance) -> float:
    """Fréchet distance of a Gaussian from the data's, by Dowson and Landau (1982)."""
    product = np.linalg.eigvals(covariance @ COVARIANCE)
    root = np.sqrt(np.clip(product.real, 0, None)).sum()
    return float(((mean - MEAN) ** 2).sum() + np.trace(covariance + COVARIANCE) - 2 * root)


def parameters(names, net) -> list:
    """A network's parameters as arrays, in the order weight, bias, weight, …"""
    if hasattr(names[net], "parameters"):
        return [p.detach().numpy() for p in names[net].parameters()]
    return [p.data().asnumpy() for p in names[net].collect_params().values()]


def set_parameters(names, net, values) -> None:
    if hasattr(names[net], "parameters"):
        for p, value in zip(names[net].parameters(), values, strict=True):
            p.data = names["d2l"].tensor(value)
    else:
        for p, value in zip(names[net].collect_params().values(), values, strict=True):
            p.set_data(names["d2l"].tensor(value))


def test_the_code_cells_are_short_enough_to_teach():
    for chapter in BOOK.chapters():
        for cell in source_of(chapter).cells:
            if cell.cell_type == "code":
                lines = cell.source.splitlines()
                assert len(lines) <= 20, f"{chapter}, {cell.id} has {len(lines)} lines"
                assert max(map(len, lines)) <= 88, f"{chapter}, {cell.id} is too wide"


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_data_have_the_mean_and_covariance_that_the_text_states(backend):
    names = names_of("chapters/gaussian", backend)
    A = names["d2l"].numpy(names["A"])
    np.testing.assert_allclose(A.T @ A, COVARIANCE, atol=1e-6)
    data = names["d2l"].numpy(names["data"])
    assert data.shape == (1000, 2)
    np.testing.assert_allclose(data.mean(0), MEAN, atol=0.25)  # 4 standard errors
    np.testing.assert_allclose(np.cov(data.T), COVARIANCE, atol=0.8)


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_parameter_starts_from_the_same_normal_distribution(backend):
    names = names_of("chapters/gaussian", backend)
    drawn = {"net_D": [], "net_G": []}
    for _ in range(50):
        for net, values in drawn.items():
            names["init_normal"](names[net])
            names[net](names["data"][:1])  # MXNet makes its parameters when it first needs them
            values.append(np.concatenate([p.ravel() for p in parameters(names, net)]))
    for net, count in (("net_D", 37), ("net_G", 6)):
        values = np.array(drawn[net])
        assert values.shape == (50, count)
        assert abs(values.mean()) < 0.02 * 4 / np.sqrt(values.size)
        spread = values.std(axis=0)  # of each parameter, so of each bias too
        assert (spread > 0.01).all() and (spread < 0.03).all()


def test_the_tabs_are_the_same_model():
    """From the same weights and data, every backend makes the same losses and the same steps."""
    backends = [param.values[0] for param in BACKENDS if not param.marks[0].args[0]]
    if len(backends) < 2:
        pytest.skip(f"only {backends[0].label} is installed: nothing to compare it with")
    random = np.random.default_rng(0)
    X, Z = random.normal(size=(2, 5, 8, 2)).astype("float32")
    shapes = {"net_D": [(5, 2), (5,), (3, 5), (3,), (1, 3), (1,)], "net_G": [(2, 2), (2,)]}
    start = {net: [random.normal(size=s).astype("float32") for s in shapes[net]] for net in shapes}
    runs = []
    for backend in backends:
        names = names_of("chapters/gaussian", backend)
        d2l, steps = names["d2l"], []
        for net in shapes:
            names["init_normal"](names[net])
            names[net](d2l.tensor(X[0]))
            assert [p.shape for p in parameters(names, net)] == shapes[net]
            set_parameters(names, net, start[net])
        loss, trainer = LOSS_AND_TRAINER[backend.tag](names)
        trainer_D, trainer_G = trainer("net_D", 0.05), trainer("net_G", 0.005)
        for x, z in zip(map(d2l.tensor, X), map(d2l.tensor, Z), strict=True):
            nets = names["net_D"], names["net_G"]
            steps.append(float(names["update_D"](x, z, *nets, loss, trainer_D)))
            steps.append(float(names["update_G"](z, *nets, loss, trainer_G)))
        end = [p.ravel() for net in shapes for p in parameters(names, net)]
        runs.append((steps, np.concatenate(end)))
    for steps, end in runs[1:]:
        np.testing.assert_allclose(steps, runs[0][0], rtol=1e-5)
        np.testing.assert_allclose(end, runs[0][1], atol=1e-4)  # of steps of 0.05


def _pytorch(names):
    torch, nn = names["torch"], names["nn"]
    return nn.BCEWithLogitsLoss(reduction="sum"), lambda net, lr: torch.optim.Adam(
        names[net].parameters(), lr=lr
    )


def _mxnet(names):
    gluon = names["gluon"]
    return gluon.loss.SigmoidBCELoss(), lambda net, lr: gluon.Trainer(
        names[net].collect_params(), "adam", {"learning_rate": lr}
    )


LOSS_AND_TRAINER = {"pytorch": _pytorch, "mxnet": _mxnet}


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_generator_learns_the_data(backend, capsys):
    names = names_of("chapters/gaussian", backend)
    untrained = frechet(np.zeros(2), np.zeros((2, 2)))
    for seed in (1, 2, 3):
        names["set_seed"](seed)
        names["train"](names["net_D"], names["net_G"], names["data_iter"], 20, 0.05, 0.005, 2, None)
        trained = frechet(*names["learned"](names["net_G"]))
        assert trained < untrained / 5, f"seed {seed}: {trained:.2f} of {untrained:.2f}"
    assert capsys.readouterr().out.count("examples/sec") == 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_training_again_from_the_same_seed_gives_the_same_result(backend):
    names = names_of("chapters/gaussian", backend)
    results = []
    for _ in range(2):
        names["set_seed"](5)
        names["train"](names["net_D"], names["net_G"], names["data_iter"], 2, 0.05, 0.005, 2, None)
        results.append(names["learned"](names["net_G"]))
    for first, second in zip(*results, strict=True):
        assert not np.shares_memory(first, second)
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("backend", BACKENDS)
def test_saved_cells_are_in_the_shim(backend):
    names = names_of("chapters/gaussian", backend)
    for name in ("update_D", "update_G"):
        assert getattr(names["d2l"], name).__doc__ == names[name].__doc__
