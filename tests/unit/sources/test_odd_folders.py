"""What a user's folder may hold besides images: odd names, links, locked and phantom folders."""

import hashlib
import os
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pytest

from class_folders import breaks, make, save
from manyseeds import tables
from manyseeds.errors import InputError
from manyseeds.sources import class_folders, fingerprints
from manyseeds.tiles import slicing

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
        whole = fingerprints.of_folder(folder)
        (folder / locked).chmod(mode)
        with without_root():
            with pytest.raises(InputError, match=r"cannot be read \(Permission denied\)"):
                class_folders.describe_folder(folder)
            assert fingerprints.of_folder(folder) != whole
        (folder / locked).chmod(0o755)
        assert fingerprints.of_folder(folder) == whole


@pytest.mark.parametrize("options", [{}, {"class_pattern": "^([ab])/"}])
def test_phantom_folders_that_nobody_may_read_are_named(options, caplog):
    caplog.set_level("INFO", "manyseeds")
    with tempfile.TemporaryDirectory() as top:
        Path(top).chmod(0o755)
        folder = make(Path(top, "photos"))
        digest = fingerprints.of_folder(folder)
        for name in (".Trash", "a/.Trash"):
            save(folder / name / "1.png")
            (folder / name).chmod(0o000)
        with without_root():
            assert len(class_folders.describe_folder(folder, **options).table) == 4
            assert fingerprints.of_folder(folder) == digest
        assert caplog.messages[0] == "left out: .Trash (cannot be read)"
        for name in (".Trash", "a/.Trash"):
            (folder / name).chmod(0o755)


# the digest of a folder


def test_the_digest_of_a_folder_sees_changes(folder, tmp_path):
    digests = [fingerprints.of_folder(folder)]

    def changed():
        digests.append(fingerprints.of_folder(folder))
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
        before = fingerprints.of_folder(tmp_path / "in", **options)
        save(tmp_path / f"elsewhere/deep/{number}.png")
        return fingerprints.of_folder(tmp_path / "in", **options) != before

    splits = {"train": "one", "test": "two"}
    assert sees(2, splits=splits)
    assert len(class_folders.describe_folder(tmp_path / "in", splits=splits).table) == 5
    assert not sees(3, splits=splits, class_pattern="deep")
    assert not sees(4)  # a link within the class two
    assert sees(5, "three")  # a class
    assert not sees(6, class_pattern="one|two|three")
    outside = ["/", "../elsewhere"]  # refused later
    assert fingerprints.of_folder(tmp_path / "in", outside) == hashlib.sha256().hexdigest()
