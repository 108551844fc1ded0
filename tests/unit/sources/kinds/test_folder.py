import pytest

from class_folders import files, make, save
from manyseeds.errors import InputError
from manyseeds.sources import class_folders
from manyseeds.sources.source import source_of


def fetch(folder, out, on_bad_image="stop", classes=None, workers=1, **keys):
    source = source_of({"kind": "folder", "path": str(folder)} | keys)
    return source.fetch(out, classes=classes, on_bad_image=on_bad_image, workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_its_keys_say_what_is_copied(tmp_path, workers):
    for name in ("one/x_a_90.png", "one/y_b.png", "two/x_a.png", "two/y_b_18.png", "two/y_c.png"):
        save(tmp_path / "in" / name)
    table = fetch(
        tmp_path / "in",
        tmp_path / "out",
        classes=["b", "a"],
        workers=workers,
        splits={"test": "two", "train": "one"},
        group="([xy])_",
        angle=r"_(\d+)\.",
        **{"class": "_([abc])"},
    ).table
    expected = [
        ("one/y_b.png", "train", "b", "y", 0),
        ("one/x_a_90.png", "train", "a", "x", 90),
        ("two/y_b_18.png", "test", "b", "y", 18),
        ("two/x_a.png", "test", "a", "x", 0),
    ]
    found = table[["image", "split", "class", "group", "angle"]]
    assert list(found.itertuples(index=False, name=None)) == expected
    assert files(tmp_path / "out") == sorted(table["image"])


def test_damaged_images_stop_or_are_skipped(tmp_path):
    folder = make(tmp_path / "in")
    (folder / "a/9.png").write_bytes(b"")
    with pytest.raises(InputError, match=r"a/9\.png: the file is empty"):
        fetch(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    table, _, skipped = fetch(folder, tmp_path / "out", "skip")
    assert table.equals(class_folders.describe_folder(folder, on_bad_image="skip").table)
    assert skipped["image"].tolist() == ["a/9.png"]


def test_a_folder_is_found_by_an_environment_variable(tmp_path, monkeypatch):
    make(tmp_path / "in")
    monkeypatch.setenv("PICTURES", str(tmp_path))
    assert len(fetch("$PICTURES/in", tmp_path / "out").table) == 4
