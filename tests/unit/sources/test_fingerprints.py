"""Files that change are noticed, whatever their names, sizes and dates."""

import os
import shutil

import pytest

from class_folders import pack, save
from manyseeds.sources import fingerprints
from manyseeds.sources.source import source_of

DATE = (1_700_000_000, 1_700_000_000)


@pytest.fixture
def alike(folder):
    """Four images of the same size and date."""
    for path in folder.rglob("*.png"):
        save(path, 77)
        os.utime(path, DATE)
    assert len({path.stat().st_size for path in folder.rglob("*.png")}) == 1
    return folder


def test_files_that_change_places(alike):
    before = fingerprints.of_folder(alike)
    (alike / "a/9.png").rename(alike / "x")
    (alike / "b/1.png").rename(alike / "a/9.png")
    (alike / "x").rename(alike / "b/1.png")
    assert fingerprints.of_folder(alike) != before


def test_a_file_that_is_written_anew_with_its_old_date(alike):
    before = fingerprints.of_folder(alike)
    content = bytearray((alike / "a/9.png").read_bytes())
    content[-20] ^= 1
    (alike / "a/9.png").write_bytes(content)
    os.utime(alike / "a/9.png", DATE)
    assert fingerprints.of_folder(alike) != before
    assert fingerprints.of_folder(alike) == fingerprints.of_folder(alike)


def test_an_archive_in_whose_place_an_older_one_comes(folder, tmp_path):
    archive = pack(folder, tmp_path / "x.tar", "")
    source = source_of({"kind": "archive", "path": str(archive)})
    before = source.fingerprint()
    assert source.fingerprint() == before != ""
    shutil.copy(archive, tmp_path / "y.tar")
    os.utime(tmp_path / "y.tar", DATE)
    (tmp_path / "y.tar").rename(archive)
    assert source.fingerprint() != before


def test_the_files_of_an_image_that_is_a_folder(folder):
    for name in (".zattrs", "0/.zarray", "0/0.0"):
        path = folder / "a/1.zarr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    for name in (".zattrs", "0/.zarray", "0/0.0"):
        before = fingerprints.of_folder(folder)
        (folder / "a/1.zarr" / name).write_text("2")
        assert fingerprints.of_folder(folder) != before


def test_the_planes_of_an_image_count(folder):
    (folder / "a/1.oif").write_bytes(b"x")
    save(folder / "a/1.oif.files/s_C001.png", 1)
    before = fingerprints.of_folder(folder)
    save(folder / "a/1.oif.files/s_C001.png", 2)
    assert fingerprints.of_folder(folder) != before
