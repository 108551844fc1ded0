"""Splits, days and plates above the classes are not taken for classes in silence."""

import re

import pytest
import yaml

from class_folders import pack, save
from manyseeds.errors import InputError
from manyseeds.sources import class_folders
from manyseeds.sources.layouts import is_replicate, split_named
from manyseeds.sources.source import source_of


def lay(root, above, classes=("control", "treated"), images=2):
    for folder in above:
        for name in classes:
            for number in range(images):
                save(root / folder / name / f"{number}.png")
    return root


def refused(root, **options):
    with pytest.raises(InputError) as caught:
        class_folders.describe_folder(root, **options)
    return str(caught.value)


def remedy(message):
    """Return the source's keys that the first remedy of a message gives, read as YAML."""
    text = re.search(r"`(source.*?)`[;.]", message)[1]
    if text.startswith("source."):
        key, value = text.removeprefix("source.").split(": ", 1)
        return yaml.safe_load(f"{{{key}: {value}}}")
    return yaml.safe_load(text)["source"]


@pytest.mark.parametrize(
    ("folders", "splits"),
    [
        (["train", "test"], ["train", "test"]),
        (["test", "train", "val"], ["train", "test", "val"]),
        (["Training", "Testing"], {"train": "Training", "test": "Testing"}),
        (["TRAIN", "Validation Set"], {"train": "TRAIN", "val": "Validation Set"}),
        (["train_images", "hold-out"], {"train": "train_images", "holdout": "hold-out"}),
        (["trainset", "testData", "dev"], {"train": "trainset", "test": "testData", "dev": "dev"}),
        (["train", "test1", "test2"], ["train", "test1", "test2"]),
        # As a well-known set of landscapes has them.
        (
            ["seg_train/seg_train", "seg_test/seg_test"],
            {"train": "seg_train/seg_train", "test": "seg_test/seg_test"},
        ),
    ],
)
def test_splits_are_no_classes(tmp_path, folders, splits):
    root = lay(tmp_path / "in", folders)
    message = refused(root)
    assert message.startswith(f"{root}: the class folders found, ")
    found = remedy(message)
    assert found == {"splits": splits}
    assert list(found["splits"]) == list(splits)
    # The remedy helps.
    table = class_folders.describe_folder(root, **found).table
    assert set(table["class"]) == {"control", "treated"}
    assert set(table["split"]) == set(splits)
    # So does the other one, and what it says is believed.
    names = yaml.safe_load(re.search(r"`(classes: .*)`\.$", message)[1])["classes"]
    assert set(class_folders.describe_folder(root, classes=names).table["class"]) == set(names)


def test_lists_beside_splits(tmp_path):
    root = lay(tmp_path, ["train", "test"])
    save(root / "annotations/1.png")
    assert remedy(refused(root)) == {"splits": ["train", "test"]}
    assert "`classes: [annotations, test, train]`" in refused(root)


def test_splits_without_folders_of_classes(tmp_path):
    for name in ("train/cat1.png", "train/dog1.png", "test/cat2.png", "test/dog2.png"):
        save(tmp_path / name)
    assert "`source.splits: [train, test]`, with `source.class`, a pattern" in refused(tmp_path)


def test_splits_of_which_none_is_train(tmp_path):
    assert "Say which is which: `source.splits: {train: FOLDER," in refused(
        lay(tmp_path, ["test", "val"])
    )


@pytest.mark.parametrize(
    "folders",
    [["test", "control"], ["test1", "test2"], ["trained", "naive"], ["train", "bus", "car"]],
)
def test_classes_that_look_a_little_like_splits(tmp_path, folders):
    assert len(class_folders.describe_folder(lay(tmp_path, folders)).table) == 4 * len(folders)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Train", "train"), ("TrainingSet", "train"), ("held_out_test", "test"), ("valid", "val"),
        ("invalid", ""), ("treated", ""), ("set", ""), ("", ""), ("contest", ""), ("untrained", ""),
    ],
)  # fmt: skip
def test_what_splits_are_called(name, split):
    assert split_named(name) == split


@pytest.mark.parametrize(
    "name",
    [
        "day1", "Day 2", "Plate 02", "rep_3", "2024-03-01", "20240301", "01.03.2024", "PlateA",
        "slide-7", "mouse12", "Mice 3", "replicates_1", "day3_plate2", "2024-03-01_plate1",
        "bio rep 2", "n3", "field07",
    ],
)  # fmt: skip
def test_what_is_repeated(name):
    assert is_replicate(name)


@pytest.mark.parametrize(
    "name",
    ["control", "day", "dose1", "10uM", "1", "Snap29", "G1", "CD4", "20241301", "rat", "p53"],
)
def test_what_is_not_repeated(name):
    assert not is_replicate(name)


@pytest.mark.parametrize(
    "folders",
    [["day1", "day2", "day3"], ["Plate 01", "Plate 02"], ["2024-03-01", "2024-03-02"]],
)
def test_days_above_the_classes_are_no_classes(tmp_path, folders):
    root = lay(tmp_path / "in", folders)
    message = refused(root)
    found = remedy(message)
    assert found == {"class": "^[^/]+/([^/]+)/", "group": "^([^/]+)/"}
    assert "all hold the folders control and treated" in message
    table = class_folders.describe_folder(
        root, class_pattern=found["class"], group=found["group"]
    ).table
    assert set(table["class"]) == {"control", "treated"}
    assert set(table["group"]) == set(folders)
    assert len(class_folders.describe_folder(root, classes=folders).table) == 4 * len(folders)


def test_days_and_plates_above_the_classes(tmp_path):
    root = lay(tmp_path, [f"day{day}/plate{plate}" for day in (1, 2) for plate in (1, 2)])
    found = remedy(refused(root))
    table = class_folders.describe_folder(root, class_pattern=found["class"]).table
    assert table["class"].tolist() == ["control"] * 8 + ["treated"] * 8


@pytest.mark.parametrize(
    "splits",
    [["train", "test"], {"train": "a/one", "test": "a/two"}, {"train": "a/one", "test": "b"}],
)
def test_days_within_splits(tmp_path, splits):
    parts = splits.values() if isinstance(splits, dict) else splits
    root = lay(tmp_path, [f"{part}/day{day}" for part in parts for day in (1, 2)])
    found = remedy(refused(root, splits=splits))
    table = class_folders.describe_folder(
        root, splits=splits, class_pattern=found["class"], group=found["group"]
    ).table
    assert set(table["class"]) == {"control", "treated"}
    assert set(table["group"]) == {"day1", "day2"}


def test_folders_that_all_classes_hold_are_spoken_of(tmp_path, caplog):
    caplog.set_level("INFO", "manyseeds")
    class_folders.describe_folder(lay(tmp_path / "1", ["x", "y"]))
    assert len(caplog.messages) == 1
    said = "the folders x and y are taken for the classes. All of them hold the folders control and"
    assert said in caplog.messages[0]
    assert remedy(caplog.messages[0]) == {"class": "^[^/]+/([^/]+)/", "group": "^([^/]+)/"}
    days = lay(tmp_path / "2", ["control", "treated"], ["day1", "day2"])
    class_folders.describe_folder(days)
    assert (
        "To hold whole ones of them out, write `source: {group: '^[^/]+/([^/]+)/'}`"
        in (caplog.messages[-1])
    )
    caplog.clear()
    class_folders.describe_folder(days, group="^[^/]+/([^/]+)/")
    class_folders.describe_folder(tmp_path / "1", classes=["x", "y"])
    assert caplog.messages == []


def test_splits_below_the_classes_can_be_held_out(tmp_path, caplog):
    class_folders.describe_folder(lay(tmp_path, ["control", "treated"], ["Train", "Test"]))
    assert "`split: {by: group, test: {test: [Test]}}`" in caplog.messages[0]


def test_days_that_do_not_hold_the_same_are_spoken_of(tmp_path, caplog):
    lay(tmp_path, ["day1"], ["control"])
    class_folders.describe_folder(lay(tmp_path, ["day2"], ["treated"]))
    assert "day1 and day2 are taken for the classes, though" in caplog.messages[0]


@pytest.mark.parametrize("suffix", ["zip", "tar.gz"])
def test_an_archive_of_splits_below_one_folder(tmp_path, suffix):
    """Each remedy leads to the next, and the last to the images."""
    root = lay(tmp_path / "in", ["Training", "Testing"])
    keys = {"kind": "archive", "path": str(pack(root, tmp_path / f"x.{suffix}", "top/new/"))}
    for more in ({"inside": "top/new"}, {"splits": {"train": "Training", "test": "Testing"}}):
        with pytest.raises(InputError) as caught:
            source_of(keys).fetch(tmp_path / "out")
        assert str(caught.value).startswith(f"{tmp_path}/x.{suffix}: ")
        assert remedy(str(caught.value).replace("`.", "`;")) == more
        keys |= more
    assert len(source_of(keys).fetch(tmp_path / "out").table) == 8


def test_the_log_does_not_name_the_folder_of_the_unpacked(tmp_path, caplog):
    root = lay(tmp_path / "in", ["x", "y"])
    archive = pack(root, tmp_path / "x.zip", "")
    source_of({"kind": "archive", "path": str(archive)}).fetch(tmp_path / "out")
    assert caplog.messages[0].startswith(f"{archive}: the folders x and y are taken for")


def test_one_folder_above_the_classes_of_a_folder(tmp_path):
    root = lay(tmp_path / "in", ["all images"])
    assert remedy(refused(root)) == {"path": f"{root}/all images"}
    split = lay(tmp_path / "split", ["one/x", "two/x"])
    found = remedy(refused(split, splits={"train": "one", "test": "two"}))
    assert found == {"splits": {"train": "one/x", "test": "two/x"}}
