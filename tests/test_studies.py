"""Studies: nothing is lost, nothing old is taken for new, here and on a cluster."""

import importlib.util
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from clusters import cluster

from _ext.book import BookError
from d2l_shim import data
from studies import STUDIES, engine
from studies.case import Case, code_of, load
from studies.results import Cases, published

ROOT = Path(__file__).resolve().parent.parent
TINY = '''
"""A study of a few short cases."""
import os, signal, time
from pathlib import Path

from . import helper
from .helper import FACTOR, twice

SEEDS = range(4)
PACKAGES = ("numpy",)
TOLERANCE = 0.05
HERE = Path(__file__).parent


def cases(results):
    found = {"a": {"x": 1}, "b": {"x": 2}}
    return found | {"best": {"x": 5}} if found.keys() <= results.keys() else found


def run(seed, x):
    time.sleep(NAP)
    with open(HERE / "log", "a") as log:
        log.write(f"{x} {seed} {os.environ['OMP_NUM_THREADS']}\\n")
    with open(HERE / "pids", "a") as pids:
        pids.write(f"{os.getpid()}\\n")
    if (x, seed) == RAISES:
        raise ValueError("no such luck")
    marker = HERE / "ended"
    if (x, seed) == ENDS and (ALWAYS or not marker.exists()):
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return {"y": twice(x) * FACTOR + helper.plus(seed)}


def table(results):
    return [{"case": label, "y": str(sum(r["y"] for r in rs))} for label, rs in results.items()]


def values(results):
    return {"cases": str(len(results))}


RAISES = ENDS = None
ALWAYS, NAP = False, 0.0
'''
HELPER = '''
FACTOR = 10
UNUSED = 1


def twice(x):
    """Two of them."""
    return 2 * x


def plus(x):
    return PLUS + x


PLUS = 0
'''
TABLE = [{"case": "a", "y": "86"}, {"case": "b", "y": "166"}, {"case": "best", "y": "406"}]


class Room:
    """A copy of `studies/` whose one study is tiny."""

    def __init__(self, root: Path):
        self.root, self.package = root, root / "studies"
        shutil.copytree(ROOT / "studies", self.package, ignore=shutil.ignore_patterns("results"))
        (self.package / "__init__.py").write_text('STUDIES = ("tiny",)\n')
        (self.package / "helper.py").write_text(HELPER)
        self.study()

    def study(self, **constants):
        """Write the study, with some of its constants changed."""
        text = TINY + "".join(f"{name} = {value!r}\n" for name, value in constants.items())
        (self.package / "tiny.py").write_text(text)

    def edit(self, name, old, new):
        path = self.package / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    def start(self, *arguments, **options):
        path = os.pathsep.join(map(str, (self.root, ROOT)))
        options.setdefault(
            "env", {**os.environ, "PYTHONPATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        )
        return subprocess.Popen(
            [sys.executable, "-m", "studies", *arguments], cwd=self.root, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, **options,
        )  # fmt: skip

    def run(self, *arguments, **options):
        """The exit status, and all that was said."""
        running = self.start("tiny", *arguments, **options)
        said = "".join(running.communicate(timeout=120))
        return running.returncode, said

    def log(self):
        path = self.package / "log"
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def kept(self):
        return len(list((self.root / "_build" / "studies" / "tiny").glob("*.json")))

    def pids(self):
        """The processes that have begun a case."""
        path = self.package / "pids"
        return {*map(int, path.read_text().split())} if path.exists() else set()

    def results(self):
        return json.loads((self.package / "results" / "tiny.json").read_text())


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path)


def test_a_study_runs_each_case_once_on_one_thread_and_keeps_what_came_of_it(room):
    status, said = room.run()
    assert status == 0, said
    ran = room.log()
    assert sorted(ran) == sorted(f"{x} {seed} 1" for x in (1, 2, 5) for seed in range(4))
    results = room.results()
    assert results["table"] == TABLE
    assert results["seeds"] == [0, 1, 2, 3] and results["command"] == "python -m studies tiny"
    assert len(results["cases"]) == 12 and results["values"] == {"cases": "3"}
    assert room.run()[0] == 0 and room.log() == [], "the second time, all is there"
    assert room.results() == results


def test_some_seeds_or_one_case_leave_the_results_as_they_are(room):
    assert room.run()[0] == 0
    before = room.results()
    room.log()
    status, said = room.run("--only", "b", "--seeds", "3-5", "9", "--workers", "1")
    assert status == 0 and "as it was" in said
    assert sorted(room.log()) == ["2 4 1", "2 5 1", "2 9 1"]
    assert room.results() == before


@pytest.mark.parametrize(
    "name, old, new, again",
    [
        ("helper.py", "FACTOR = 10", "FACTOR = 11", 12),
        ("helper.py", "return 2 * x", "return x + x", 12),
        ("helper.py", "PLUS + x", "x + PLUS", 12),
        ("helper.py", "PLUS = 0", "PLUS = 1", 12),
        ("helper.py", "UNUSED = 1", "UNUSED = 2", 0),
        ("helper.py", "FACTOR = 10", "FACTOR = 10  # ten", 0),
        ("tiny.py", '"y": twice', '"y": 1 * twice', 12),
        ("tiny.py", "str(sum(", "str(-sum(", 0),  # of the table, which follows from results
        ("tiny.py", '"b": {"x": 2}', '"b": {"x": 3}', 4),
        ("tiny.py", '("numpy",)', '("numpy", "joblib")', 12),
    ],
)
def test_only_what_a_change_touches_runs_again(room, name, old, new, again):
    assert room.run()[0] == 0
    room.log()
    room.edit(name, old, new)
    assert room.run()[0] == 0
    assert len(room.log()) == again


def test_a_killed_study_goes_on_where_it_was(room):
    room.study(NAP=0.3)
    running = room.start("tiny", "--workers", "1")
    while room.kept() < 3:
        time.sleep(0.05)
    os.killpg(running.pid, signal.SIGKILL)
    running.communicate()
    kept = room.kept()
    room.log()
    assert 3 <= kept < 12
    status, said = room.run()
    assert status == 0, said
    assert len(room.log()) == 12 - kept
    assert room.results()["table"] == TABLE


def listen():
    """Hear Ctrl-C, even where the tests were started in the background and do not."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_ctrl_c_says_what_is_kept(room):
    room.study(NAP=0.3)
    running = room.start("tiny", "--workers", "1", preexec_fn=listen)
    while room.kept() < 2:
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said = "".join(running.communicate(timeout=60))
    assert running.returncode == 130
    assert re.search(r"stopped; \d of 8 cases are kept", said)
    assert "Traceback" not in said


def test_a_lost_worker_costs_nothing_but_time(room):
    room.study(ENDS=(2, 1))
    status, said = room.run()
    assert status == 0 and "a worker was lost" in said
    assert room.results()["table"] == TABLE


def test_who_loses_workers_for_ever_is_told(room):
    room.study(ENDS=(2, 1), ALWAYS=True)
    status, said = room.run()
    assert status == 1 and "ended from outside 3 times" in said
    assert "Traceback" not in said and not (room.package / "results").exists()


def test_a_case_that_raises_is_named_and_the_others_go_on(room):
    room.study(RAISES=(2, 1))
    status, said = room.run()
    assert status == 1
    assert "b, seed 1, {'x': 2}" in said and "ValueError: no such luck" in said
    assert "1 of 8 cases raised" in said
    assert room.kept() == 7 and not (room.package / "results").exists()


def test_a_full_disk_leaves_nothing_half_written(room):
    import resource

    room.study(NAP=0.1)
    full = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40, 40))  # noqa: E731
    status, said = room.run("--workers", "1", preexec_fn=full)
    assert status == 1 and "cannot be written" in said and "Traceback" not in said
    assert room.kept() == 0 and not list(room.root.rglob("*.tmp"))
    assert room.run()[0] == 0


@pytest.mark.parametrize(
    "arguments, told",
    [
        (["--only", "c"], ["no case 'c'", "a", "b"]),
        (["--seeds"], ["expected at least one argument"]),
        (["--seeds", "5-3"], ["'5-3' is no seed", "0-9"]),
        (["--seeds", "x"], ["'x' is no seed"]),
        (["--workers", "0"], ["--workers is 0"]),
        (["--scheduler", "tcp://127.0.0.1:1"], ["tcp://127.0.0.1:1", "tcp://HOST:PORT"]),
        (["--scheduler", "tcp://nowhere.invalid:8786"], ["nowhere.invalid", "tcp://HOST:PORT"]),
        (["--scheduler", "tcp://127.0.0.1:x"], ["'tcp://127.0.0.1:x'", "tcp://HOST:PORT"]),
        (["--scheduler", "nowhere"], ["'nowhere'", "tcp://HOST:PORT"]),
    ],
)
def test_mistakes_on_the_command_line_are_named(room, arguments, told):
    began = time.monotonic()
    status, said = room.run(*arguments)
    assert status in (1, 2) and "Traceback" not in said
    assert time.monotonic() - began < 15
    for part in told:
        assert part in said


@pytest.mark.parametrize("hangs_up", [True, False])
def test_another_server_than_a_scheduler_is_named(room, hangs_up):
    pytest.importorskip("distributed")
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        if hangs_up:
            threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        began = time.monotonic()
        status, said = room.run("--scheduler", address)
        assert status == 1 and f"no Dask scheduler answers at '{address}'" in said
        assert time.monotonic() - began < 15 and "Traceback" not in said


def test_an_unknown_study_is_named(room):
    said = "".join(room.start("recipes").communicate(timeout=60))
    assert "no study 'recipes'" in said and "tiny" in said


def test_a_cluster_that_loses_a_worker_gets_the_same_table(room):
    """A scheduler and two workers on this machine; one is killed in the middle."""
    pytest.importorskip("distributed")
    room.study(NAP=0.3)
    with cluster(room.root, 2, room.root, ROOT) as (address, workers):
        running = room.start("tiny", "--scheduler", address)
        while len(room.pids()) < 2 and running.poll() is None:
            time.sleep(0.05)
        workers[0].kill()
        said = "".join(running.communicate(timeout=120))
    assert running.returncode == 0, said
    assert room.results()["table"] == TABLE
    assert room.pids() == {worker.pid for worker in workers}


def test_a_scheduler_without_workers_is_told(room):
    pytest.importorskip("distributed")
    with cluster(room.root, 0) as (address, _):
        status, said = room.run("--scheduler", address)
    assert status == 1 and f"{address} has no worker" in said and "Traceback" not in said


# --- the book's own studies ---


@pytest.mark.parametrize("name", STUDIES)
def test_results_are_of_the_code_as_it_is(name):
    assert published(name)["code"] == code_of(load(name)), f"make study NAME={name}, and commit"


@pytest.mark.parametrize("name", STUDIES)
def test_tables_and_values_follow_from_the_cases(name):
    results = published(name)
    by_label: dict = {}
    for case in sorted(results["cases"], key=lambda one: one["seed"]):
        by_label.setdefault(case["case"], []).append(case["result"])
    study = load(name)
    by_label = {label: by_label[label] for label in study.cases(by_label)}
    assert study.table(by_label) == results["table"]
    assert study.values(by_label) == results["values"]


AGAIN = {  # a case of each that runs again, some for fewer epochs; the others take a minute or two
    "recipe": [("the recipe", 3, {}), ("the recipe with loss hinge", 7, {})],
    "search": [("setting 3", 0, {})],
    "slopes": [("minimax, usual start, SGD", 2, {})],
    "speed": [("PyTorch", 0, {}), ("MXNet", 0, {})],
    "ladder": [("faster steps added", 1, {})],
    "budget": [("the source", 1, {"epochs": 3})],
    "layers": [("dense, in all else as here", 1, {})],
    "departures": [("averaged as in digits", 1, {})],
    "kernels": [("kernel 5", 1, {"epochs": 5})],
    "autoencoder": [("variational autoencoder", 1, {})],
    "quality": [("digits, PyTorch", 1, {})],
}


@pytest.mark.parametrize(
    "name, label, seed, fewer", [(name, *case) for name, cases in AGAIN.items() for case in cases]
)
def test_a_case_that_runs_again_comes_out_as_published(name, label, seed, fewer, tmp_path):
    study = load(name)
    for package in study.PACKAGES:  # not imported here: MXNet's import needs the shim's preparation
        if importlib.util.find_spec(package) is None:
            pytest.skip(f"no {package}")
    if "digits" in getattr(study, "CHAPTERS", ()) and not mnist_is_here():
        pytest.skip("no MNIST")
    (before,) = [
        one["result"]
        for one in published(name)["cases"]
        if (one["case"], one["seed"]) == (label, seed)
    ]
    settings = study.cases({})[label] | fewer
    case, store = Case(label, seed, settings), Cases(name, "", tmp_path)
    assert engine.run(study.run, [case], store, 2) == []
    after = store.get(case)["result"]
    assert study.apart(after, before) <= study.TOLERANCE, (before, after)


def mnist_is_here():
    try:
        return os.environ.get("D2L_DATA") != "embedded" and len(data.mnist()[0]) > 0
    except OSError:
        return False


def test_an_unknown_name_is_refused():
    with pytest.raises(BookError, match="no study 'x'; there are recipe"):
        load("x")


# --- several devices ---

GRADIENTS = """
import sys, torch, torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from studies import many_gpus
from studies.chapters import backend, names

norm, file = sys.argv[1:]
torch.set_num_threads(1)
dist.init_process_group("gloo")
chapter = names("dcgan", backend("pytorch"), until="def initialize(")
torch.manual_seed(0)
nets = [chapter["initialize"](chapter[make]()) for make in ("make_D", "make_G")]
nets = [(many_gpus.shared(net) if norm == "shared" else net).double() for net in nets]
net_D, net_G = (DistributedDataParallel(net, forward_sync_buffers=False) for net in nets)
rank, world = dist.get_rank(), dist.get_world_size()
X = torch.rand(64, 1, 28, 28).double()[rank::world]
Z = torch.randn(64, 100).double()[rank::world]
real, fake = net_D(X), net_D(net_G(Z))
loss = nn.BCEWithLogitsLoss(reduction="sum")
(world * (loss(real, torch.ones_like(real)) + loss(fake, torch.zeros_like(fake)))).backward()
if rank == 0:
    state = {k: v for net in nets for k, v in net.state_dict().items() if "running" in k}
    torch.save([[p.grad for net in nets for p in net.parameters()], state], file)
dist.destroy_process_group()
"""


@pytest.fixture(scope="module")
def torchrun(tmp_path_factory):
    """Start a program as so many processes on this machine's cores."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("torchrun")
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1",
                   "D2L_DATA": "embedded", "CUDA_VISIBLE_DEVICES": ""}  # fmt: skip

    def start(processes, *arguments):
        command = [sys.executable, "-m", "torch.distributed.run", "--standalone",
                   "--nproc-per-node", str(processes), *map(str, arguments)]  # fmt: skip
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    return start


def test_two_processes_take_the_step_of_one_if_they_share_statistics(torchrun, tmp_path):
    import torch

    (tmp_path / "gradients.py").write_text(GRADIENTS)
    taken = {}
    for processes, norm in ((1, "shared"), (2, "shared"), (2, "own")):
        file = tmp_path / f"{processes}{norm}"
        torchrun(processes, tmp_path / "gradients.py", norm, file)
        taken[processes, norm] = torch.load(file)
    gradients, state = taken[1, "shared"]
    # of a bias that normalization subtracts again, the gradient is nothing but rounding
    large = [i for i, one in enumerate(gradients) if one.norm() > 1e-6]
    assert len(large) > 20

    def apart(norm):
        others = taken[2, norm][0]
        return max((gradients[i] - others[i]).norm() / gradients[i].norm() for i in large)

    assert apart("shared") < 1e-9
    assert apart("own") > 1e-3, "DDP leaves batch normalization to each process"
    for name, value in taken[2, "shared"][1].items():
        torch.testing.assert_close(value, state[name], rtol=1e-9, atol=1e-9)


def test_dcgan_trains_on_two_processes(torchrun):
    said = torchrun(2, "-m", "studies.many_gpus", "--epochs", "1")
    assert re.fullmatch(r"2 processes, shared statistics: recognized \d\.\d+, .* %\n", said)


def test_who_starts_it_alone_is_told_how():
    done = subprocess.run(
        [sys.executable, "-m", "studies.many_gpus"], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 2 and "torchrun" in done.stderr
