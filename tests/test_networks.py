"""The networks of the chapters on pictures are the same in every tab, and so are their steps."""

import numpy as np
import pytest
from the_book import BACKENDS, BOOK, LOSS_AND_TRAINER, names_of

DCGAN = "chapters/dcgan"
needs_dcgan = pytest.mark.skipif(
    DCGAN not in BOOK.chapters(), reason=f"{DCGAN} is a draft that _toc.yml does not list yet"
)


@pytest.fixture
def names(monkeypatch):
    """Factory: a chapter's names in PyTorch and MXNet, on the digits that come with the shim."""
    backends = [param.values[0] for param in BACKENDS if not param.marks[0].args[0]]
    if len(backends) < 2:
        pytest.skip(f"only {backends[0].label} is installed: nothing to compare it with")
    monkeypatch.setenv("D2L_DATA", "embedded")

    def make(chapter):
        both = {backend.tag: names_of(chapter, backend) for backend in backends}
        # `NoisyMinibatchStd` draws noise, of each framework's own: let it add zeros
        torch, mxnet = both["pytorch"]["torch"], both["mxnet"]["d2l"]
        monkeypatch.setattr(torch, "randn_like", torch.zeros_like)
        zeros = mxnet.np.zeros
        monkeypatch.setattr(mxnet, "normal", lambda _, __, size, ctx=None: zeros(size, ctx=ctx))
        return both

    return make


def state(net) -> list:
    """What a network learns, in the order of its layers, and a function that sets each."""
    if hasattr(net, "parameters"):
        tensors = [parameter.data for parameter in net.parameters()]
        return [(t.numpy(), lambda value, t=t: t.copy_(t.new_tensor(value))) for t in tensors]
    learned = [p for p in net.collect_params().values() if p.grad_req != "null"]
    return [(p.data().asnumpy(), p.set_data) for p in learned]


def compare(names, make_D, make_G, share=0.02):
    """Start both tabs' networks from the same weights, and make the same two steps with each.

    They end at the same weights, to a share of how far these have moved.
    """
    random = np.random.default_rng(0)
    X = random.uniform(size=(2, 16, 1, 28, 28)).astype("float32")
    Z = random.normal(size=(2, 16, 100)).astype("float32")
    start, runs = None, []
    for tag, scope in names.items():
        d2l = scope["d2l"]
        nets = {"net_D": make_D(scope), "net_G": make_G(scope)}
        states = [state(net) for net in nets.values()]
        if start is None:
            start = [[np.array(value) for value, _ in values] for values in states]
        for values, given in zip(states, start, strict=True):
            assert [value.shape for value, _ in values] == [value.shape for value in given]
            for (_, set_value), value in zip(values, given, strict=True):
                set_value(value if tag == "pytorch" else d2l.tensor(value))
        loss, _ = LOSS_AND_TRAINER[tag](scope | nets)
        trainer_D, trainer_G = (descent(scope, net) for net in nets.values())
        losses = []
        for x, z in zip(map(d2l.tensor, X), map(d2l.tensor, Z), strict=True):
            losses.append(float(d2l.update_D(x, z, *nets.values(), loss, trainer_D)))
            losses.append(float(d2l.update_G(z, *nets.values(), loss, trainer_G)))
        end = [value for net in nets.values() for value, _ in state(net)]
        runs.append((losses, end))
    (losses, end), (other_losses, other_end) = runs
    np.testing.assert_allclose(losses, other_losses, rtol=1e-3)
    began = [value for values in start for value in values]
    moved = [np.abs(a - b).max() for a, b in zip(end, began, strict=True)]
    assert min(moved) > 0  # every weight took part
    for a, b, first in zip(end, other_end, began, strict=True):
        # a bias in front of batch normalization moves by rounding errors alone
        atol = max(5e-7, share * np.abs(a - first).max())
        np.testing.assert_allclose(a, b, atol=atol, rtol=1e-6)


def descent(scope, net):
    """Plain gradient descent: a step shows the gradient as it is."""
    if "torch" in scope:
        return scope["torch"].optim.SGD(net.parameters(), 1e-3)
    return scope["gluon"].Trainer(net.collect_params(), "sgd", {"learning_rate": 1e-3})


def test_the_published_networks_are_the_same(names):
    def make_D(scope):
        return scope["make_dense_D"](1 / 3, scope["nn"].Flatten())

    compare(names("chapters/digits"), make_D, lambda scope: scope["make_dense_G"](1 / 3))


def test_the_mended_networks_are_the_same(names):
    def make_D(scope):
        return scope["make_dense_D"](2, scope["NoisyMinibatchStd"](), 785)

    compare(names("chapters/digits"), make_D, lambda scope: scope["make_dense_G"](2))


@needs_dcgan
def test_the_convolutional_networks_are_the_same(names):
    def make(name):
        return lambda scope: scope["initialize"](scope[name]())

    # On some processors, rounding pushes an input of a ReLU across 0, and all gradients behind it
    # change: by a fifth in one case, where PyTorch in double precision agreed with PyTorch.
    compare(names(DCGAN), make("make_D"), make("make_G"), share=0.3)


@needs_dcgan
def test_mxnet_reads_weights_right_while_they_are_used(monkeypatch):
    """Red with MXNET_CPU_WORKER_NTHREADS=2 and MXNET_CPU_TEMP_COPY=64: the average then gets the
    weights of transposed convolutions with swapped axes, as if those swapped them in place.
    """
    pytest.importorskip("d2l_shim.mxnet", exc_type=ImportError)
    monkeypatch.setenv("D2L_DATA", "embedded")
    scope = names_of(DCGAN, next(one for one in BOOK.backends if one.module == "mxnet"))
    d2l, gluon = scope["d2l"], scope["gluon"]
    scope["set_seed"](0)
    net_D, net_G, mean_G = (scope["initialize"](scope[f"make_{name}"]()) for name in "DGG")
    trainers = [gluon.Trainer(net.collect_params(), "adam") for net in (net_D, net_G)]
    loss, X = gluon.loss.SigmoidBCELoss(), d2l.normal(0, 1, (16, 1, 28, 28))
    d2l.update_moving_average(mean_G, net_G, 0)
    expected = [p.data().copy() for p in net_G.collect_params().values()]
    for step in range(60):
        Z = d2l.sample_latent(16)
        d2l.update_D(X, Z, net_D, net_G, loss, trainers[0])
        d2l.update_G(Z, net_D, net_G, loss, trainers[1])
        d2l.update_moving_average(mean_G, net_G, 0.9)
        now = [p.data() for p in net_G.collect_params().values()]
        expected = [new + 0.9 * (old - new) for old, new in zip(expected, now, strict=True)]
        if step % 20 == 19:
            found = [d2l.numpy(p.data()) for p in mean_G.collect_params().values()]
            for one, other in zip(found, expected, strict=True):
                np.testing.assert_allclose(one, d2l.numpy(other), atol=1e-5)


def test_dropout_and_the_slope_below_zero_are_the_same(names):
    settings = []
    for scope in names("chapters/digits").values():
        layers = all_layers(scope["make_dense_D"](1 / 3, scope["nn"].Flatten(), dropout=0.3))
        settings.append((attributes(layers, "p", "_rate"), slopes(layers)))
    assert settings[0] == settings[1] == ([0.3] * 3, [0.2] * 3)


@needs_dcgan
def test_the_convolutional_slopes_below_zero_are_the_same(names):
    for scope in names(DCGAN).values():
        assert slopes(all_layers(scope["make_D"]())) == [0.2] * 3


@needs_dcgan
def test_batch_normalization_is_the_same(names):
    # its running statistics are not compared: MXNet updates them in the backward pass
    settings = []
    for scope in names(DCGAN).values():
        layers = all_layers(scope["make_G"]()) + all_layers(scope["make_D"]())
        norms = [x for x in layers if "BatchNorm" in type(x).__name__]
        settings.append(
            [(1 - x.momentum, x.eps) for x in norms if hasattr(x, "momentum")]
            or [(x._kwargs["momentum"], x._kwargs["eps"]) for x in norms]
        )
    assert settings[0] == settings[1] == [(0.9, 1e-5)] * 8


def slopes(layers) -> list:
    return attributes(layers, "negative_slope", "_alpha")


def attributes(layers, *names) -> list:
    """The values of those of `layers` that have an attribute of one of these names."""
    return [getattr(x, name) for x in layers for name in names if hasattr(x, name)]


def all_layers(net):
    """A network's layers at all depths."""
    if hasattr(net, "modules"):
        return list(net.modules())
    return [net] + [x for child in net._children.values() for x in all_layers(child)]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_initial_weights_have_the_variance_that_the_pages_state(backend, monkeypatch):
    monkeypatch.setenv("D2L_DATA", "embedded")
    digits = names_of("chapters/digits", backend)
    for gain in (1 / 3, 2):
        for value, _ in state(digits["make_dense_G"](gain)):
            if value.ndim == 1:
                assert not value.any()
            else:
                assert value.std() == pytest.approx((gain / value.shape[1]) ** 0.5, rel=0.05)


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_judge_starts_the_same_in_every_tab(backend, monkeypatch):
    monkeypatch.setenv("D2L_DATA", "embedded")
    digits = names_of("chapters/digits", backend)
    for value, _ in state(digits["train_judge"](digits["images"], digits["labels"], num_epochs=0)):
        if value.ndim == 1:
            assert not value.any()
        else:
            largest = value[0].size ** -0.5
            assert 0.99 * largest < abs(value).max() <= largest
            assert value.std() == pytest.approx(largest / 3**0.5, rel=0.1)


@needs_dcgan
@pytest.mark.parametrize("backend", BACKENDS)
def test_the_convolutional_networks_start_as_the_page_states(backend, monkeypatch):
    monkeypatch.setenv("D2L_DATA", "embedded")
    dcgan = names_of(DCGAN, backend)
    nets = [dcgan["initialize"](dcgan[make]()) for make in ("make_G", "make_D")]
    for value, _ in [value for net in nets for value in state(net)]:
        if value.ndim > 1:
            assert abs(value.mean()) < 0.25 / value.size**0.5
            assert value.std() == pytest.approx(0.05, abs=0.15 / value.size**0.5)
        elif value.size > 1 and value.any():  # scales; biases and shifts are 0
            assert abs(value.mean() - 1) < 0.1 / value.size**0.5
            assert value.std() < 0.04
    # the generator's last bias, for the right brightness; the discriminator's is 0
    assert [v.item() for net in nets for v, _ in state(net) if v.shape == (1,)] == [-2, 0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_class_shares_count_what_the_judge_is_sure_about(backend, monkeypatch):
    monkeypatch.setenv("D2L_DATA", "embedded")
    names = names_of("chapters/digits", backend)
    d2l = names["d2l"]
    logits = np.zeros((8, 10), "float32")
    logits[range(6), [0, 0, 0, 7, 7, 3]] = 9  # sure; the last two are not
    recognized, shares = names["class_shares"](lambda pictures: d2l.tensor(logits), None)
    assert recognized == 6 / 8
    np.testing.assert_allclose(shares, [1 / 2, 0, 0, 1 / 6, 0, 0, 0, 1 / 3, 0, 0])
    recognized, shares = names["class_shares"](lambda pictures: d2l.tensor(0 * logits), None)
    assert recognized == 0 and not shares.any()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_average_follows(backend, monkeypatch):
    monkeypatch.setenv("D2L_DATA", "embedded")
    names = names_of("chapters/digits", backend)
    net, mean = names["make_dense_G"](2), names["make_dense_G"](2)
    old, new = (np.concatenate([v.ravel() for v, _ in state(x)]) for x in (mean, net))
    names["update_moving_average"](mean, net, 0.75)
    now = np.concatenate([v.ravel() for v, _ in state(mean)])
    np.testing.assert_allclose(now, 0.75 * old + 0.25 * new, atol=1e-6)
    names["update_moving_average"](mean, net, 0)
    np.testing.assert_allclose(np.concatenate([v.ravel() for v, _ in state(mean)]), new, atol=1e-7)
