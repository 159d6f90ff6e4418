"""Handwritten digits: MNIST from its IDX files, or a small set that comes with this package.

python -m d2l_shim.data         fetch MNIST's test images, unless they are there
"""

from __future__ import annotations

import gzip
import hashlib
import os
import zlib
from pathlib import Path

import numpy as np

# (file, SHA-256) of the images and of the labels, as LeCun, Cortes and Burges published them
MNIST = {
    "train": (
        (
            "train-images-idx3-ubyte.gz",
            "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        ),
        (
            "train-labels-idx1-ubyte.gz",
            "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        ),
    ),
    "test": (
        (
            "t10k-images-idx3-ubyte.gz",
            "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        ),
        (
            "t10k-labels-idx1-ubyte.gz",
            "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        ),
    ),
}
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# A copy of scikit-learn's file: 1,797 digits of 8 x 8 pixels from 0 to 16, the label last. Source:
# Alpaydin and Kaynak (1998), archive.ics.uci.edu/dataset/80, CC BY 4.0.
EMBEDDED = Path(__file__).with_name("digits.csv.gz")


def mnist(split: str = "test") -> tuple[np.ndarray, np.ndarray]:
    """Images, float32 of shape (n, 1, 28, 28) from 0 to 1, and labels, int64 of shape (n,).

    `split` is "train" (60,000), "test" (10,000) or "embedded": 1,797 coarser digits that come with
    this package. The environment variable `D2L_DATA` names the folder in which `mnist/` is or will
    be (~/.cache/d2l_shim without it); `D2L_DATA=embedded` takes the embedded digits for any split.

    Files that are not there are downloaded. Raises ValueError if `split` is another word or a file
    is damaged, and OSError if it can be neither found nor downloaded; both say what to do.
    """
    if split not in (*MNIST, "embedded"):
        raise ValueError(f'split must be "train", "test" or "embedded", got {split!r}')
    place = os.environ.get("D2L_DATA") or "~/.cache/d2l_shim"
    if split == "embedded" or place == "embedded":
        images, labels = _embedded()
        print(f"{len(labels):,} embedded digits, enlarged from 8×8 pixels; not MNIST")
        return images, labels
    folder = Path(place).expanduser() / "mnist"
    images, labels = (read_idx(_fetch(folder / name, sha256)) for name, sha256 in MNIST[split])
    return images[:, None].astype("float32") / 255, labels.astype("int64")


def read_idx(path: Path) -> np.ndarray:
    """The bytes of a gzipped IDX file as an array, in the shape that its header gives.

    Format: two zero bytes, the type (8: unsigned byte), the number of axes, and big-endian sizes.
    Raises ValueError if the file is anything else, or longer or shorter than it says.
    """
    try:
        content = gzip.decompress(Path(path).read_bytes())
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise ValueError(f"{path} is no whole gzip file ({error}); delete it and retry") from None
    if content[:3] != b"\0\0\x08" or len(content) < 4 + 4 * content[3]:
        raise ValueError(
            f"{path} must hold unsigned bytes in IDX format, beginning with 00 00 08; it begins "
            f"with {content[:4].hex(' ') or 'nothing'}"
        )
    start = 4 + 4 * content[3]
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    if len(content) - start != np.prod(shape, dtype=int):
        raise ValueError(
            f"{path} announces {np.prod(shape, dtype=int)} bytes of shape {shape} and holds "
            f"{len(content) - start}; delete it, and try again"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _fetch(path: Path, sha256: str) -> Path:
    """`path`, downloaded if it is not there; its content has the checksum `sha256`."""
    if not path.is_file():
        _download(path, sha256)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise ValueError(
            f"{path} is not the published file: {path.stat().st_size} bytes with SHA-256 {found}, "
            f"expected {sha256}; delete it, and it will be downloaded again"
        )
    return path


def _download(path: Path, sha256: str) -> None:
    """Download to a temporary file, show progress, compare the checksum, move to `path`."""
    tried = []
    try:
        # pooch, scipy's downloader: checks sums, shows progress, leaves no half file behind.
        # urllib does none of these; torchvision and gluon's datasets know one framework each.
        import pooch
        import tqdm  # noqa: F401  (pooch's progress bar)
    except ModuleNotFoundError as error:
        tried.append(f"{error}: pip install pooch tqdm")
    else:
        pooch.get_logger().setLevel("ERROR")
        for mirror in MIRRORS:
            try:
                url = mirror + path.name
                pooch.retrieve(url, f"sha256:{sha256}", path.name, path.parent, progressbar=True)
                return
            except (OSError, ValueError) as error:  # offline, read-only, or another file
                tried.append(f"{mirror}{path.name}: {type(error).__name__}")
    raise OSError(
        f"{path} is not there and could not be downloaded.\n  " + "\n  ".join(tried) + "\n"
        "Put the file there; or set the environment variable D2L_DATA to the folder in which "
        '`mnist/` is; or take the small embedded set: load_mnist("embedded"), or D2L_DATA=embedded.'
    )


def _embedded() -> tuple[np.ndarray, np.ndarray]:
    """The embedded digits in the form of MNIST: 20 x 20 pixels with a margin of 4."""
    table = np.loadtxt(EMBEDDED, delimiter=",", dtype="float32")
    # Linear interpolation: pixel i of 28 lies at (i - 13.5) / 2.5 + 3.5 among the 8.
    at = (np.arange(28, dtype="float32") - 13.5) / 2.5 + 3.5
    weights = np.maximum(0, 1 - abs(at[:, None] - np.arange(8, dtype="float32")))
    images = weights @ (table[:, :-1].reshape(-1, 8, 8) / 16) @ weights.T
    return images[:, None], table[:, -1].astype("int64")


if __name__ == "__main__":
    images, labels = mnist()
    print(f"MNIST is there: {len(labels):,} images")
