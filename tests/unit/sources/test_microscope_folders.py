"""Folders of files as microscopes write them, with several images a file."""

import hashlib
import shutil

import numpy as np
import pytest
import tifffile

from class_folders import COLUMNS, files, save
from manyseeds.errors import InputError
from manyseeds.sources import class_folders
from microscope_files import write_czi
from tiff_files import random


def write_ome(path, planes):
    """Write positions (positions, frames, height, width) as OME-TIFF."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tifffile.TiffWriter(path, ome=True) as file:
        for position in planes:
            file.write(position, photometric="minisblack", metadata={"axes": "TYX"})


@pytest.fixture
def folder(tmp_path):
    """A CZI and an OME-TIFF of two positions each, and a PNG."""
    root = tmp_path / "photos"
    write_czi(root / "a/1.czi", random((2, 1, 1, 1, 8, 9), "u2"), ["DAPI"])
    write_ome(root / "b/2.ome.tif", random((2, 2, 8, 9), "u2", seed=1))
    save(root / "b/3.png")
    return root


def test_each_position_is_a_row_and_its_file_a_group(folder, tmp_path):
    table = class_folders.copy_folder(folder, tmp_path / "out").table
    assert table.columns.tolist() == COLUMNS
    assert table["image"].tolist() == [
        "a/1.czi#1", "a/1.czi#2", "b/2.ome.tif#1", "b/2.ome.tif#2", "b/3.png",
    ]  # fmt: skip
    assert table["file"].tolist() == ["a/1.czi"] * 2 + ["b/2.ome.tif"] * 2 + ["b/3.png"]
    assert (table["group"] == table["file"]).all()
    assert table["class"].tolist() == list("aabbb")
    assert table["position"].tolist() == [0, 1, 0, 1, 0]
    assert table["frame"].tolist() == [-1] * 5
    assert table["sha256"].is_unique


def test_each_file_is_copied_once(folder, tmp_path):
    class_folders.copy_folder(folder, tmp_path / "out")
    assert files(tmp_path / "out") == files(folder)
    for name in files(folder):
        assert (tmp_path / "out" / name).read_bytes() == (folder / name).read_bytes()


def test_frames_are_rows_if_the_study_says_so(folder):
    table = class_folders.describe_folder(folder, selection={"time": "each"}).table
    film = table[table["file"] == "b/2.ome.tif"]
    assert film["image"].tolist() == [
        "b/2.ome.tif#1t1", "b/2.ome.tif#1t2", "b/2.ome.tif#2t1", "b/2.ome.tif#2t2",
    ]  # fmt: skip
    assert film["position"].tolist() == [0, 0, 1, 1]
    assert film["frame"].tolist() == [0, 1, 0, 1]


def test_a_pattern_of_the_study_names_groups_of_files(folder):
    table = class_folders.describe_folder(folder, group=r"^(\w)/").table
    assert table["group"].tolist() == list("aabbb")


def test_a_whole_file_is_skipped_if_it_is_damaged(folder, tmp_path):
    path = folder / "b/2.ome.tif"
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"b/2\.ome\.tif: "):
        class_folders.describe_folder(folder)
    table, _, skipped = class_folders.copy_folder(folder, tmp_path / "out", on_bad_image="skip")
    assert table["image"].tolist() == ["a/1.czi#1", "a/1.czi#2", "b/3.png"]
    assert skipped["image"].tolist() == ["b/2.ome.tif"]
    assert files(tmp_path / "out") == ["a/1.czi", "b/3.png"]


def test_the_sha256_of_a_file_of_one_image_is_the_files(folder):
    table = class_folders.describe_folder(folder).table
    row = table[table["image"] == "b/3.png"].iloc[0]
    assert row["sha256"] == hashlib.sha256((folder / "b/3.png").read_bytes()).hexdigest()


def test_copies_under_other_names_are_told(folder):
    shutil.copyfile(folder / "a/1.czi", folder / "b/4.czi")
    table = class_folders.describe_folder(folder).table.set_index("image")["sha256"]
    assert table["a/1.czi#1"] == table["b/4.czi#1"] != table["a/1.czi#2"]
    assert np.unique(table).size == 5
