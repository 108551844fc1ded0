"""Images that cannot be read, or that do not go together."""

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from class_folders import breaks, files, save
from manyseeds.errors import BadImage, InputError
from manyseeds.images import reading
from manyseeds.sources import class_folders
from manyseeds.tiles import slicing


def bomb(path, side):
    """Write a PNG of a few bytes that claims so many pixels a side."""

    def chunk(name, body):
        crc = struct.pack(">I", zlib.crc32(name + body))
        return struct.pack(">I", len(body)) + name + body + crc

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


# stop or skip


def damage(folder):
    """Leave two images whole, one of each class."""
    (folder / "a/9.png").write_bytes(b"")
    (folder / "b/1.png").write_bytes((folder / "b/1.png").read_bytes()[:50])
    (folder / "b/3.png").write_text("pictures taken on Monday")
    (folder / "b/notes.txt").write_text("pictures taken on Monday")
    bomb(folder / "b/4.png", 50_000)
    (folder / "b/5.png").symlink_to("6.png")
    (folder / "b/6.png").symlink_to("5.png")


@pytest.mark.parametrize("workers", [1, 2])
def test_damaged_images_are_skipped_and_listed(folder, tmp_path, workers):
    damage(folder)
    table, _, skipped = class_folders.copy_folder(
        folder, tmp_path / "out", on_bad_image="skip", workers=workers
    )
    assert table["image"].tolist() == files(tmp_path / "out") == ["a/deep/10.png", "b/2.png"]
    assert table["maximum"].tolist() == [40, 10]
    assert [column for column in table if table[column].dtype == float] == [
        "angle",
        "pixel_size",
        "pixel_height",
    ]
    reasons = dict(zip(skipped["image"], skipped["reason"], strict=True))
    assert list(reasons) == [
        "a/9.png", "b/1.png", "b/3.png", "b/4.png", "b/5.png", "b/6.png", "b/notes.txt",
    ]  # fmt: skip
    assert reasons["a/9.png"] == "the file is empty"
    assert "cannot be decoded" in reasons["b/1.png"]
    assert "not an image" in reasons["b/3.png"]
    assert "268,435,456" in reasons["b/4.png"]
    assert "symbolic links" in reasons["b/5.png"]
    assert "not an image by its name" in reasons["b/notes.txt"]


def test_the_first_damaged_image_stops_and_nothing_is_left(folder, tmp_path):
    damage(folder)
    breaks(folder, tmp_path, r"a/9\.png: the file is empty\. Replace or delete", workers=2)


def test_a_class_that_loses_all_its_images_stops(folder, tmp_path):
    for name in ("1", "2"):
        (folder / f"b/{name}.png").write_bytes(b"")
    breaks(
        folder,
        tmp_path,
        r"photos: class b has no image left, all 2 were skipped .*b/1\.png: the file is empty",
        on_bad_image="skip",
    )


def test_what_a_folder_held_before_is_not_deleted(folder, tmp_path):
    save(tmp_path / "out" / "precious.png")
    (folder / "a/9.png").write_bytes(b"")
    with pytest.raises(InputError, match="is empty"):
        class_folders.copy_folder(folder, tmp_path / "out")
    assert "precious.png" in files(tmp_path / "out")


def test_a_bad_image_passes_between_processes():
    import pickle

    error = pickle.loads(pickle.dumps(BadImage("a.png", "is blue", "Paint it.")))
    assert str(error) == "a.png: is blue. Paint it."
    assert isinstance(error, InputError)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_pipes_and_devices_are_not_read(tmp_path, monkeypatch):
    """A pipe would be waited for, and this device fills the memory."""
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "zero.png").symlink_to("/dev/zero")
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} is read"))
    for name in ("pipe", "zero"):
        with pytest.raises(BadImage, match=rf"{name}\.png: not a regular file.*Replace or delete"):
            reading.inspect(tmp_path / f"{name}.png")


# sizes and modes


def test_a_small_file_that_claims_a_huge_size_is_refused(tmp_path):
    bomb(tmp_path / "a.png", 16_385)  # Pillow alone warns of this one and goes on
    bomb(tmp_path / "b.png", 100_000)
    for name in ("a.png", "b.png"):
        with pytest.raises(BadImage, match=rf"{name}: claims more pixels.*cut it into smaller"):
            reading.inspect(tmp_path / name)


def test_a_large_field_is_no_bomb(tmp_path):
    Image.new("1", (9_500, 9_500)).save(tmp_path / "a.png")  # Pillow alone warns of this one
    assert reading.inspect(tmp_path / "a.png")[0]["width"] == 9_500


def test_images_of_all_modes_make_one_dataset(tmp_path):
    """Each is the same red, or the gray that Pillow's documented formula makes of it."""
    red, gray = (254, 0, 0), 76  # 0.299 * 254
    modes = {
        "rgb": Image.new("RGB", (8, 8), red),
        "rgba": Image.new("RGBA", (8, 8), (*red, 17)),
        "gray": Image.new("L", (8, 8), gray),
        "alpha": Image.new("LA", (8, 8), (gray, 17)),
        "cmyk": Image.new("CMYK", (8, 8), (1, 255, 255, 0)),
        "palette": Image.new("P", (8, 8), 1),
    }
    modes["palette"].putpalette([0, 0, 0, *red])
    for name, image in modes.items():
        path = tmp_path / "in" / name[0] / f"{name}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save(path)
    table = class_folders.describe_folder(tmp_path / "in").table
    assert sorted(table["mode"]) == ["CMYK", "L", "LA", "P", "RGB", "RGBA"]
    index = slicing.slice_images(
        table, tmp_path / "in", tmp_path / "rgb.npy", size=4, rows=2, columns=2
    )
    for row, tile in zip(index.to_dict("records"), np.load(tmp_path / "rgb.npy"), strict=True):
        expected = (gray,) * 3 if row["class"] in "ag" else red
        np.testing.assert_array_equal(tile, np.broadcast_to(expected, (4, 4, 3)))
    slicing.slice_images(
        table, tmp_path / "in", tmp_path / "gray.npy", size=4, rows=2, columns=2, color="gray"
    )
    np.testing.assert_array_equal(np.load(tmp_path / "gray.npy"), gray)


def test_images_of_several_sizes_make_one_dataset(folder):
    Image.new("L", (12, 8), 7).save(folder / "a/large.png")
    table = class_folders.describe_folder(folder).table
    index = slicing.slice_images(table, folder, folder / "t.npy", size=6, rows=2, columns=2)
    # Those of 6 x 4 pixels pass whole, the one of 12 x 8 is sliced.
    assert index["image"].value_counts().to_dict() == {
        "a/large.png": 4, "a/9.png": 1, "a/deep/10.png": 1, "b/1.png": 1, "b/2.png": 1,
    }  # fmt: skip


def test_sizes_that_a_grid_does_not_divide_name_the_image(folder):
    Image.new("L", (12, 9), 7).save(folder / "a/odd.png")
    table = class_folders.describe_folder(folder).table
    with pytest.raises(InputError, match=r"a/odd\.png: slice: 2 x 2 .* 9 x 12 pixels"):
        slicing.slice_images(table, folder, folder / "t.npy", size=6, rows=2, columns=2)


def test_eight_and_sixteen_bits_do_not_mix(folder):
    Image.fromarray(np.full((4, 6), 4000, np.uint16)).save(folder / "a/deep.png")
    table = class_folders.describe_folder(folder).table
    with pytest.raises(InputError, match=r"a/9\.png: has 8 bits, but a/deep\.png more.*scale"):
        slicing.slice_images(table, folder, folder / "t.npy", size=6)
