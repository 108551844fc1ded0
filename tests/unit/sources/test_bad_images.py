"""What a user's folder may hold that it should not."""

import hashlib
import os
import struct
import sys
import tempfile
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from class_folders import files, make, save
from manyseeds import tables
from manyseeds.errors import BadImage, InputError
from manyseeds.images import reading
from manyseeds.sources import class_folders, walks
from manyseeds.tiles import slicing


@pytest.fixture
def folder(tmp_path):
    return make(tmp_path / "photos")


def breaks(folder, tmp_path, message, **options):
    """Expect a message and that nothing was written."""
    with pytest.raises(InputError, match=message):
        class_folders.copy_folder(folder, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


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
    assert [column for column in table if table[column].dtype == float] == ["angle"]
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
    assert reading.inspect(tmp_path / "a.png")["width"] == 9_500


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


# names


NAMES = [
    "with blanks.png", " leading.png", "a,b;c.png", 'say "x".png', "it's.png", "100%.png",
    "füße.png", "été.png", "写真.png", "🔬.png", "a\u00a0b.png", "{x}.png", "$HOME.png",
    "NA.png", "#1.png",
]  # fmt: skip


def test_names_of_any_script_come_through_the_tables(folder, tmp_path):
    for name in NAMES:
        save(folder / "ひと つ" / name)
    table, _, _ = class_folders.copy_folder(folder, tmp_path / "out")
    assert {Path(image).name for image in table["image"][table["class"] == "ひと つ"]} == set(NAMES)
    table.to_csv(tmp_path / "images.csv", index=False)
    pd.testing.assert_frame_equal(
        tables.read(tmp_path / "images.csv"), table, check_dtype=False, check_exact=True
    )
    index = slicing.slice_images(
        tables.read(tmp_path / "images.csv"), tmp_path / "out", tmp_path / "t.npy", size=6
    )
    index.to_csv(tmp_path / "tiles.csv", index=False)
    assert tables.read(tmp_path / "tiles.csv")["tile"].tolist() == index["tile"].tolist()


@pytest.mark.parametrize("name", ["a\nb.png", "a\rb.png", "a\tb.png", "a\u2028b.png"])
def test_names_with_line_breaks_are_refused(folder, tmp_path, name):
    save(folder / "a" / name)
    breaks(folder, tmp_path, r"^'.*a[\\/].*b\.png': its name has a line break.*Rename it")


def test_a_class_with_a_line_break_is_refused(folder, tmp_path):
    save(folder / "c\nd" / "1.png")
    breaks(folder, tmp_path, r"^'.*c\\nd': its name has a line break")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names themselves")
def test_names_that_are_no_utf8_are_refused(folder, tmp_path):
    save(folder / "a" / os.fsdecode(b"\xff.png"))
    breaks(folder, tmp_path, r"bytes that are no UTF-8. Rename it")


# links


def test_a_link_to_an_image_elsewhere_is_followed(folder, tmp_path):
    save(tmp_path / "elsewhere.png", 123)
    (folder / "a" / "link.png").symlink_to(tmp_path / "elsewhere.png")
    table, _, _ = class_folders.copy_folder(folder, tmp_path / "out")
    copy = tmp_path / "out/a/link.png"
    assert not copy.is_symlink()
    assert copy.read_bytes() == (tmp_path / "elsewhere.png").read_bytes()
    assert 123 in table["maximum"].tolist()


def test_a_class_folder_may_be_a_link(folder, tmp_path):
    make(tmp_path / "other")
    (folder / "c").symlink_to(tmp_path / "other/a")
    assert class_folders.describe_folder(folder).table["class"].tolist() == list("aabbcc")


def test_links_in_circles_and_to_nowhere_are_named(folder, tmp_path):
    (folder / "a/up").symlink_to(folder)
    breaks(folder, tmp_path, r"a/up: a link to a folder.*circle")
    (folder / "a/up").unlink()
    (folder / "c").symlink_to(folder / "c")
    breaks(folder, tmp_path, r"photos/c: a link that leads nowhere or in a circle")
    (folder / "c").unlink()
    (folder / "c").symlink_to(folder)
    breaks(folder, tmp_path, r"c/c: a link to a folder")
    (folder / "c").unlink()
    (folder / "a/x.png").symlink_to("y.png")
    (folder / "a/y.png").symlink_to("x.png")
    breaks(folder, tmp_path, r"a/x\.png: cannot be read \(Too many levels of symbolic links\)")
    (folder / "a/x.png").unlink()
    breaks(folder, tmp_path, r"a/y\.png: cannot be read \(No such file")


# folders


@pytest.mark.parametrize("other", ["A", "B"])
def test_classes_that_differ_in_case_are_refused(folder, tmp_path, other):
    save(folder / other / "1.png")
    if len(list(folder.iterdir())) == 2:
        pytest.skip("this file system does not tell A from a")
    breaks(folder, tmp_path, rf"photos: the classes {other} and {other.lower()} differ only in")


def test_classes_that_differ_in_case_between_splits_are_refused(tmp_path):
    for name in ["train/a/1.png", "train/b/1.png", "test/A/1.png", "test/b/1.png"]:
        save(tmp_path / "in" / name)
    breaks(tmp_path / "in", tmp_path, "the classes A and a differ", splits=["train", "test"])


@contextmanager
def without_root():
    """Run as nobody where the tests run as root, whom no permission holds."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("mode", [0o000, 0o444])
@pytest.mark.parametrize("locked", [".", "a", "a/deep"])
def test_a_folder_that_cannot_be_read_is_named(locked, mode):
    # Not in tmp_path, which nobody may enter.
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        folder = make(Path(top, "photos"))
        whole = walks.fingerprint(folder)
        (folder / locked).chmod(mode)
        with without_root():
            with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
                class_folders.describe_folder(folder)
            assert walks.fingerprint(folder) != whole
        (folder / locked).chmod(0o755)
        assert walks.fingerprint(folder) == whole


@pytest.mark.parametrize("options", [{}, {"class_pattern": "^([ab])/"}])
def test_phantom_folders_are_not_looked_into(options, monkeypatch):
    entered = []
    scandir = os.scandir
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        folder = make(Path(top, "photos"))
        digest = walks.fingerprint(folder)
        for name in (".Trash", "a/.Trash"):
            save(folder / name / "1.png")
            (folder / name).chmod(0o000)
        monkeypatch.setattr(
            os, "scandir", lambda path: (entered.append(str(path)), scandir(path))[1]
        )
        with without_root():
            assert len(class_folders.describe_folder(folder, **options).table) == 4
            assert walks.fingerprint(folder) == digest
        assert str(folder / "a") in entered
        assert not any(".Trash" in path for path in entered)
        monkeypatch.undo()
        for name in (".Trash", "a/.Trash"):
            (folder / name).chmod(0o755)


# the digest of a folder


def test_the_digest_of_a_folder_sees_changes(folder, tmp_path):
    digests = [walks.fingerprint(folder)]

    def changed():
        digests.append(walks.fingerprint(folder))
        return digests[-1] != digests[-2]

    assert not changed()
    (folder / "a/.DS_Store").write_bytes(b"x")
    assert not changed()
    save(folder / "a/8.png")
    assert changed()
    (folder / "a/8.png").rename(folder / "b/8.png")
    assert changed()
    os.utime(folder / "a/9.png", (1, 1))
    assert changed()
    make(tmp_path / "other")
    (folder / "c").symlink_to(tmp_path / "other/a")
    assert changed()
    (tmp_path / "other/a/9.png").unlink()
    assert changed()
    (folder / "a/up").symlink_to(folder)
    assert changed()


def test_the_digest_follows_links_where_fetching_does(tmp_path):
    for name in ("one/a/1.png", "one/b/1.png", "two/b/1.png"):
        save(tmp_path / "in" / name)
    save(tmp_path / "elsewhere/deep/1.png")
    (tmp_path / "in/two/a").symlink_to(tmp_path / "elsewhere")

    def sees(number, link=None, **options):
        """Whether a file more in the folder elsewhere, some way down, changes the digest."""
        if link:
            (tmp_path / "in" / link).symlink_to(tmp_path / "elsewhere")
        before = walks.fingerprint(tmp_path / "in", **options)
        save(tmp_path / f"elsewhere/deep/{number}.png")
        return walks.fingerprint(tmp_path / "in", **options) != before

    splits = {"train": "one", "test": "two"}
    assert sees(2, splits=splits)
    assert len(class_folders.describe_folder(tmp_path / "in", splits=splits).table) == 5
    assert not sees(3, splits=splits, class_pattern="deep")
    assert not sees(4)  # a link within the class two
    assert sees(5, "three")  # a class
    assert not sees(6, class_pattern="one|two|three")
    outside = ["/", "../elsewhere"]  # refused later
    assert walks.fingerprint(tmp_path / "in", outside) == hashlib.sha256().hexdigest()
