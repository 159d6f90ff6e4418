"""The chapter's training loop with `d2l_shim`, and with the package that it stands in for.

The rival runs the chapter's own cells with one line changed, the import. That is the `d2l` package,
0.17.6: its `load_array`, `Animator` and `Timer`. A second rival runs them as published: with d2l's
own `update_D` and `update_G`, without `fused=True`, `hybridize()` and the choice of one thread.
Each of them trains in a kernel, where figures are shown, and in a plain interpreter, in turn.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from jupyter_client.manager import KernelManager

from _ext import split
from _ext.book import Backend, Book

CHAPTER = "chapters/gaussian"
TRAIN = "train(net_D, net_G, data_iter, num_epochs, lr_D, lr_G, latent_dim, data)"
RIVALS = ("d2l_shim", "d2l", "d2l, as published")
# d2l imports two packages that this loop never calls. PyTorch asks for their specs.
STUBS = """
import importlib.machinery, sys, types
for name in ("pandas", "torchvision", "torchvision.transforms"):
    sys.modules[name] = types.ModuleType(name)
    sys.modules[name].__spec__ = importlib.machinery.ModuleSpec(name, None)
sys.modules["torchvision"].transforms = sys.modules["torchvision.transforms"]
"""
PUBLISHED = (  # what the chapter adds to the published loop
    (r", fused=True", ""),
    (r"(?m)^ *\w+\.hybridize\(.*\n?", ""),
    (r"(?m)^torch\.set_num_threads.*\n?", ""),
    (r"(?s)^def (update_[DG])\(.*", r"\1 = d2l.\1"),
)


def cells(book: Book, backend: Backend, rival: str) -> list[str]:
    """The chapter's cells up to its training, which is left out, for one of the `RIVALS`."""
    source = split.read(book.source(CHAPTER).read_text(encoding="utf-8"), CHAPTER, book)
    code = [cell.source for cell in split.cells_of(source, backend)]
    last = next(i for i, cell in enumerate(code) if f"\n{TRAIN}" in cell)
    code = [*code[:last], code[last].replace(f"\n{TRAIN}", "")]
    if rival != "d2l_shim":
        code = [re.sub("from d2l_shim import", "from d2l import", cell) for cell in code]
        # MXNet alone does not import beside this NumPy; the shim helps it
        help_mxnet = "import d2l_shim.mxnet\n" if backend.module == "mxnet" else ""
        code.insert(0, help_mxnet + STUBS)
    if rival == "d2l, as published":
        for pattern, text in PUBLISHED:
            code = [re.sub(pattern, text, cell) for cell in code]
    return code


@contextmanager
def in_a_kernel(code: list[str]) -> Iterator[Callable[[], None]]:
    """A function that trains once in a notebook's kernel; figures are made and sent."""
    manager = KernelManager()
    manager.start_kernel(stderr=subprocess.DEVNULL)
    client = manager.client()
    client.start_channels()
    client.wait_for_ready()

    def execute(cell: str) -> None:
        reply = client.execute_interactive(cell, output_hook=lambda message: None, timeout=600)
        if reply["content"]["status"] != "ok":
            raise RuntimeError("\n".join(reply["content"]["traceback"]))

    try:
        for cell in code:
            execute(cell)
        yield lambda: execute(TRAIN)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextmanager
def in_an_interpreter(code: list[str]) -> Iterator[Callable[[], None]]:
    """A function that trains once in a plain interpreter, without a screen."""
    program = "\n".join(re.sub(r"(?m)^%.*\n?", "", cell) for cell in code)
    loop = f"import sys\nfor line in sys.stdin:\n    {TRAIN}\n    print('trained', flush=True)\n"
    command = [sys.executable, "-c", f"import matplotlib; matplotlib.use('agg')\n{program}\n{loop}"]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )

    def once() -> None:
        process.stdin.write("go\n")
        process.stdin.flush()
        for line in process.stdout:
            if line.strip().endswith("trained"):
                return
        raise RuntimeError(f"the training stopped with exit code {process.wait()}")

    try:
        yield once
    finally:
        process.kill()
        process.wait()


PLACES = {"kernel": in_a_kernel, "interpreter": in_an_interpreter}


def trainings(book: Book, backend: Backend, stack: ExitStack) -> dict[tuple[str, str], Callable]:
    """For each place and rival a function that trains once; all are warm."""
    found = {}
    for place, start in PLACES.items():
        for rival in RIVALS:
            train = stack.enter_context(start(cells(book, backend, rival)))
            train()
            found[place, rival] = train
    return found
