"""Digits: IDX files, the cache, downloads from a server that misbehaves, the embedded set."""

import gzip
import hashlib
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from d2l_shim import data

ROOT = Path(__file__).resolve().parent.parent
IMAGES = np.arange(3 * 28 * 28).reshape(3, 28, 28).astype("uint8")
LABELS = np.array([7, 0, 9], "uint8")


def idx(array):
    sizes = b"".join(n.to_bytes(4, "big") for n in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes(), mtime=0)


FILES = {"images.gz": idx(IMAGES), "labels.gz": idx(LABELS)}


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty D2L_DATA; MNIST is three images, and no mirror answers."""
    small = tuple((name, hashlib.sha256(content).hexdigest()) for name, content in FILES.items())
    monkeypatch.setitem(data.MNIST, "test", small)
    monkeypatch.setattr(data, "MIRRORS", ("http://127.0.0.1:9/",))
    monkeypatch.setenv("D2L_DATA", str(tmp_path))
    return tmp_path / "mnist"


@pytest.fixture
def server():
    """A web server for `server.files`; `server.asked` lists what was asked for."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            content = server.files.get(self.path.lstrip("/"))
            self.send_response(200 if content else 404)
            self.send_header("Content-Length", str(len(content or b"") + server.missing_bytes))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.missing_bytes = dict(FILES), [], 0
    server.url = f"http://127.0.0.1:{server.server_address[1]}/"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


def put(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, content in (FILES | files).items():
        (folder / name).write_bytes(content)


def test_files_that_are_there(folder):
    put(folder)
    images, labels = data.mnist()
    assert images.shape == (3, 1, 28, 28) and images.dtype == np.float32
    assert np.array_equal(images[:, 0], IMAGES / np.float32(255))
    assert labels.dtype == np.int64 and labels.tolist() == LABELS.tolist()


def test_download_once(folder, server, monkeypatch, capfd):
    monkeypatch.setattr(data, "MIRRORS", (server.url,))
    data.mnist()
    assert "100%" in capfd.readouterr().err  # a progress bar
    images, _ = data.mnist()
    assert np.array_equal(images[:, 0], IMAGES / np.float32(255))
    assert server.asked == ["/images.gz", "/labels.gz"]
    assert sorted(os.listdir(folder)) == ["images.gz", "labels.gz"]


def test_the_next_mirror_helps(folder, server, monkeypatch):
    monkeypatch.setattr(data, "MIRRORS", (*data.MIRRORS, server.url + "none/", server.url))
    assert len(data.mnist()[1]) == 3


@pytest.mark.parametrize("fault", ["offline", "another file", "cut off", "not found"])
def test_failed_downloads_leave_nothing_and_say_what_to_do(folder, server, monkeypatch, fault):
    if fault != "offline":
        monkeypatch.setattr(data, "MIRRORS", (server.url,))
    if fault == "another file":
        server.files["images.gz"] = b"<html>Please log in</html>"
    if fault == "cut off":
        server.missing_bytes = 1000
    if fault == "not found":
        server.files.clear()
    with pytest.raises(OSError, match=r"could not be downloaded") as caught:
        data.mnist()
    assert "images.gz" in str(caught.value) and data.MIRRORS[0] in str(caught.value)
    assert "D2L_DATA" in str(caught.value) and 'load_mnist("embedded")' in str(caught.value)
    assert not folder.exists() or os.listdir(folder) == []
    # once the network is back, the same call works
    server.files, server.missing_bytes = dict(FILES), 0
    monkeypatch.setattr(data, "MIRRORS", (server.url,))
    assert len(data.mnist()[1]) == 3


def test_without_the_downloader(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(OSError, match="pip install pooch tqdm"):
        data.mnist()
    put(folder)
    data.mnist()  # it is not needed for files that are there


def test_a_folder_that_cannot_be_written(folder, tmp_path, server, monkeypatch):
    monkeypatch.setattr(data, "MIRRORS", (server.url,))
    folder.write_text("a file where the folder should be")
    with pytest.raises(OSError, match="D2L_DATA"):
        data.mnist()


def test_damaged_files_are_refused_and_kept(folder):
    put(folder, **{"images.gz": FILES["images.gz"][:-9]})
    with pytest.raises(ValueError, match=r"images\.gz is not the published file.*delete it"):
        data.mnist()
    assert (folder / "images.gz").read_bytes() == FILES["images.gz"][:-9]


@pytest.mark.parametrize(
    "content, error",
    [
        (b"", "begins with nothing"),
        (b"<html>", "no whole gzip file"),
        (FILES["images.gz"][:-9], "no whole gzip file"),
        (FILES["images.gz"][:30] + b"\0" * 9 + FILES["images.gz"][39:], "no whole gzip file"),
        (gzip.compress(b""), "begins with nothing"),
        (gzip.compress(b"\0\0\x0d\x01\0\0\0\1\0\0\0\0"), "begins with 00 00 0d 01"),  # floats
        (gzip.compress(b"\0\0\x08\x03\0\0\0\1"), "must hold unsigned bytes"),  # half a header
        (
            gzip.compress(b"\0\0\x08\x01\0\0\0\3ab"),
            "announces 3 bytes of shape .* and holds 2",
        ),
        (
            gzip.compress(b"\0\0\x08\x01\0\0\0\1ab"),
            "announces 1 bytes of shape .* and holds 2",
        ),
    ],
)
def test_bad_idx_files(tmp_path, content, error):
    path = tmp_path / "bad.gz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=error) as caught:
        data.read_idx(path)
    assert str(path) in str(caught.value)


def test_first_uses_at_the_same_time(folder, server):
    program = f"""
from d2l_shim import data
data.MNIST["test"] = {data.MNIST["test"]!r}
data.MIRRORS = ({server.url!r},)
print(data.mnist()[0].sum())
"""
    users = [
        subprocess.Popen(
            [sys.executable, "-c", program], cwd=ROOT, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        for _ in range(4)
    ]  # fmt: skip
    said = [user.communicate() for user in users]
    assert [user.returncode for user in users] == [0] * 4, said
    assert len({out for out, _ in said}) == 1
    assert sorted(os.listdir(folder)) == ["images.gz", "labels.gz"]


def test_embedded_digits(monkeypatch, capsys):
    # The same file as in scikit-learn 1.9.
    found = hashlib.sha256(data.EMBEDDED.read_bytes()).hexdigest()
    assert found == "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
    images, labels = data.mnist("embedded")
    assert images.shape == (1797, 1, 28, 28) and images.dtype == np.float32
    assert images.min() == 0 and 0.9 < images.max() <= 1
    assert labels.dtype == np.int64 and np.bincount(labels).tolist() == [
        178, 182, 177, 183, 181, 182, 181, 179, 174, 180,
    ]  # fmt: skip
    assert "not MNIST" in capsys.readouterr().out
    # Enlarging is linear interpolation between the 8 pixels, with nothing beyond them.
    small = np.loadtxt(data.EMBEDDED, delimiter=",")[5, :-1].reshape(8, 8) / 16
    at = (np.arange(28) - 13.5) / 2.5 + 3.5
    known = np.arange(-1, 9)
    rows = np.array([np.interp(at, known, [0, *row, 0], 0, 0) for row in small])
    image = np.array([np.interp(at, known, [0, *column, 0], 0, 0) for column in rows.T]).T
    np.testing.assert_allclose(images[5, 0], image, atol=1e-6)
    monkeypatch.setenv("D2L_DATA", "embedded")
    assert np.array_equal(data.mnist("train")[0], images)


def test_an_unknown_split():
    with pytest.raises(ValueError, match=r'"train", "test" or "embedded", got \'validation\''):
        data.mnist("validation")


def test_backends_give_tensors(folder, d2l):
    put(folder)
    images, labels = d2l.load_mnist()
    assert isinstance(images, type(d2l.tensor([0.0]))) and images.shape == (3, 1, 28, 28)
    assert str(images.dtype).endswith("float32") and str(labels.dtype).endswith("int64")
    assert np.array_equal(d2l.numpy(images)[:, 0], IMAGES / np.float32(255))
    assert d2l.numpy(labels).tolist() == [7, 0, 9]
