"""What the chapters' code says: the same model in every tab, and a model that learns."""

import re

import numpy as np
import pytest
from the_book import BACKENDS, BOOK, LOSS_AND_TRAINER, names_of, source_of

from studies import compiled, recipe

MEAN = np.array([1.0, 2.0])
COVARIANCE = np.array([[1.01, 1.95], [1.95, 4.25]])


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


def test_every_quiz_question_has_one_right_answer_and_explains_each():
    answer = re.compile(r":::\{dropdown\} (.+)\n:class-container: (right|wrong)\n((?:.+\n)+?):::\n")
    quizzes = 0
    for chapter in BOOK.chapters():
        text = BOOK.source(chapter).read_text(encoding="utf-8")
        for question, answers, *_ in re.findall(
            rf"\*\*(.+)\*\*\n\n((?:{answer.pattern}\n?)+)", text
        ):
            found = answer.findall(answers)
            assert len(found) == 3, f"{chapter}: {question}"
            assert [kind for _, kind, _ in found].count("right") == 1, f"{chapter}: {question}"
            for title, kind, why in found:
                says = why.startswith("Right. " if kind == "right" else "Not quite. ")
                assert says and len(why) > 30, f"{chapter}: {question} {title}"
            quizzes += 1
        count = text.count(":class-container:")
        assert count == 3 * text.count(":class-container: right"), chapter
    assert quizzes >= 6


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


# --- convergence ---

SHAPES = {"net_D": [(2, 5), (5,), (5, 3), (3,), (3, 1), (1,)], "net_G": [(2, 2), (2,)]}
RECIPE = {"betas_D": (0.5, 0.9), "betas_G": (0.9, 0.99), "decay_D": 5e-4, "average": True}


def stack(names, n: int, random: np.random.Generator, sigma=0.5) -> None:
    """Give `names` a pair of stacked networks with parameters from `random`."""
    names["net_D"], names["net_G"] = names["new_nets"](n)
    for net, shapes in SHAPES.items():
        values = [sigma * random.normal(size=(*shape, n)) for shape in shapes]
        assert [p.shape for p in parameters(names, net)] == [value.shape for value in values]
        assert {p.dtype for p in parameters(names, net)} == {np.dtype("float64")}
        for p, value in zip(of(names, net), values, strict=True):
            value = names["tensor"](value)
            if hasattr(p, "set_data"):
                p.set_data(value)
            else:
                p.data = value


def of(names, net) -> list:
    """A network's own parameters, of whichever framework."""
    net = names[net]
    return list(net.parameters() if hasattr(net, "parameters") else net.collect_params().values())


def logits(X, W1, b1, W2, b2, W3, b3):
    """One discriminator, in NumPy."""
    return (np.tanh(np.tanh(X @ W1 + b1) @ W2 + b2) @ W3 + b3)[..., 0]


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_distances_are_what_sampling_and_another_formula_say(backend):
    names = names_of("chapters/convergence", backend)
    random = np.random.default_rng(1)
    W = random.normal(size=(5, 2, 2))
    mean, cov = MEAN + random.normal(size=(5, 2)), W @ W.transpose(0, 2, 1) + 0.1 * np.eye(2)
    expected = [frechet(m, c) for m, c in zip(mean, cov, strict=True)]
    np.testing.assert_allclose(names["frechet"](mean, cov), expected)
    for m, c, kl in zip(mean, cov, names["kl"](mean, cov), strict=True):
        X = random.multivariate_normal(m, c, 200_000)[:, :, None]
        q, p = (
            names["log_density"](X, np.asarray(a)[None], np.asarray(b)[None]).mean()
            for a, b in ((m, c), (MEAN, COVARIANCE))
        )
        assert abs(q - p - kl) < 0.02 * kl + 0.01
    at_the_data = MEAN[None], COVARIANCE[None]
    assert abs(names["kl"](*at_the_data)[0]) < 1e-12
    assert abs(names["frechet"](*at_the_data)[0]) < 1e-7


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stack_is_many_networks_that_do_not_meet(backend):
    names = names_of("chapters/convergence", backend)
    random = np.random.default_rng(2)
    stack(names, 3, random)
    X = random.normal(size=(7, 2, 3))
    together = names["d2l"].numpy(names["net_D"](names["tensor"](X)))
    assert together.shape == (7, 1, 3)
    for i in range(3):
        alone = logits(X[:, :, i], *(p[..., i] for p in parameters(names, "net_D")))
        np.testing.assert_allclose(together[:, 0, i], alone)
    results = []
    for scale in (1.0, 1.1):  # of the last GAN's data
        names["set_seed"](0)
        nets, data = names["new_nets"](3), names["d2l"].numpy(names["make_data"](3))
        data[:, :, 2] *= scale
        trained = names["train"](*nets, names["tensor"](data), num_epochs=1)
        results.append(np.concatenate([names["d2l"].numpy(p).reshape(-1, 3) for p in trained]))
    np.testing.assert_array_equal(results[0][:, :2], results[1][:, :2])
    assert (results[0][:, 2] != results[1][:, 2]).all()


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_average_is_that_of_the_second_half(backend):
    names = names_of("chapters/convergence", backend)
    seen = []

    def update_G(Z, net_D, net_G, *others):
        names["d2l"].update_G(Z, net_D, net_G, *others)
        names["net_G"] = net_G
        seen.append([np.array(p) for p in parameters(names, "net_G")])

    names["set_seed"](0)
    trained = names["train"](
        *names["new_nets"](2), names["make_data"](2), num_epochs=4, update_G=update_G, average=True
    )
    assert len(seen) == 4 * 125
    for i, p in enumerate(trained):
        second_half = np.mean([step[i] for step in seen[250:]], axis=0)
        np.testing.assert_allclose(names["d2l"].numpy(p), second_half)


@pytest.mark.parametrize("update_D", [None, "update_D_R1"])
@pytest.mark.parametrize("update_G", [None, "update_G_minimax"])
def test_the_tabs_make_the_same_stacked_steps(update_D, update_G):
    backends = [param.values[0] for param in BACKENDS if not param.marks[0].args[0]]
    if len(backends) < 2:
        pytest.skip(f"only {backends[0].label} is installed: nothing to compare it with")
    ends = []
    for backend in backends:
        names, random = names_of("chapters/convergence", backend), np.random.default_rng(3)
        stack(names, 4, random)
        names["noise"] = lambda *shape, d=names, r=random: d["tensor"](r.normal(size=shape))
        data = names["tensor"](random.normal(size=(40, 2, 4)))
        names["d2l"] = unshuffled(names["d2l"])
        updates = {
            key: names[value]
            for key, value in (("update_D", update_D), ("update_G", update_G))
            if value
        }
        names["train"](names["net_D"], names["net_G"], data, 2, **RECIPE, **updates)
        ends.append([p for net in SHAPES for p in parameters(names, net)])
    for ours, theirs in zip(*ends, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4, atol=1e-5)  # Adam's epsilon


def unshuffled(d2l):
    """The shim with a `load_array` that keeps the order."""
    changed = type(d2l)("unshuffled")
    changed.__dict__.update(d2l.__dict__)
    changed.load_array = lambda arrays, size: d2l.load_array(arrays, size, is_train=False)
    return changed


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_recipe_converges_on_other_seeds_than_the_pages(backend):
    study = names_of("chapters/convergence", backend)["study"]
    median, high = np.percentile(study(seed=77, **RECIPE), [50, 95])
    assert median <= 0.02 and high <= 0.1
    assert median < np.median(study(seed=77)) / 4


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_dirac_gan_circles_or_spirals(backend):
    dirac = names_of("chapters/convergence", backend)["dirac"]
    radius = [np.linalg.norm(dirac(gamma), axis=1) for gamma in (0, 0.3)]
    assert radius[0].min() > 0.95 * radius[0].max()
    assert radius[1][-1] < 1e-3


# --- the compiled training of studies/, which found the recipe ---


def test_the_compiled_gradients_are_right():
    random = np.random.default_rng(4)
    D, x, h = 0.5 * random.normal(size=compiled.NUM_D), random.normal(size=2), np.empty(8)
    split_at = [compiled.B1, compiled.W2, compiled.B2, compiled.W3, compiled.B3]
    W1, b1, W2, b2, W3, b3 = np.split(D, split_at)
    ours = compiled.forward(D, *x, h)
    theirs = logits(x, W1.reshape(5, 2).T, b1, W2.reshape(3, 5).T, b2, W3[:, None], b3)
    assert ours == pytest.approx(theirs)

    def slope(D, x):
        compiled.forward(D, *x, h)
        return np.array(compiled.backward(D, *x, h, 1.0, np.empty(compiled.NUM_D)))

    def penalty(D):
        return 0.15 * (slope(D, x) ** 2).sum()

    def differences(f, at):
        steps = 1e-5 * np.eye(len(at))
        return np.array([(f(at + step) - f(at - step)) / 2e-5 for step in steps])

    np.testing.assert_allclose(
        slope(D, x), differences(lambda x: compiled.forward(D, *x, h), x), rtol=1e-6
    )
    compiled.forward(D, *x, h)
    gradient, of_penalty = np.zeros((2, compiled.NUM_D))
    compiled.backward(D, *x, h, 1.0, gradient)
    compiled.penalize(D, *x, h, 0.3, of_penalty, np.empty(compiled.NUM_D))
    by_hand = differences(lambda D: compiled.forward(D, *x, h), D)
    np.testing.assert_allclose(gradient, by_hand, rtol=1e-6, atol=1e-9)
    np.testing.assert_allclose(of_penalty, differences(penalty, D), rtol=1e-5, atol=1e-9)


def test_the_compiled_training_agrees_with_the_chapter():
    backend = BACKENDS[0].values[0]
    if BACKENDS[0].marks[0].args[0]:
        pytest.skip(f"{backend.label} is not installed: nothing to compare with")
    names = names_of("chapters/convergence", backend)
    np.testing.assert_allclose(
        compiled.kl(np.array([1.0, 0.2, 0.3, 2.0, 0.5, 1.0])),
        names["kl"](np.array([[0.5, 1.0]]), np.array([[[1.04, 0.7], [0.7, 4.09]]]))[0],
    )
    ours = np.log(compiled.distances(compiled.Settings(**recipe.RECIPE), 0, 100))
    theirs = np.log(names["study"](**RECIPE))
    error = np.hypot(ours.std(), theirs.std()) / 10
    assert abs(ours.mean() - theirs.mean()) < 4 * error
