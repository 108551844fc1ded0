"""Slicing files that have several images, or that say how large their pixels are."""

import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image

from manyseeds.errors import InputError
from manyseeds.images import reading, scaling
from manyseeds.images.selection import Selection
from manyseeds.tiles import slicing
from tiff_files import random

SHARED = {"class": "a", "split": "", "angle": 0.0}


def rows_of(folder, *names, selection=None):
    """Return the rows of `images.csv` of some files, each a group."""
    return pd.DataFrame(
        row | {"image": name + row["name"], "file": name, "group": name} | SHARED
        for name in names
        for row in reading.inspect(folder / name, selection)
    )


def write(path, pixels, across=None, down=None):
    """Write a TIFF as ImageJ does, whose pixels have a width and a height in µm."""
    resolution = {"resolution": (1 / across, 1 / (down or across))} if across else {}
    unit = {"unit": "um"} if across else {}
    tifffile.imwrite(path, pixels, imagej=True, metadata=unit, **resolution)


# pixel sizes


@pytest.mark.parametrize(
    ("across", "down", "wanted", "shape"),
    [
        # 24 pixels of 0.5 µm are 12 µm: 24, 12 or 48 pixels of 0.5, 1 or 0.25 µm.
        (0.5, 0.5, 0.5, (16, 24)),
        (0.5, 0.5, 1.0, (8, 12)),
        (0.5, 0.5, 0.25, (32, 48)),
        (0.5, 0.25, 0.5, (8, 24)),
        (0.5, 0.5, 0.7, (11, 17)),
        (0.5, 0.5, 100, (1, 1)),
    ],
)
def test_a_field_gets_pixels_of_a_size(tmp_path, across, down, wanted, shape):
    pixels = random((16, 24), "u1")
    write(tmp_path / "a.tif", pixels, across, down)
    table = rows_of(tmp_path, "a.tif")
    out = tmp_path / "t.npy"
    slicing.slice_images(
        table, tmp_path, out, size=48, color="gray", pixel_size=wanted, remainder="crop"
    )
    # One tile holds the whole field, which is brought from its new size to the tile's.
    bilinear = Image.Resampling.BILINEAR
    field = Image.fromarray(pixels)
    if shape != pixels.shape:
        field = field.resize(shape[::-1], bilinear)
    expected = np.asarray(field.resize((48, 48), bilinear))
    np.testing.assert_array_equal(np.load(out)[0, ..., 0], expected)


def test_a_plain_field_keeps_its_gray(tmp_path):
    write(tmp_path / "a.tif", np.full((30, 40), 77, np.uint8), 0.3)
    slicing.slice_images(
        rows_of(tmp_path, "a.tif"), tmp_path, tmp_path / "t.npy", size=8, rows=2, columns=2,
        pixel_size=0.5, remainder="crop",
    )  # fmt: skip
    assert (np.load(tmp_path / "t.npy") == 77).all()


def test_fields_keep_their_mean(tmp_path):
    pixels = random((80, 80), "u1")
    write(tmp_path / "a.tif", pixels, 0.25)
    slicing.slice_images(
        rows_of(tmp_path, "a.tif"), tmp_path, tmp_path / "t.npy", size=20, rows=2, columns=2,
        color="gray", pixel_size=0.5,
    )  # fmt: skip
    assert np.load(tmp_path / "t.npy").mean() == pytest.approx(pixels.mean(), abs=0.5)


def test_fields_of_two_magnifications_become_alike(tmp_path):
    """A stripe pattern of 8 µm has the same period in tiles from files of two scales."""
    for name, size in {"a.tif": 0.5, "b.tif": 1.0}.items():
        micrometers = np.arange(0, 64, size)
        wave = np.rint(127 + 100 * np.sin(2 * np.pi * (micrometers + size / 2) / 8))
        write(tmp_path / name, np.tile(wave.astype(np.uint8), (len(wave), 1)), size)
    table = rows_of(tmp_path, "a.tif", "b.tif")
    slicing.slice_images(
        table, tmp_path, tmp_path / "t.npy", size=32, rows=2, columns=2, color="gray",
        pixel_size=1.0,
    )  # fmt: skip
    fine, coarse = np.load(tmp_path / "t.npy").astype(float).reshape(2, 4, 32, 32)
    assert np.abs(fine - coarse)[..., 1:-1].max() < 16


def test_a_size_that_makes_an_image_too_large_is_refused(tmp_path):
    write(tmp_path / "a.tif", random((16, 24), "u1"), 0.5)
    table = rows_of(tmp_path, "a.tif")
    # 24 x 16 pixels of 0.5 µm are 120,000 x 80,000 of 0.1 nm.
    with pytest.raises(
        InputError, match=r"pixel_size: 0\.0001 µm .* 120,000 x 80,000 pixels of a\.tif"
    ):
        slicing.slice_images(table, tmp_path, tmp_path / "t.npy", size=8, pixel_size=0.0001)


def test_a_file_without_a_size_of_its_pixels_is_named(tmp_path):
    write(tmp_path / "a.tif", random((8, 8), "u1"), 0.5)
    write(tmp_path / "b.tif", random((8, 8), "u1", 1))
    table = rows_of(tmp_path, "a.tif", "b.tif")
    message = r"b\.tif: does not say how large its pixels are.*1 of 2 images.*leave out `pixel_si"
    with pytest.raises(InputError, match=message):
        slicing.slice_images(table, tmp_path, tmp_path / "t.npy", size=8, pixel_size=1)
    # Nobody asks for it.
    slicing.slice_images(table, tmp_path, tmp_path / "t.npy", size=8)


# several images a file


@pytest.fixture
def positions(tmp_path):
    """Two positions of two frames, uint16 below 4096, as `a.ome.tif`."""
    planes = random((2, 2, 8, 12), "u2") >> 4
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        for position in planes:
            file.write(position, photometric="minisblack", metadata={"axes": "TYX"})
    return planes


def test_tiles_have_the_names_of_their_positions(tmp_path, positions):
    table = rows_of(tmp_path, "a.ome.tif")
    index = slicing.slice_images(
        table, tmp_path, tmp_path / "t.npy", size=4, rows=2, columns=3, color="gray"
    )
    grid = [f"_r{row}_c{column}" for row in range(2) for column in range(3)]
    assert index["tile"].tolist() == [f"a.ome#{n}{place}" for n in (1, 2) for place in grid]
    assert index["group"].unique().tolist() == ["a.ome.tif"]
    tiles = np.load(tmp_path / "t.npy")[..., 0]
    for place, row in index.iterrows():
        field = positions[int(row["image"][-1]) - 1, 0].astype(float)
        y, x = 4 * row["row"], 4 * row["column"]
        expected = np.rint(field[y : y + 4, x : x + 4] * 255 / 4095)
        np.testing.assert_array_equal(tiles[place], expected)


def test_tiles_have_the_names_of_their_frames(tmp_path, positions):
    each = Selection(time="each")
    table = rows_of(tmp_path, "a.ome.tif", selection=each)
    index = slicing.slice_images(
        table, tmp_path, tmp_path / "t.npy", size=12, color="gray", selection=each
    )
    assert index["tile"].tolist() == ["a.ome#1t1", "a.ome#1t2", "a.ome#2t1", "a.ome#2t2"]


@pytest.mark.parametrize("workers", [1, 2])
def test_percentiles_are_those_of_all_positions(tmp_path, positions, workers):
    table = rows_of(tmp_path, "a.ome.tif")
    low, high = scaling.intensity_range(table, {"percentiles": [10, 90]}, tmp_path, workers=workers)
    used = positions[:, 0].ravel()
    expected = np.percentile(used, [10, 90], method="inverted_cdf")
    assert (low, high) == tuple(expected)


def test_percentiles_are_those_of_the_planes_in_use(tmp_path, positions):
    selection = Selection(time=2)
    table = rows_of(tmp_path, "a.ome.tif", selection=selection)
    found = scaling.intensity_range(table, {"percentiles": [5, 50]}, tmp_path, selection)
    expected = np.percentile(positions[:, 1].ravel(), [5, 50], method="inverted_cdf")
    assert found == tuple(expected)
