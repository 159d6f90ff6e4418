"""The shim against the plain frameworks and closed forms, the same cases for both backends."""

import importlib
import time

import numpy as np
import pytest
from backends import BACKENDS, backend
from hypothesis import given, settings
from hypothesis import strategies as st


def seed(d2l, value):
    d2l.torch.manual_seed(value) if hasattr(d2l, "torch") else d2l.npx.random.seed(value)


def rows(d2l, *arrays, batch_size=3, **kwargs):
    """The batches of an epoch as tuples of NumPy arrays, whichever the backend."""
    batches = d2l.load_array([d2l.tensor(a) for a in arrays], batch_size, **kwargs)
    return [as_tuple(d2l, batch) for batch in batches]


def as_tuple(d2l, batch):
    return tuple(map(d2l.numpy, batch if isinstance(batch, tuple) else (batch,)))


# --- names and tensors ---


def test_backends_offer_the_same_names():
    assert backend("torch").__all__ == backend("mxnet").__all__
    for name in BACKENDS:
        assert all(hasattr(backend(name), public) for public in backend(name).__all__)


def test_backends_offer_the_same_saved_names():
    saved = [importlib.import_module(f"d2l_shim.saved.{name}") for name in BACKENDS]
    names = [
        {public for module in vars(side).values() for public in getattr(module, "__all__", ())}
        for side in saved
    ]
    assert names[0] == names[1] >= {"update_D", "update_G"}
    for name in BACKENDS:  # and they hide nothing of the shim, nor are they hidden
        assert not names[0] & set(backend(name).__all__)
        assert all(hasattr(backend(name), public) for public in names[0])


def test_tensor_matmul_and_numpy(d2l):
    a, b = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(3, 4)
    product = d2l.matmul(d2l.tensor(a.tolist()), d2l.tensor(b.tolist()))
    assert isinstance(d2l.numpy(product), np.ndarray)
    np.testing.assert_allclose(d2l.numpy(product), a @ b)
    batch = np.arange(24.0).reshape(2, 3, 4)  # np.dot would give another shape
    stacked = d2l.matmul(d2l.tensor(batch.tolist()), d2l.tensor(batch.tolist()).swapaxes(1, 2))
    np.testing.assert_allclose(d2l.numpy(stacked), batch @ batch.swapaxes(1, 2))


def test_numpy_leaves_the_graph():
    torch = pytest.importorskip("torch")
    x = torch.ones(3, requires_grad=True)
    assert backend("torch").numpy(x * 2).tolist() == [2, 2, 2]
    mxnet = backend("mxnet")
    x = mxnet.np.ones(3)
    x.attach_grad()
    with pytest.importorskip("mxnet").autograd.record():
        assert mxnet.numpy(x * 2).tolist() == [2, 2, 2]


def test_normal(d2l):
    seed(d2l, 0)
    x = d2l.numpy(d2l.normal(3.0, 0.5, (200, 100)))
    assert x.shape == (200, 100) and x.dtype == np.float32
    assert abs(x.mean() - 3) < 5 * 0.5 / 20000**0.5
    assert abs(x.std() - 0.5) < 0.02
    assert d2l.normal(mean=0.0, std=1.0, size=(2, 3)).shape == (2, 3)
    seed(d2l, 0)
    assert (x == d2l.numpy(d2l.normal(3.0, 0.5, (200, 100)))).all()


def test_matmul_and_normal_are_those_of_the_framework():
    torch_d2l, mxnet = backend("torch"), backend("mxnet")
    torch, mx_np = torch_d2l.torch, mxnet.np
    seed(torch_d2l, 1)
    ours = torch_d2l.normal(0, 1, (4, 2))
    seed(torch_d2l, 1)
    assert torch.equal(ours, torch.normal(0, 1, (4, 2)))
    seed(mxnet, 1)
    ours = mxnet.normal(0, 1, (4, 2))
    seed(mxnet, 1)
    assert (ours == mx_np.random.normal(0, 1, (4, 2))).all()


def test_try_gpu(d2l):
    x = d2l.tensor([1.0])
    device = d2l.try_gpu(1000)
    assert str(device) in ("cpu", "cpu(0)")
    moved = x.to(device) if hasattr(d2l, "torch") else x.as_in_ctx(device)
    assert d2l.numpy(moved) == 1
    with pytest.raises(ValueError, match="i must be at least 0, got -1"):
        d2l.try_gpu(-1)


# --- load_array ---


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=60, deadline=None)
@given(n=st.integers(1, 40), batch_size=st.integers(1, 45), is_train=st.booleans())
def test_every_row_once_and_aligned(name, n, batch_size, is_train):
    d2l = backend(name)
    X = np.arange(2.0 * n, dtype=np.float32).reshape(n, 2)
    y = np.arange(n, dtype=np.int32)
    batches = d2l.load_array((d2l.tensor(X), d2l.tensor(y)), batch_size, is_train)
    for _ in range(2):
        epoch = [as_tuple(d2l, batch) for batch in batches]
        sizes = [len(batch) for batch, _ in epoch]
        full, rest = divmod(n, batch_size)
        assert sizes == [batch_size] * full + [rest] * (rest > 0)
        assert len(batches) == len(epoch)
        xs, ys = (np.concatenate(column) for column in zip(*epoch, strict=True))
        assert sorted(ys.tolist()) == y.tolist()
        np.testing.assert_array_equal(xs, X[ys.astype(int)])
        if not is_train:
            np.testing.assert_array_equal(ys, y)


@pytest.mark.parametrize("name", BACKENDS)
@settings(max_examples=20, deadline=None)
@given(value=st.integers(0, 2**31 - 1))
def test_seed_alone_decides_the_order(name, value):
    d2l = backend(name)
    batches = d2l.load_array([d2l.tensor(np.arange(50.0))], 7)

    def epochs(other):
        seed(d2l, value)
        for i in range(2):
            np.random.seed(i + other)  # another generator has no say
            yield np.concatenate([as_tuple(d2l, batch)[0] for batch in batches]).tolist()

    first, second = epochs(0)
    assert first != second  # 1 in 50! by chance
    assert [first, second] == list(epochs(1))


def test_orders_are_uniform(d2l):
    seed(d2l, 0)
    batches = d2l.load_array([d2l.tensor([0.0, 1.0, 2.0])], 3)
    orders = [tuple(as_tuple(d2l, next(iter(batches)))[0]) for _ in range(1200)]
    counts = [orders.count(order) for order in set(orders)]
    assert len(counts) == 6
    assert sum((c - 200) ** 2 / 200 for c in counts) < 30  # chi squared, 5 degrees of freedom


def test_batches_come_as_in_the_framework(d2l):
    """The kinds of batches and, unshuffled, the values of the framework's own loader."""
    X, y = d2l.tensor(np.arange(10.0).reshape(5, 2)), d2l.tensor([0, 1, 2, 3, 4])
    for arrays in ((X,), (X, y)):
        if hasattr(d2l, "torch"):
            data = d2l.torch.utils.data
            loader = data.DataLoader(data.TensorDataset(*arrays), 2)
        else:
            data = pytest.importorskip("mxnet").gluon.data
            loader = data.DataLoader(data.ArrayDataset(*arrays), 2)
        ours = list(d2l.load_array(arrays, 2, is_train=False))
        assert len(ours) == len(loader) == 3
        for batch, theirs in zip(ours, loader, strict=True):
            bare = not hasattr(d2l, "torch") and len(arrays) == 1
            assert isinstance(batch, type(X) if bare else tuple)
            pairs = [(batch, theirs)] if bare else zip(batch, theirs, strict=True)
            for a, b in pairs:
                assert a.dtype == b.dtype and a.shape == b.shape
                np.testing.assert_array_equal(d2l.numpy(a), d2l.numpy(b))


@pytest.mark.parametrize("is_train", [True, False])
def test_batches_are_copies_of_the_current_rows(d2l, is_train):
    X = d2l.tensor(np.ones((4, 2)))
    batches = d2l.load_array((X,), 2, is_train)
    for batch in batches:
        batch = batch[0] if isinstance(batch, tuple) else batch
        batch[:] = 5
    assert (d2l.numpy(X) == 1).all()
    X[:] = 7
    assert all((as_tuple(d2l, batch)[0] == 7).all() for batch in batches)


def test_batches_hold_no_graph():
    torch = pytest.importorskip("torch")
    X = torch.ones(4, 2, requires_grad=True) * 2
    assert not any(batch.requires_grad for (batch,) in backend("torch").load_array((X,), 2))
    mxnet = backend("mxnet")
    X = mxnet.np.ones((4, 2))
    X.attach_grad()
    with pytest.importorskip("mxnet").autograd.record():
        total = sum(batch.sum() for batch in mxnet.load_array((X * 2,), 2))
        loss = total + X.sum()
    loss.backward()
    assert (X.grad == 1).all()


def test_early_end_and_nested_iterations(d2l):
    batches = d2l.load_array([d2l.tensor(np.arange(4.0))], 1, is_train=False)
    assert as_tuple(d2l, next(iter(batches)))[0] == [0]
    pairs = [(as_tuple(d2l, a)[0][0], as_tuple(d2l, b)[0][0]) for a in batches for b in batches]
    assert pairs == [(i, j) for i in range(4) for j in range(4)]


ERRORS = {
    "lengths": (lambda d2l, X: ((X, X[:2]), 2), ValueError, r"equally long.*lengths \[3, 2\]"),
    "empty": (lambda d2l, X: ((X[:0],), 2), ValueError, r"data_arrays\[0\].*rows.*shape \(0, 2\)"),
    "scalar": (lambda d2l, X: ((X.sum(),), 2), ValueError, r"data_arrays\[0\].*rows.*shape \(\)"),
    "none": (lambda d2l, X: ((), 2), ValueError, r"data_arrays.*at least one.*write \(X,\)"),
    "bare": (lambda d2l, X: (X, 2), TypeError, r"data_arrays must be a tuple.*write \(X,\)"),
    "list": (lambda d2l, X: ((X, [1, 2, 3]), 2), TypeError, r"\[1\].*got list; use d2l\.tensor"),
    "zero": (lambda d2l, X: ((X,), 0), ValueError, r"batch_size must be at least 1, got 0"),
    "negative": (lambda d2l, X: ((X,), -3), ValueError, r"batch_size must be at least 1, got -3"),
    "float": (lambda d2l, X: ((X,), 2.0), TypeError, r"batch_size must be an int, got 2.0 of.*flo"),
    "text": (lambda d2l, X: ((X,), "8"), TypeError, r"batch_size must be an int, got '8' of.*str"),
    "bool": (lambda d2l, X: ((X,), True), TypeError, r"batch_size must be an int, got True"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_load_array_says_how_to_mend_the_call(d2l, case):
    call, error, message = ERRORS[case]
    if case == "empty" and not hasattr(d2l, "torch"):
        X = d2l.np.zeros((0, 2))
        args = ((X,), 2)
    else:
        args = call(d2l, d2l.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]))
    with pytest.raises(error, match=message):
        d2l.load_array(*args)


def test_integers_of_numpy_are_batch_sizes(d2l):
    assert len(d2l.load_array((d2l.tensor([1.0, 2.0, 3.0]),), np.int64(2))) == 2


# --- Accumulator and Timer ---


@given(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 3), max_size=20))
def test_accumulator_sums(values):
    metric = backend("torch").Accumulator(3)
    for triple in values:
        metric.add(*triple)
    for i in range(3):
        assert metric[i] == pytest.approx(sum(triple[i] for triple in values), abs=1e-6)
    metric.reset()
    assert [metric[i] for i in range(3)] == [0, 0, 0]


def test_accumulator_takes_tensors_and_fewer_values(d2l, recwarn):
    metric = d2l.Accumulator(2)
    x = d2l.tensor([1.0, 2.5])
    x.requires_grad_() if hasattr(d2l, "torch") else x.attach_grad()
    metric.add(x.sum(), 2)
    metric.add(1)
    assert [metric[0], metric[1]] == [4.5, 2.0]
    assert all(isinstance(metric[i], float) for i in range(2))
    assert not recwarn.list  # PyTorch warns of float(x) while x is in a graph


def test_accumulator_errors(d2l):
    metric = d2l.Accumulator(2)
    with pytest.raises(ValueError, match=r"at most 2 values, got 3; use Accumulator\(3\)"):
        metric.add(1, 2, 3)
    with pytest.raises(ValueError, match="could not convert"):
        metric.add(1, "two")
    assert metric.data == [0, 0]
    with pytest.raises(IndexError):
        metric[2]
    for n, error in ((0, ValueError), (-1, ValueError), (1.5, TypeError), (None, TypeError)):
        with pytest.raises(error, match=f"n must be .*got {n}"):
            d2l.Accumulator(n)


def test_timer(d2l, monkeypatch):
    clock = iter([10, 11, 20, 23, 30, 35, 40])
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    monkeypatch.setattr(time, "time", lambda: pytest.fail("not a monotonic clock"))
    timer = d2l.Timer()
    with pytest.raises(ValueError, match=r"avg needs at least one lap.*call stop"):
        timer.avg()
    assert timer.sum() == 0 and timer.cumsum() == []
    assert timer.stop() == 1
    with pytest.raises(ValueError, match=r"stop must follow start.*call start"):
        timer.stop()
    timer.start()
    assert timer.stop() == 3
    timer.start()
    timer.start()  # drops the lap that began at 30
    assert timer.stop() == 5
    assert timer.times == [1, 3, 5] and timer.avg() == 3 and timer.sum() == 9
    assert timer.cumsum() == [1, 4, 9]


# --- saved cells ---


@pytest.mark.parametrize("name", BACKENDS)
def test_an_update_trains(name):
    d2l = backend(name)
    seed(d2l, 0)
    X, Z = d2l.normal(0, 1, (8, 2)) + 3, d2l.normal(0, 1, (8, 2))
    if name == "torch":
        nn = d2l.torch.nn
        net_D, net_G = nn.Linear(2, 1), nn.Linear(2, 2)
        loss = nn.BCEWithLogitsLoss(reduction="sum")
        optimizer = d2l.torch.optim.SGD(net_D.parameters(), 0.01)
    else:
        gluon = pytest.importorskip("mxnet").gluon
        net_D, net_G = gluon.nn.Dense(1), gluon.nn.Dense(2)
        net_D.initialize()
        net_G.initialize()
        loss = gluon.loss.SigmoidBCELoss()
        optimizer = gluon.Trainer(net_D.collect_params(), "sgd", {"learning_rate": 0.08})
    losses = [float(d2l.update_D(X, Z, net_D, net_G, loss, optimizer)) for _ in range(30)]
    assert losses[-1] < losses[0]
