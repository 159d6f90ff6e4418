"""A trap of PyTorch 2.13 on the CPU: fused optimizers misread gradients of another memory layout.

`loss.backward()` lays a gradient out like its parameter; what is assigned by hand, such as a
result of `torch.autograd.grad`, may be laid out otherwise.
"""

import ast

import pytest
from test_chapters import BACKENDS, BOOK, names_of, source_of

from _ext import split

torch = pytest.importorskip("torch")
(PYTORCH,) = (param.values[0] for param in BACKENDS if param.values[0].module == "torch")


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam])
@pytest.mark.parametrize("fused", [False, True])
def test_an_optimizer_reads_a_gradient_of_any_layout(optimizer, fused, request):
    if fused:
        mended = "PyTorch has mended it: take this file out, once requirements.txt asks for that"
        request.applymarker(pytest.mark.xfail(strict=True, reason=mended))
    gradient = torch.arange(1.0, 7).view(3, 2).T
    results = []
    for layout in (gradient, gradient.contiguous()):
        parameter = torch.zeros(2, 3, requires_grad=True)
        trainer = optimizer([parameter], lr=1.0, fused=fused)
        for power in (1, 2):  # in its first step, Adam sees signs alone
            parameter.grad = layout**power
            trainer.step()
        results.append(parameter.detach())
    torch.testing.assert_close(*results)


@pytest.mark.parametrize("chapter", BOOK.chapters())
def test_no_chapter_with_fused_optimizers_assigns_gradients(chapter):
    cells = split.cells_of(source_of(chapter), PYTORCH)
    code = "\n".join(c.source for c in cells if not c.source.startswith("%"))
    assigned = [
        ast.unparse(node)
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and target.attr == "grad"
    ]
    assert "fused" not in code or not assigned, "fused optimizers may misread these"


@pytest.fixture
def misread():
    """Counts of the steps of fused optimizers whose gradients lie like the parameters, or not."""
    counts = {False: 0, True: 0}

    def look(optimizer, *_):
        for group in optimizer.param_groups:
            for p in group["params"] if group["fused"] else ():
                counts[p.grad is not None and p.grad.stride() != p.stride()] += 1

    from torch.optim.optimizer import register_optimizer_step_pre_hook

    handle = register_optimizer_step_pre_hook(look)
    yield counts
    handle.remove()


def test_gradients_of_the_trainings_lie_like_their_parameters(misread, monkeypatch):
    monkeypatch.setenv("D2L_DATA", "embedded")
    names = names_of("chapters/gaussian", PYTORCH)
    names["train"](names["net_D"], names["net_G"], names["data_iter"], 1, 0.05, 0.005, 2, None)
    names = names_of("chapters/convergence", PYTORCH)
    for changes in (
        {},
        {"update_D": names["update_D_R1"]},
        {"update_G": names["update_G_minimax"]},
    ):
        names["train"](*names["new_nets"](3), names["make_data"](3), num_epochs=1, **changes)
    names = names_of("chapters/digits", PYTORCH)
    images = names["images"][:128]
    names["train_judge"](images, names["labels"][:128], num_epochs=1)
    nets = names["make_dense_D"](2, names["NoisyMinibatchStd"](), 785), names["make_dense_G"](2)
    list(names["train_image_gan"](*nets, images, 1, 7e-4, 1.4e-3))
    names = names_of("chapters/dcgan", PYTORCH)
    nets = [names["initialize"](names[make]()) for make in ("make_D", "make_G")]
    list(names["d2l"].train_image_gan(*nets, images, 1, 1e-3, 2e-3))
    assert misread[False] > 1000 and misread[True] == 0
