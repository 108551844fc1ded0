import hashlib
import os
import re
import tarfile
from pathlib import Path

import pytest

from class_folders import COLUMNS, files, make, save
from manyseeds import sources
from manyseeds.errors import InputError
from manyseeds.phantoms import is_phantom

DATA = Path(os.environ.get("MANYSEEDS_DATA", Path(__file__).parents[3] / "shared" / "data"))


@pytest.fixture
def folder(tmp_path):
    return make(tmp_path / "photos")


def test_a_folder_is_copied_byte_for_byte_and_described(folder, tmp_path):
    table, phantoms = sources.copy_folder(folder, tmp_path / "out")
    assert files(tmp_path / "out") == files(folder)
    assert table.columns.tolist() == COLUMNS
    assert table["image"].tolist() == ["a/9.png", "a/deep/10.png", "b/1.png", "b/2.png"]
    assert table["class"].tolist() == ["a", "a", "b", "b"]
    assert table["group"].tolist() == table["image"].tolist()
    assert set(table["split"]) == {""}
    assert table["maximum"].tolist() == [30, 40, 20, 10]
    assert table[["width", "height", "bit_depth", "pages"]].drop_duplicates().values.tolist() == [
        [6, 4, 8, 1]
    ]
    for row in table.itertuples():
        copy = (tmp_path / "out" / row.image).read_bytes()
        assert copy == (folder / row.image).read_bytes()
        assert row.sha256 == hashlib.sha256(copy).hexdigest()
    assert phantoms == 0


def test_two_processes_give_the_same_table(folder):
    one, _ = sources.describe_folder(folder, workers=1)
    two, _ = sources.describe_folder(folder, workers=2)
    assert one.equals(two)


def test_phantoms_are_skipped_and_counted(folder, tmp_path):
    for name in [".DS_Store", "a/.DS_Store", "a/._9.png", "b/Thumbs.db"]:
        (folder / name).write_bytes(b"x")
    save(folder / "__MACOSX/a/1.png")
    table, phantoms = sources.copy_folder(folder, tmp_path / "out")
    assert phantoms == 4
    assert len(table) == len(files(tmp_path / "out")) == 4


def test_classes_choose_and_order(folder, tmp_path):
    save(folder / "c/1.png")
    table, _ = sources.copy_folder(folder, tmp_path / "out", classes=["c", "a"])
    assert table["class"].tolist() == ["c", "a", "a"]
    assert files(tmp_path / "out") == ["a/9.png", "a/deep/10.png", "c/1.png"]


@pytest.mark.parametrize(
    ("pattern", "groups"),
    [
        (r"(?P<group>\d)\d*\.png", ["9", "1", "1", "2"]),
        (r"(\d)(\d*)\.png", ["9", "1", "1", "2"]),
        (r"\d+", ["9", "10", "1", "2"]),
    ],
)
def test_groups_come_from_a_pattern(folder, pattern, groups):
    table, _ = sources.describe_folder(folder, group=pattern)
    assert table["group"].tolist() == groups


def test_a_pattern_that_does_not_match_names_the_file(folder):
    with pytest.raises(InputError, match=r"a/9\.png: the pattern.*source\.group"):
        sources.describe_folder(folder, group=r"deep|b/")


def test_a_source_that_is_split_keeps_its_splits(tmp_path):
    for name in ["train/a/1.png", "train/b/1.png", "test/a/1.png", "test/b/2.png"]:
        save(tmp_path / "in" / name)
    table, _ = sources.copy_folder(tmp_path / "in", tmp_path / "out", splits=["train", "test"])
    assert table["split"].tolist() == ["train", "train", "test", "test"]
    assert table["class"].tolist() == ["a", "b", "a", "b"]
    assert files(tmp_path / "out") == sorted(table["image"])


def breaks(folder, tmp_path, message, **options):
    """Expect a message and that nothing was written."""
    with pytest.raises(InputError, match=message):
        sources.copy_folder(folder, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_missing_folder(tmp_path):
    breaks(tmp_path / "gone", tmp_path, r"gone: no such folder.*`source\.path`")


def test_a_missing_split_folder(folder, tmp_path):
    breaks(folder, tmp_path, r"photos/train: no such folder.*`source\.splits`", splits=["train"])


def test_no_class_folders(tmp_path):
    (tmp_path / "in").mkdir()
    breaks(tmp_path / "in", tmp_path, r"in: has no class folders.*folder of its own")


def test_one_class_only(folder, tmp_path):
    breaks(folder, tmp_path, r"photos: has one class only \(a\)", classes=["a"])


def test_a_class_with_no_images(folder, tmp_path):
    (folder / "c").mkdir()
    (folder / "c" / ".DS_Store").write_bytes(b"x")
    breaks(folder, tmp_path, r"photos: class c has no images.*`classes`")


def test_an_image_outside_the_class_folders(folder, tmp_path):
    save(folder / "stray.png")
    breaks(folder, tmp_path, r"stray\.png: lies outside any class folder")


def test_a_file_that_is_no_image_in_a_class_folder(folder, tmp_path):
    (folder / "b" / "notes.txt").write_text("x")
    breaks(folder, tmp_path, r"b/notes\.txt: not an image by its name.*Move it")


def test_other_files_beside_the_class_folders_are_left_alone(folder):
    (folder / "README.txt").write_text("x")
    assert len(sources.describe_folder(folder)[0]) == 4


def test_a_text_file_named_png(folder, tmp_path):
    (folder / "b" / "3.png").write_text("x")
    breaks(folder, tmp_path, r"b/3\.png: not an image")


def test_the_first_damaged_file_is_named_whatever_the_number_of_processes(folder, tmp_path):
    for name in ["a/9.png", "b/2.png"]:
        (folder / name).write_bytes((folder / name).read_bytes()[:50])
    breaks(folder, tmp_path, r"a/9\.png: cannot be decoded", workers=2)


def test_a_link_to_a_folder_is_not_followed(folder, tmp_path):
    (folder / "a" / "loop").symlink_to(folder)
    breaks(folder, tmp_path, r"a/loop: a link to a folder")


# real data


def test_the_flowers_archive_lists_its_classes():
    archive = DATA / "flowers.tar.gz"
    if not archive.is_file():
        pytest.skip("MANYSEEDS_DATA has no flowers.tar.gz")
    with tarfile.open(archive) as file:
        names = [member.name for member in file if member.isfile()]
    phantoms = [name for name in names if is_phantom(name)]
    assert len(phantoms) == 6
    assert len(names) - len(phantoms) == 4064
    assert {re.sub(r"^flowers/(\w+)/.*", r"\1", n) for n in set(names) - set(phantoms)} == {
        "daisy", "dandelion", "rose", "sunflower", "tulip",
    }  # fmt: skip
