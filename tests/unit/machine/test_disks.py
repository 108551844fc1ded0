"""A disk that fills, a small one mounted in memory."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from class_folders import files
from manyseeds.audit import duplicates, thumbnails
from manyseeds.errors import InputError
from manyseeds.machine import disks
from manyseeds.sources import class_folders, labelled_arrays
from manyseeds.tiles import packs, rotation, slicing

SCRIPTS = Path(__file__).parents[3] / "scripts"
FULL = r"no space is left on its disk\. .*Free space there"


@pytest.fixture
def small(tmp_path):
    """A disk of 1 MB."""
    folder = tmp_path / "small"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no program mount")
    if mounted.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def folder(tmp_path):
    """Twenty images of 80 kB in two classes."""
    generator = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            pixels = generator.integers(0, 256, (160, 160, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"photos/{name}/{number}.tif")
    return tmp_path / "photos"


def test_an_array_that_fits(tmp_path):
    array = disks.create_npy(tmp_path / "a.npy", (3, 4), np.float32)
    array[1] = 7
    array.flush()
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), np.eye(3)[1][:, None] * [[7.0] * 4])
    assert np.load(tmp_path / "a.npy").dtype == np.float32
    # The space is taken on the disk, not only claimed.
    status = (tmp_path / "a.npy").stat()
    assert status.st_blocks * 512 >= status.st_size


@pytest.mark.parametrize("shape", [(0, 4, 4, 1), ()])
def test_arrays_of_odd_shapes(tmp_path, shape):
    disks.create_npy(tmp_path / "a.npy", shape)
    assert np.load(tmp_path / "a.npy").shape == shape


def test_an_array_that_does_not_fit(small):
    with pytest.raises(InputError, match=r"small: .*2 MB are needed. Free space there"):
        disks.create_npy(small / "a.npy", (2_000_000,))
    assert files(small) == []
    disks.create_npy(small / "a.npy", (900_000,))[:] = 1


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_an_array_that_does_not_fit_on_any_system(tmp_path, monkeypatch, number):
    """As above, on systems where a small disk cannot be mounted."""

    def refuse(descriptor, offset, size):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    with pytest.raises(InputError, match=r"2 MB are needed\. Free space there, then run again\."):
        disks.create_npy(tmp_path / "a.npy", (2_000_000,))
    assert files(tmp_path) == []
    with pytest.raises(InputError, match=r"1 MB are needed\. Buy another\."):
        disks.create_npy(tmp_path / "a.npy", (2,), remedy="Buy another.")


TMPDIR = r"needed\. Free space there, or name a folder with more of it in TMPDIR"


@pytest.mark.parametrize("kind", ["thumbnails", "hashes"])
def test_a_scratch_folder_that_fills_while_auditing(tmp_path, monkeypatch, kind):
    np.save(tmp_path / "pack.npy", np.zeros((3, 8, 8, 1), np.uint8))
    given = tmp_path / "pack.npy", tmp_path / "thumbnails.npy"

    def refuse(descriptor, offset, size):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    if kind == "hashes":
        thumbnails.describe(*given)
    monkeypatch.setattr(os, "posix_fallocate", refuse, raising=False)
    with pytest.raises(InputError, match=TMPDIR):
        if kind == "thumbnails":
            thumbnails.describe(*given)
        duplicates.hash_rows(given[1], np.arange(3), [0], tmp_path / "hashes.npy")
    assert not (tmp_path / f"{kind}.npy").exists()


def test_a_small_scratch_folder_while_auditing(tmp_path, small):
    """If its space is not taken first, writing to the file ends the process without a message."""
    np.save(tmp_path / "pack.npy", np.zeros((2_000, 8, 8, 1), np.uint8))
    with pytest.raises(InputError, match=TMPDIR):
        thumbnails.describe(tmp_path / "pack.npy", small / "thumbnails.npy")


def test_a_disk_that_fills_while_fetching(folder, small):
    with pytest.raises(InputError, match=rf"small/out: {FULL}"):
        class_folders.copy_folder(folder, small / "out", workers=2)
    assert files(small) == []


def test_a_disk_that_fills_while_writing_pngs(small, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 160, 160, 3), dtype=np.uint8)
    np.save(tmp_path / "pixels.npy", pixels)
    part = labelled_arrays.Labelled(tmp_path / "pixels.npy", np.arange(20) % 2)
    with pytest.raises(InputError, match=rf"small/out: {FULL}"):
        labelled_arrays.write_pngs("x", {"train": part}, small / "out")
    assert files(small) == []


def test_a_disk_that_fills_while_slicing(folder, small):
    table = class_folders.describe_folder(folder).table
    with pytest.raises(InputError, match=r"small: no space is left.* 2 MB are needed"):
        slicing.slice_images(table, folder, small / "t.npy", size=160)


@pytest.fixture
def sliced(folder, tmp_path):
    table = class_folders.describe_folder(folder).table
    index = slicing.slice_images(table, folder, tmp_path / "t.npy", size=160)
    index = index.assign(position=range(len(index)))
    return tmp_path / "t.npy", index


def test_a_disk_that_fills_while_rotating(sliced, small):
    with pytest.raises(InputError, match=r"small: no space is left.* 3 MB are needed"):
        rotation.rotate_tiles(sliced[0], pd.concat([sliced[1]] * 2), small / "r.npy")


def test_a_disk_that_fills_while_packing(sliced, small):
    with pytest.raises(InputError, match=r"small: no space is left.* 2 MB are needed"):
        packs.write(sliced[0], sliced[1], ["a", "b"], small / "p.npy", small / "p.csv")
    assert files(small) == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_ends_a_script_with_one_line(tmp_path, number):
    """It does so whatever it was writing."""
    script = f"""
import sys
from types import SimpleNamespace
sys.path.insert(0, {str(SCRIPTS)!r})
log = {str(tmp_path / "logs/a.log")!r}
snakemake = SimpleNamespace(
    rule="pack", wildcards=["mine"], log=[log], output=[{str(tmp_path / "packs/a.npy")!r}]
)
from _job import reporting
with reporting():
    raise OSError({number}, "full")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr == (
        f"pack mine: error: {tmp_path}/packs: no space is left on its disk. Free space there, "
        "then run again.\n"
    )
    assert "no space is left" in (tmp_path / "logs/a.log").read_text()


def test_a_full_scratch_folder_ends_the_audit_with_a_hint(tmp_path):
    (tmp_path / "images.csv").write_text("image,class\n")
    script = f"""
import runpy, sys
from types import SimpleNamespace
sys.path.insert(0, {str(SCRIPTS)!r})
from manyseeds.audit import report
def full(*arguments):
    raise OSError({errno.ENOSPC}, "full")
report.audit = full
snakemake = SimpleNamespace(
    rule="audit", wildcards=["mine"], log=[{str(tmp_path / "a.log")!r}], threads=1,
    input=SimpleNamespace(packs=[], indices=[], images={str(tmp_path / "images.csv")!r}),
    params=SimpleNamespace(splits=[], pixel_size=None), output=["x/y"],
)
runpy.run_path({str(SCRIPTS / "audit.py")!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr == (
        f"audit mine: error: {tmp_path}: no space is left on its disk. Free space there, or name "
        "a folder with more of it in TMPDIR.\n"
    )


def test_what_the_library_logs_is_said(tmp_path):
    script = f"""
import logging, sys
from types import SimpleNamespace
sys.path.insert(0, {str(SCRIPTS)!r})
snakemake = SimpleNamespace(
    rule="fetch", wildcards=["mine"], log=[{str(tmp_path / "a.log")!r}], output=["x/y"]
)
from _job import reporting
with reporting():
    logging.getLogger("manyseeds.downloads").info("the copy of Monday is used")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.stderr == "fetch mine: the copy of Monday is used\n"
    assert "the copy of Monday is used" in (tmp_path / "a.log").read_text()


def test_other_errors_pass(tmp_path):
    with pytest.raises(PermissionError), disks.naming_full(tmp_path):
        raise PermissionError(errno.EACCES, "no")
