import gzip

import numpy as np
import pytest
from PIL import Image

from class_folders import COLUMNS, files
from idx_files import PIXELS, write_idx
from image_rows import facts_of
from manyseeds.errors import InputError
from manyseeds.sources.source import source_of


@pytest.fixture
def pairs(tmp_path):
    return write_idx(tmp_path / "idx", PIXELS, [1, 0, 1])


def read_idx(folder, out, classes=None, workers=1, **keys):
    source = source_of({"kind": "idx", "path": str(folder)} | keys)
    return source.fetch(out, classes=classes, workers=workers)


def test_idx_pairs_become_pngs(pairs, tmp_path):
    table = read_idx(pairs, tmp_path / "out", names=["T-shirt/top", "Bag"]).table
    assert table.columns.tolist() == COLUMNS
    assert table["image"].tolist() == [
        f"{split}/{name}.png"
        for split in ("train", "test")
        for name in ("Bag/00000", "T-shirt-top/00001", "Bag/00002")
    ]
    assert table["split"].tolist() == ["train"] * 3 + ["test"] * 3
    assert table["class"].tolist() == ["Bag", "T-shirt-top", "Bag"] * 2
    for number, row in enumerate(table.to_dict("records")):
        path = tmp_path / "out" / row["image"]
        np.testing.assert_array_equal(np.asarray(Image.open(path)), PIXELS[number % 3])
        # The table is written without decoding; it must say what decoding would.
        assert facts_of(path).items() <= row.items()


def test_idx_classes_choose(tmp_path):
    pairs = write_idx(tmp_path / "idx", PIXELS, [2, 0, 1])
    table = read_idx(pairs, tmp_path / "out", classes=["0", "2"], workers=2).table
    assert table["class"].tolist() == ["2", "0"] * 2
    assert files(tmp_path / "out") == sorted(table["image"])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"names": ["only"]}, r"idx: has the labels 0 to 1, but 1 names"),
        ({"names": ["a/b", "a:b"]}, r"idx: has the labels 0 to 1, but 1 names"),
        ({"classes": ["0"]}, r"idx: has one class only \(0\)"),
        ({"classes": ["0", "7"]}, r"idx: class 7 has no images"),
    ],
)
def test_idx_names_must_fit(pairs, tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        read_idx(pairs, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def cut(data):
    return data[:-10]


def swap(data):
    return gzip.compress(b"\1" + gzip.decompress(data)[1:])


def shorten(data):
    return gzip.compress(gzip.decompress(data)[:-1])


def lengthen(data):
    return gzip.compress(gzip.decompress(data) + b"x")


def claim(data):
    """Let the header claim 2**96 bytes."""
    return gzip.compress(gzip.decompress(data)[:4] + b"\xff" * 12)


def spoil(data):
    """Turn a bit of the checksum."""
    return data[:-8] + bytes([data[-8] ^ 1]) + data[-7:]


@pytest.mark.parametrize(
    ("damage", "said"), [
        (cut, "not a whole gzip"), (spoil, "not a whole gzip"), (swap, "not an IDX"),
        (shorten, "its length"), (lengthen, "its length"), (claim, "its length"),
    ],
)  # fmt: skip
def test_a_damaged_idx_file_is_named(pairs, tmp_path, damage, said):
    path = pairs / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=rf"t10k-images-idx3-ubyte\.gz: {said}.*Fetch it again"):
        read_idx(pairs, tmp_path / "out")
    assert path.exists()


def test_labels_must_be_as_many_as_images(pairs, tmp_path):
    path = pairs / "train-labels-idx1-ubyte.gz"
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 2, 0, 1])))
    with pytest.raises(InputError, match=r"has 3 images, but .*labels-idx1-ubyte\.gz 2 labels"):
        read_idx(pairs, tmp_path / "out")


def test_a_missing_idx_file_is_named(pairs, tmp_path):
    (pairs / "train-labels-idx1-ubyte.gz").unlink()
    with pytest.raises(InputError, match=r"train-labels-idx1-ubyte\.gz: no such file"):
        read_idx(pairs, tmp_path / "out")
