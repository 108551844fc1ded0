import hashlib
import os
import re
import tarfile
from pathlib import Path

import pytest

from class_folders import COLUMNS, files, save
from manyseeds.errors import InputError
from manyseeds.sources import class_folders, walks
from manyseeds.sources.phantoms import is_phantom

DATA = Path(os.environ.get("MANYSEEDS_DATA", Path(__file__).parents[4] / "shared" / "data"))


def test_a_folder_is_copied_byte_for_byte_and_described(folder, tmp_path):
    table, phantoms, skipped = class_folders.copy_folder(folder, tmp_path / "out")
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
    assert set(table["angle"]) == {0}
    assert phantoms == len(skipped) == 0
    assert skipped.columns.tolist() == ["image", "reason"]


def test_two_processes_give_the_same_table(folder, tmp_path):
    one = class_folders.describe_folder(folder, workers=1).table
    two = class_folders.copy_folder(folder, tmp_path / "out", workers=2).table
    assert one.equals(two)
    assert files(tmp_path / "out") == files(folder)


def test_phantoms_are_skipped_and_counted(folder, tmp_path):
    for name in [".DS_Store", "a/.DS_Store", "a/._9.png", "b/Thumbs.db"]:
        (folder / name).write_bytes(b"x")
    save(folder / "__MACOSX/a/1.png")
    table, phantoms, _ = class_folders.copy_folder(folder, tmp_path / "out")
    assert phantoms == 5
    assert len(table) == len(files(tmp_path / "out")) == 4


def test_classes_choose_and_order(folder, tmp_path):
    save(folder / "c/1.png")
    table = class_folders.copy_folder(folder, tmp_path / "out", classes=["c", "a"]).table
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
    table = class_folders.describe_folder(folder, group=pattern).table
    assert table["group"].tolist() == groups


def test_a_pattern_that_does_not_match_names_the_file(folder):
    with pytest.raises(InputError, match=r"a/9\.png: the pattern.*source\.group"):
        class_folders.describe_folder(folder, group=r"deep|b/")


def test_a_source_that_is_split_keeps_its_splits(tmp_path):
    for name in ["train/a/1.png", "train/b/1.png", "test/a/1.png", "test/b/2.png"]:
        save(tmp_path / "in" / name)
    table = class_folders.copy_folder(
        tmp_path / "in", tmp_path / "out", splits=["train", "test"]
    ).table
    assert table["split"].tolist() == ["train", "train", "test", "test"]
    assert table["class"].tolist() == ["a", "b", "a", "b"]
    assert files(tmp_path / "out") == sorted(table["image"])


def test_splits_may_have_folders_of_other_names(tmp_path):
    for name in ["x/first/a/1.png", "x/first/b/1.png", "x/second/a/1.png", "x/second/b/2.png"]:
        save(tmp_path / "in" / name)
    splits = {"test": "x/first/", "train": "x/second"}
    table = class_folders.copy_folder(tmp_path / "in", tmp_path / "out", splits=splits).table
    assert table["split"].tolist() == ["train", "train", "test", "test"]
    assert table["image"].tolist() == [
        "x/second/a/1.png", "x/second/b/2.png", "x/first/a/1.png", "x/first/b/1.png",
    ]  # fmt: skip
    assert files(tmp_path / "out") == sorted(table["image"])


@pytest.mark.parametrize(
    ("splits", "message"),
    [
        ({"train": "a", "test": "../b"}, r"source\.splits\.test: \.\./b does not lie in"),
        ({"train": "/a", "test": "b"}, r"source\.splits\.train: /a does not lie in"),
        ({"train": "a", "test": "a/b"}, r"source\.splits\.test: a/b lies in the folder of train"),
        ({"train": "a", "test": "./a"}, r"a lies in the folder of (train|test)"),
        ({"train": ".", "test": "b"}, r"source\.splits\.test: b lies in the folder of train"),
    ],
)
def test_the_folders_of_splits_lie_in_the_source_and_apart(tmp_path, splits, message):
    with pytest.raises(InputError, match=message):
        walks.split_folders(splits)


# patterns


@pytest.fixture
def fields(tmp_path):
    """Two fields of three stains without class folders, a list beside them."""
    for field in ("01", "02"):
        for value, stain in enumerate("DFR"):
            path = tmp_path / "fields" / f"{field}_POS_{stain}.TIF"
            save(path, value)
    (tmp_path / "fields" / "list.txt").write_text("x")
    return tmp_path / "fields"


@pytest.mark.parametrize(
    "pattern", [r"_([DFR])\.TIF$", r"(\d+)_POS_(?P<class>[DFR])", r"[DFR](?=\.TIF)"]
)
def test_classes_come_from_a_pattern(fields, tmp_path, pattern):
    table, _, _ = class_folders.copy_folder(
        fields, tmp_path / "out", class_pattern=pattern, group=r"^(\d+)_"
    )
    assert table["class"].tolist() == ["D", "D", "F", "F", "R", "R"]
    assert table["group"].tolist() == ["01", "02"] * 3
    assert table["maximum"].tolist() == [0, 0, 1, 1, 2, 2]
    assert files(tmp_path / "out") == sorted(table["image"])


def test_a_pattern_and_chosen_classes(fields):
    table = class_folders.describe_folder(
        fields, class_pattern=r"_([DFR])\.TIF$", classes=["R", "D"]
    ).table
    assert table["class"].tolist() == ["R", "R", "D", "D"]


def test_a_class_pattern_within_splits(tmp_path):
    for name in ["one/x/a1.png", "one/b1.png", "two/a1.png", "two/b2.png"]:
        save(tmp_path / name)
    table = class_folders.describe_folder(
        tmp_path, class_pattern=r"([ab])\d", splits={"train": "one", "test": "two"}
    ).table
    assert table["split"].tolist() == ["train", "train", "test", "test"]
    assert table["class"].tolist() == ["a", "b", "a", "b"]


def test_folders_within_a_class_can_be_groups(tmp_path):
    for name in ["a/day1/1.png", "a/day1/deep/2.png", "a/day2/1.png", "b/day1/1.png"]:
        save(tmp_path / name)
    table = class_folders.describe_folder(tmp_path, group="^[^/]+/([^/]+)/").table
    assert table["group"].tolist() == ["day1", "day1", "day2", "day1"]
    table = class_folders.describe_folder(tmp_path, group="^([^/]+/[^/]+)/").table
    assert table["group"].tolist() == ["a/day1", "a/day1", "a/day2", "b/day1"]


def test_angles_come_from_a_pattern(tmp_path):
    names = ["a/C100_-108.png", "a/C100_18.png", "a/C10.png", "b/S1_0.png", "b/S1_7.5.png"]
    for name in names:
        save(tmp_path / name)
    table = class_folders.describe_folder(tmp_path, angle=r"_(-?[\d.]+)\.png$").table
    assert dict(zip(table["image"], table["angle"], strict=True)) == dict(
        zip(names, [-108, 18, 0, 0, 7.5], strict=True)
    )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"class_pattern": r"_([DF])\.TIF$"}, r"01_POS_R\.TIF: the pattern .* finds no class"),
        ({"class_pattern": r"_(X?)[DFR]\."}, r"finds no class in this path\. Fix `source\.class`"),
        ({"class_pattern": "(POS)"}, r"fields: has one class only \(POS\)"),
        ({"class_pattern": "_([DFR"}, r"source\.class: .* is not a regular expression .*quotes"),
        (
            {"class_pattern": "[DFR]", "angle": "POS_(.)"},
            r"01_POS_D\.TIF: the pattern .* finds D, which is not a number of degrees",
        ),
        ({"class_pattern": "[DFR]", "group": "(a)|_"}, r"finds no group in this path"),
    ],
)
def test_a_pattern_that_finds_the_wrong_thing(fields, tmp_path, options, message):
    breaks(fields, tmp_path, message, **options)


def breaks(folder, tmp_path, message, **options):
    """Expect a message and that nothing was written."""
    with pytest.raises(InputError, match=message):
        class_folders.copy_folder(folder, tmp_path / "out", **options)
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
    assert len(class_folders.describe_folder(folder)[0]) == 4


@pytest.mark.parametrize("suffix", [".ims", ".VSI", ".dv", ".svs"])
def test_a_microscopes_own_format_is_to_be_exported(folder, tmp_path, suffix):
    (folder / f"b/3{suffix}").write_bytes(b"x")
    says = r"in a microscope's own format, which is not read\. Export to TIFF, see docs/your-images"
    breaks(folder, tmp_path, rf"b/3\{suffix}: {says}")
    skipped = class_folders.describe_folder(folder, on_bad_image="skip").skipped
    assert skipped["reason"].tolist() == ["in a microscope's own format, which is not read"]


@pytest.mark.parametrize("options", [{}, {"class_pattern": "^(wt|ko)_"}])
def test_a_folder_of_a_microscopes_files_alone(tmp_path, options):
    (tmp_path / "fields").mkdir()
    for name in ("wt_1.ims", "ko_1.ims", "list.txt"):
        (tmp_path / "fields" / name).write_bytes(b"x")
    breaks(
        tmp_path / "fields",
        tmp_path,
        r"fields: has no images, but .*microscope's own format.*: 2 \(such as (wt|ko)_1\.ims\)\. "
        "Export to TIFF",
        **options,
    )


def test_ignored_files_are_counted(fields, folder, caplog):
    caplog.set_level("INFO", "manyseeds")
    class_folders.describe_folder(folder)
    assert caplog.messages == []
    class_folders.describe_folder(fields, class_pattern=r"_([DFR])\.TIF$")
    assert caplog.messages[-1] == "ignored files, no images by their names: 1 (such as list.txt)"
    (fields / "03_POS_D.ims").write_bytes(b"x")
    class_folders.describe_folder(fields, class_pattern=r"_([DFR])\.TIF$")
    assert "2 (such as 03_POS_D.ims), in a microscope's own format: 1. Ex" in caplog.messages[-1]
    (folder / "list.txt").write_text("x")
    class_folders.describe_folder(folder)
    assert "1 (such as list.txt)" in caplog.messages[-1]


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
