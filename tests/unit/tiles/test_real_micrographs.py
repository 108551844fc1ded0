"""The three sets of real micrographs against a reading of their bytes by hand."""

import os
import struct
import tarfile
from pathlib import Path

import numpy as np
import pytest

from manyseeds.sources import class_folders
from manyseeds.tiles import slicing

DATA = Path(os.environ.get("MANYSEEDS_DATA", Path(__file__).parents[4] / "shared" / "data"))
ARCHIVE = DATA / "micrographs.tar.gz"
pytestmark = pytest.mark.skipif(
    not ARCHIVE.is_file(), reason="MANYSEEDS_DATA has no micrographs.tar.gz"
)


def tiff(data):
    """Read a one-page TIFF of one channel after the TIFF 6.0 specification.

    Returns the stored values (height, width), in palette images already as colors of 16 bits.
    """
    order = {b"II": "<", b"MM": ">"}[data[:2]]

    def numbers(code, offset, count):
        return struct.unpack_from(f"{order}{count}{code}", data, offset)

    assert numbers("H", 2, 1) == (42,)
    (start,) = numbers("I", 4, 1)
    tags = {}
    for i in range(numbers("H", start, 1)[0]):
        place = start + 2 + 12 * i
        tag, kind = numbers("H", place, 2)
        (count,) = numbers("I", place + 4, 1)
        code, size = {1: ("B", 1), 2: ("B", 1), 3: ("H", 2), 4: ("I", 4)}.get(kind, ("B", 8))
        inside = size * count <= 4
        tags[tag] = numbers(code, place + 8 if inside else numbers("I", place + 8, 1)[0], count)
    width, height, bits = tags[256][0], tags[257][0], tags[258][0]
    assert tags.get(277, (1,)) == (1,)
    strips = [data[at : at + size] for at, size in zip(tags[273], tags[279], strict=True)]
    if tags[259][0] == 32773:
        strips = [unpacked(strip) for strip in strips]
    flat = np.frombuffer(b"".join(strips), f"{order}u{bits // 8}")
    values = flat.reshape(height, width).astype(int)
    if tags[262][0] != 3:
        return values
    # All reds of the palette, then all greens, then all blues.
    return np.array(tags[320]).reshape(3, 256).T[values]


def unpacked(data):
    """Undo PackBits: n < 128 is followed by n + 1 bytes, n > 128 by one to be repeated 257 - n."""
    out, at = bytearray(), 0
    while at < len(data):
        n = data[at]
        if n < 128:
            out += data[at + 1 : at + 2 + n]
            at += n + 2
        else:
            out += data[at + 1 : at + 2] * (257 - n) if n > 128 else b""
            at += 2 if n > 128 else 1
    return bytes(out)


@pytest.fixture(scope="module")
def micrographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real")
    with tarfile.open(ARCHIVE) as file:
        file.extractall(folder, filter="data")
    return folder / "micrographs"


# For each set: what tells classes apart, size and grid of the tiles, the rule by which stored
# values become 8 bits, and facts of the files.
SETS = {
    "fly": (r"_([DFR])\.TIF$", 100, 10, lambda v: v >> 8, ("P", 8, 1000, 1006)),
    "speckles": (r"(ax2|oe2)\.tif$", 200, 5, lambda v: v * 255 / 4095, ("L", 16, 1200, 1000)),
    "human": (r"(d\d)\.tif$", 128, 4, lambda v: v, ("L", 8, 512, 512)),
}


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_read_sliced_and_scaled(micrographs, tmp_path, name):
    pattern, size, rows, to_8bit, facts = SETS[name]
    columns = 6 if name == "speckles" else rows
    folder = micrographs / name
    table = class_folders.copy_folder(folder, tmp_path / "images", class_pattern=pattern).table
    index = slicing.slice_images(
        table, tmp_path / "images", tmp_path / "t.npy", size=size, rows=rows, columns=columns,
        remainder="crop", workers=2,
    )  # fmt: skip
    array = np.load(tmp_path / "t.npy", mmap_mode="r")
    assert len(array) == len(table) * rows * columns
    for row in table.to_dict("records"):
        stored = tiff((folder / row["image"]).read_bytes())
        assert (row["mode"], row["bit_depth"], row["width"], row["height"]) == facts
        assert row["format"] == "TIFF"
        assert stored.shape[:2] == (row["height"], row["width"])
        if name != "fly":
            assert row["maximum"] == stored.max()
        expected = np.rint(to_8bit(stored)).astype(np.uint8)
        for place in index.index[index["image"] == row["image"]]:
            y, x = index["row"][place] * size, index["column"][place] * size
            tile = expected[y : y + size, x : x + size]
            tile = tile if tile.ndim == 3 else np.repeat(tile[..., None], 3, axis=2)
            np.testing.assert_array_equal(array[place], tile)


def test_the_flies_stains_are_classes_and_fields_groups(micrographs):
    table = class_folders.describe_folder(
        micrographs / "fly", class_pattern=r"_([DFR])\.TIF$", group=r"^(.*)_[DFR]\.TIF$"
    ).table
    assert table["class"].value_counts().to_dict() == {"D": 3, "F": 3, "R": 3}
    assert table.groupby("group")["class"].apply("".join).to_dict() == {
        "01_POS002": "DFR", "01_POS076": "DFR", "01_POS218": "DFR",
    }  # fmt: skip


def test_the_speckles_fill_twelve_bits(micrographs):
    table = class_folders.describe_folder(
        micrographs / "speckles", class_pattern=SETS["speckles"][0]
    ).table
    assert 255 < table["maximum"].max() <= 4095
