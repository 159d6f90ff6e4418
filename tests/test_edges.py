"""Every saved function, in all backends, at the edges: its results are finite, and the same."""

import importlib

import numpy as np
import pytest
from backends import BACKENDS, backend
from test_networks import descent, state

RANDOM = np.random.default_rng(0).uniform(size=(65, 1, 28, 28))
PICTURES = {
    "one": RANDOM[:1],
    "equal": RANDOM[:1].repeat(3, axis=0),
    "black": np.zeros((4, 1, 28, 28)),
    "white": np.ones((4, 1, 28, 28)),
    "65": RANDOM,  # the last minibatch has one
}
CASES = {}  # {saved name: a function of a side and pictures; what it returns is compared}


def case(function):
    CASES[function.__name__] = function
    return function


class Side:
    """One side of the shim, with random numbers and first weights that are those of the others."""

    def __init__(self, name, monkeypatch):
        self.d2l, framework = backend(name), importlib.import_module(name)
        self.scope = {"torch": framework} if name == "torch" else {"gluon": framework.gluon}
        self.nn = framework.nn if name == "torch" else framework.gluon.nn
        self.autograd = getattr(framework, "autograd", None)
        digits = importlib.import_module(f"d2l_shim.saved.{name}.digits")
        load_array = self.d2l.load_array
        monkeypatch.setattr(digits, "initialize_dense", self.started(digits.initialize_dense))
        monkeypatch.setattr(self.d2l, "load_array", lambda a, size: load_array(a, size, False))
        monkeypatch.setattr(self.d2l, "normal", self._normal)
        monkeypatch.setattr(self.d2l.plt, "show", lambda: None)
        if name == "torch":  # the noise on what the discriminator sees
            monkeypatch.setattr(framework, "randn_like", framework.zeros_like)

    def _normal(self, mean, std, size, **_):
        values = np.random.default_rng(1).normal(size=size)
        return self.tensor(0 * values if std == 0.2 else values)

    def tensor(self, values):
        return self.d2l.tensor(np.asarray(values, "float32"))

    def started(self, make):
        """`make`, whose networks then have weights that do not depend on the framework."""

        def made(*args):
            net, random = make(*args), np.random.default_rng(2)
            for value, set_value in state(net):
                fresh = random.normal(0, value.shape[-1] ** -0.5, value.shape)
                set_value(fresh if "torch" in self.scope else self.tensor(fresh))
            return net

        return made

    def nets(self):
        return self.d2l.make_dense_D(2, self.d2l.NoisyMinibatchStd(), 785), self.d2l.make_dense_G(2)

    def loss(self):
        if "torch" in self.scope:
            return self.nn.BCEWithLogitsLoss(reduction="sum")
        return self.scope["gluon"].loss.SigmoidBCELoss()

    def judge(self, pictures):
        """Logits that are sure of one digit; the pictures' brightness says of which."""
        digits = (9 * self.d2l.numpy(pictures).mean(axis=(1, 2, 3))).astype(int)
        return self.tensor(9 * np.eye(10)[digits])


def weights(*nets):
    return [np.array(value) for net in nets for value, _ in state(net)]


@pytest.fixture
def sides(monkeypatch):
    return [Side(name, monkeypatch) for name in BACKENDS]


@pytest.mark.parametrize("pictures", PICTURES)
@pytest.mark.parametrize("name", CASES)
def test_the_results_are_finite_and_the_same(sides, name, pictures):
    ours, theirs = ([*CASES[name](side, PICTURES[pictures])] for side in sides)
    assert len(ours) == len(theirs) > 0
    for a, b in zip(ours, theirs, strict=True):
        a, b = np.asarray(a, float), np.asarray(b, float)
        assert np.isfinite(a).all() and np.isfinite(b).all()
        np.testing.assert_allclose(a, b, atol=1e-4, rtol=1e-4)


def test_no_saved_function_is_left_out():
    for name in BACKENDS:
        backend(name)
        modules = vars(importlib.import_module(f"d2l_shim.saved.{name}")).values()
        assert {public for one in modules for public in getattr(one, "__all__", ())} == set(CASES)


@case
def update_D(side, pictures):
    (net_D, net_G), Z = side.nets(), side.d2l.sample_latent(len(pictures))
    trainer = descent(side.scope, net_D)
    loss = side.d2l.update_D(side.tensor(pictures), Z, net_D, net_G, side.loss(), trainer)
    return float(loss), *weights(net_D)


@case
def update_G(side, pictures):
    (net_D, net_G), Z = side.nets(), side.d2l.sample_latent(len(pictures))
    loss = side.d2l.update_G(Z, net_D, net_G, side.loss(), descent(side.scope, net_G))
    return float(loss), *weights(net_G)


@case
def digit_sheet(side, pictures):
    return [side.d2l.digit_sheet(side.tensor(pictures))]


@case
def leaky_mlp(side, pictures):
    net = side.started(side.d2l.initialize_dense)(side.d2l.leaky_mlp(784, 3, 1), 2)
    return [side.d2l.numpy(net(side.tensor(pictures.reshape(-1, 784))))]


@case
def initialize_dense(side, pictures):
    net = side.d2l.initialize_dense(side.d2l.leaky_mlp(784, 1000, 1), 0)
    return [side.d2l.numpy(net(side.tensor(pictures.reshape(-1, 784)))), *weights(net)]


@case
def make_dense_G(side, pictures):
    Z = side.tensor(pictures[:, 0, :10, :10].reshape(-1, 100))
    return [side.d2l.numpy(side.d2l.make_dense_G(2)(Z))]


@case
def make_dense_D(side, pictures):
    plain = side.d2l.make_dense_D(2, side.nn.Flatten())
    return [side.d2l.numpy(net(side.tensor(pictures))) for net in (plain, side.nets()[0])]


@case
def sample_latent(side, pictures):
    Z = side.d2l.numpy(side.d2l.sample_latent(len(pictures)))
    assert Z.shape == (len(pictures), 100)
    return [Z]


@case
def with_none(side, pictures):
    X, y = side.d2l.with_none(side.tensor(pictures), side.tensor(np.full(len(pictures), 3)))
    assert len(X) == len(y) == 2 * len(pictures)
    return side.d2l.numpy(X), side.d2l.numpy(y)


@case
def features(side, pictures):
    class Judge:  # its last layer but one is the picture itself
        def __getitem__(self, layers):
            assert layers == slice(None, -1)
            return lambda X: X.reshape(len(X), -1)

    seen = side.d2l.features(Judge(), side.tensor(pictures))
    assert (np.linalg.norm(seen, axis=1) < 1.0001).all()
    return [seen]


@case
def kid(side, pictures):
    A = np.concatenate([pictures, pictures]).reshape(2 * len(pictures), -1)[:, :9]  # two at least
    alike, apart = side.d2l.kid(A, A), side.d2l.kid(A, 1 - A)
    assert alike < 1e-9 <= apart + 1e-9
    return alike, apart


@case
def nearest(side, pictures):
    found, distances = side.d2l.nearest(side.tensor(pictures), side.tensor(pictures[::-1].copy()))
    assert found.max() < len(pictures)
    return [distances]


@case
def spectrum(side, pictures):
    return [side.d2l.spectrum(side.tensor(pictures))]


@case
def train_judge(side, pictures):
    X, y = side.tensor(pictures), side.d2l.tensor(np.full(len(pictures), 3))
    logits = side.d2l.numpy(side.d2l.train_judge(X, y)(X))
    assert np.isfinite(logits).all()
    return [logits.argmax(axis=1)]  # its first weights are its own


@case
def class_shares(side, pictures):
    return side.d2l.class_shares(side.judge, side.tensor(pictures))


@case
def plot_class_shares(side, pictures):
    found = side.d2l.class_shares(side.judge, side.tensor(pictures))
    heights = []
    for scores in ({"one": found}, {"one": found, "other": (0, np.zeros(10))}):
        side.d2l.plot_class_shares(scores)
        figure = side.d2l.plt.gcf()
        figure.canvas.draw()
        assert len(figure.axes) == len(scores)
        heights += [bar.get_height() for axes in figure.axes for bar in axes.patches]
        side.d2l.plt.close(figure)
    return heights


@case
def train_image_gan(side, pictures):
    (net_D, net_G), mean_G = side.nets(), side.d2l.make_dense_G(2)
    settings = 2, 1e-5, 1e-5, (0.5, 0.99), mean_G
    training = side.d2l.train_image_gan(net_D, net_G, side.tensor(pictures), *settings, label=0.9)
    return list(training), *weights(net_D, net_G, mean_G)


@case
def score_every_epoch(side, pictures):
    seen, given = [], iter(side.tensor(pictures[:, None]))

    def score(fakes):
        seen.append(side.d2l.class_shares(side.judge, next(given)))
        return seen[-1]

    epochs = range(1, min(3, len(pictures)) + 1)
    sheets, scores = side.d2l.score_every_epoch(epochs, side.d2l.make_dense_G(2), score, 2)
    side.d2l.plt.close("all")
    assert [recognized for recognized, _ in scores] == [recognized for recognized, _ in seen]
    return *sheets, *[shares for _, shares in scores]


@case
def NoisyMinibatchStd(side, pictures):
    X, net = side.tensor(pictures), side.d2l.NoisyMinibatchStd()
    slope = side.tensor(np.linspace(-1, 1, 785))
    if "torch" in side.scope:
        X.requires_grad_()
        Y = net(X)
        (Y * slope).sum().backward()
    else:
        X.attach_grad()
        with side.autograd.record():
            Y = net(X)
            total = (Y * slope).sum()
        total.backward()
    return side.d2l.numpy(Y), side.d2l.numpy(X.grad)


@case
def update_moving_average(side, pictures):
    averages = []
    for decay in (0, 0.5, 1):
        mean, net = side.d2l.make_dense_G(2), side.d2l.make_dense_G(2)
        for value, set_value in state(net):
            set_value(0 * value if "torch" in side.scope else side.tensor(0 * value))
        side.d2l.update_moving_average(mean, net, decay)
        averages += weights(mean)
    return averages
