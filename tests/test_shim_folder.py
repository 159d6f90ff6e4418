"""A folder of the learner's own pictures: whatever is in it, and what is not."""

import numpy as np
import pytest
from PIL import Image

from d2l_shim.folder import load_folder


@pytest.fixture
def folder(tmp_path):
    """Two grey squares, in a folder and in one within."""
    (tmp_path / "b").mkdir()
    Image.new("L", (28, 28), 51).save(tmp_path / "a.png")
    Image.new("L", (28, 28), 204).save(tmp_path / "b" / "c.png")
    return tmp_path


def test_all_pictures_in_the_order_of_their_paths(folder, capsys):
    images = load_folder(folder)
    assert images.shape == (2, 1, 28, 28) and images.dtype == np.float32
    np.testing.assert_allclose(images.mean(axis=(1, 2, 3)), [0.2, 0.8])
    assert capsys.readouterr().out == f"2 pictures from {folder}\n"


@pytest.mark.parametrize(
    "mode, value, grey",
    [
        ("L", 255, 1),
        ("1", 1, 1),
        ("RGB", (255, 255, 255), 1),
        ("RGB", (0, 0, 255), 29 / 255),  # by the weights of luma
        ("RGBA", (0, 0, 0, 0), 1),  # transparent
        ("RGBA", (0, 0, 0, 255), 0),
        ("LA", (0, 0), 1),
        ("P", 0, 0),
        ("CMYK", (0, 0, 0, 255), 0),
        ("I;16", 65535, 1),
        ("I;16", 6554, 0.1),
        ("F", 1.0, 1),
    ],
)
def test_modes(tmp_path, mode, value, grey):
    image = Image.new(mode, (40, 40), value)
    image.save(tmp_path / ("x.tif" if mode in ("CMYK", "F") else "x.png"))
    assert load_folder(tmp_path).mean() == pytest.approx(grey, abs=0.005)


@pytest.mark.parametrize("shape", [(1, 1), (3, 500), (500, 3), (28, 29), (2000, 1500)])
@pytest.mark.parametrize("size", [1, 28, 64])
def test_sizes(tmp_path, shape, size):
    Image.new("RGB", shape, "red").save(tmp_path / "x.png")
    assert load_folder(tmp_path, size).shape == (1, 1, size, size)


def test_the_middle_is_taken_upright(tmp_path):
    image = Image.new("L", (60, 20))
    image.paste(255, (20, 0, 40, 10))  # the upper half of the middle
    exif = Image.Exif()
    exif[0x0112] = 3  # held upside down
    image.save(tmp_path / "x.png", exif=exif)
    (picture,) = load_folder(tmp_path, 20)[:, 0]
    assert picture[:9].max() < 0.05 and picture[11:].min() > 0.95


def test_an_animation_gives_its_first_frame(tmp_path):
    frames = [Image.new("L", (8, 8), value) for value in (255, 0)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert load_folder(tmp_path).mean() == 1


def test_bad_files_are_named_and_skipped(folder, capsys):
    whole = (folder / "a.png").read_bytes()
    (folder / "half.png").write_bytes(whole[: len(whole) // 2 + 10])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "notes.txt").write_text("no picture")
    (folder / ".hidden.png").write_bytes(b"x")
    (folder / "wrong.png").write_bytes(whole[:40] + b"\xff" * (len(whole) - 40))
    assert len(load_folder(folder)) == 2
    told = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0].strip() for line in told[1:-1]] == [
        "empty.jpg", "half.png", "notes.txt", "wrong.png",
    ]  # fmt: skip
    assert "no image" in told[3] and told[0] == "skipped:"


def test_errors_say_what_is_wrong(folder, tmp_path):
    with pytest.raises(NotADirectoryError, match=r"nowhere is no folder; expected one with image"):
        load_folder(tmp_path / "nowhere")
    with pytest.raises(NotADirectoryError, match=r"a\.png is no folder"):
        load_folder(folder / "a.png")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match=r"no image in .*empty can be read; expected PNG, JPEG"):
        load_folder(tmp_path / "empty")
    for size in (0, -1, 2.5, "28", True, None):
        with pytest.raises(ValueError, match="size must be a positive number of pixels, got"):
            load_folder(folder, size)
