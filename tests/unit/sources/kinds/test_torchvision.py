import gzip
import hashlib
import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from class_folders import COLUMNS, files
from idx_files import PIXELS, write_idx
from image_rows import facts_of
from manyseeds.errors import InputError
from manyseeds.sources.kinds.torchvision import KEPT
from manyseeds.sources.source import source_of

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
NAMES = ["airplane", "automobile", "bird"]


def write_cifar(root):
    """Write a dataset of three classes as CIFAR-10's Python version, after its description.

    Rows of 3072 bytes: a plane of red, one of green, one of blue. Returns the pixels (n, 32, 32,
    3) and labels by split, and the sums of the files.
    """
    folder = root / "cifar-10-batches-py"
    folder.mkdir(parents=True)
    rng = np.random.default_rng(0)
    pixels = {"train": [], "test": []}
    labels = {"train": [], "test": []}
    sums = {}

    def dump(name, content):
        data = pickle.dumps(content)
        (folder / name).write_bytes(data)
        sums[name] = hashlib.md5(data).hexdigest()

    for name in [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]:
        split = "test" if "test" in name else "train"
        rows = rng.integers(0, 256, (3, 3072), dtype=np.uint8)
        dump(name, {"data": rows, "labels": [0, 1, 2]})
        planes = [np.stack([row[i * 1024 :][:1024] for i in range(3)], axis=1) for row in rows]
        pixels[split] += [plane.reshape(32, 32, 3) for plane in planes]
        labels[split] += [0, 1, 2]
    dump("batches.meta", {"label_names": NAMES})
    return pixels, labels, sums


@pytest.fixture
def cifar(tmp_path, monkeypatch):
    from torchvision.datasets import CIFAR10

    pixels, labels, sums = write_cifar(tmp_path / "root")
    for kind in ("train_list", "test_list"):
        known = [[name, sums[name]] for name, _ in getattr(CIFAR10, kind)]
        monkeypatch.setattr(CIFAR10, kind, known)
    monkeypatch.setattr(CIFAR10, "meta", CIFAR10.meta | {"md5": sums["batches.meta"]})
    return tmp_path / "root", pixels, labels


def read(root, out, classes=None, workers=1, **keys):
    where = {"path": str(root)} if root else {}
    source = source_of({"kind": "torchvision"} | where | keys)
    return source.fetch(out, classes=classes, workers=workers)


@pytest.mark.parametrize("workers", [1, 2])
def test_cifar10_becomes_pngs(cifar, tmp_path, workers):
    root, pixels, labels = cifar
    table, phantoms, skipped = read(root, tmp_path / "out", name="CIFAR10", workers=workers)
    assert table.columns.tolist() == COLUMNS
    assert (len(table), phantoms, len(skipped)) == (18, 0, 0)
    assert files(tmp_path / "out") == sorted(table["image"])
    for row in table.to_dict("records"):
        split, name, file = row["image"].split("/")
        number = int(file.removesuffix(".png"))
        assert (row["split"], row["class"]) == (split, name)
        assert name == NAMES[labels[split][number]]
        path = tmp_path / "out" / row["image"]
        np.testing.assert_array_equal(np.asarray(Image.open(path)), pixels[split][number])
        assert facts_of(path).items() <= row.items()


def test_classes_choose(cifar, tmp_path):
    table = read(cifar[0], tmp_path / "out", name="CIFAR10", classes=["bird", "airplane"]).table
    assert set(table["class"]) == {"bird", "airplane"}


def breaks(root, tmp_path, message, **options):
    with pytest.raises(InputError, match=message):
        read(root, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_damaged_batch_is_refused(cifar, tmp_path):
    batch = cifar[0] / "cifar-10-batches-py/data_batch_3"
    batch.write_bytes(batch.read_bytes()[:-1])
    breaks(cifar[0], tmp_path, r"root: has no whole CIFAR10.*`source\.path`", name="CIFAR10")


@pytest.mark.parametrize("name", KEPT)
def test_a_folder_without_the_dataset(tmp_path, name):
    breaks(tmp_path, tmp_path, rf"has no whole {name} as torchvision keeps it", name=name)


@pytest.mark.parametrize("name", KEPT)
def test_a_download_without_a_network(tmp_path, kept, name, monkeypatch):
    import torchvision.datasets

    kind = getattr(torchvision.datasets, name)
    # Port 9 of this machine, "discard", has no listener.
    monkeypatch.setattr(kind, "url", "http://127.0.0.1:9/x.tar.gz", raising=False)
    monkeypatch.setattr(kind, "mirrors", ["http://127.0.0.1:9/"], raising=False)
    breaks(
        None,
        tmp_path,
        rf"source\.name: {name} cannot be downloaded to .*kept/torchvision .*netw.*`source\.path`",
        name=name,
    )


def raw(root, pairs):
    """Unpack gzipped IDX pairs as torchvision does."""
    folder = root / "FashionMNIST/raw"
    folder.mkdir(parents=True)
    for path in pairs.glob("*.gz"):
        with gzip.open(path) as packed, (folder / path.stem).open("wb") as file:
            shutil.copyfileobj(packed, file)
    return folder


def test_small_fashion_mnist(tmp_path):
    raw(tmp_path / "root", write_idx(tmp_path / "idx", PIXELS, [0, 9, 9]))
    table = read(
        tmp_path / "root", tmp_path / "out", name="FashionMNIST",
        classes=["T-shirt/top", "Ankle boot"],
    ).table  # fmt: skip
    assert table["class"].tolist() == ["T-shirt-top", "Ankle boot", "Ankle boot"] * 2
    for row in table.to_dict("records"):
        number = int(row["image"][-9:-4])
        png = Image.open(tmp_path / "out" / row["image"])
        np.testing.assert_array_equal(np.asarray(png), PIXELS[number])


def test_half_an_unpacked_file_is_refused(tmp_path, kept):
    folder = raw(tmp_path / "root", write_idx(tmp_path / "idx", PIXELS, [0, 9, 9]))
    file = folder / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:40])
    breaks(tmp_path / "root", tmp_path, "has no whole FashionMNIST", name="FashionMNIST")
    # So is one in the cache, which torchvision takes for whole.
    kept.mkdir()
    (tmp_path / "root").rename(kept / "torchvision")
    breaks(
        None,
        tmp_path,
        r"FashionMNIST cannot be downloaded.*delete .*/torchvision/FashionMNIST and run again",
        name="FashionMNIST",
    )


def test_the_files_of_torchvision_are_those_that_it_asks_for():
    from torchvision.datasets import CIFAR10, FashionMNIST

    batches = [name for name, _ in CIFAR10.train_list + CIFAR10.test_list]
    assert sorted(KEPT["CIFAR10"].files) == sorted([*batches, CIFAR10.meta["filename"]])
    assert sorted(KEPT["FashionMNIST"].files) == sorted(
        f"raw/{name.removesuffix('.gz')}" for name, _ in FashionMNIST.resources
    )


@pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_debians_fashion_mnist(tmp_path):
    """Two classes of the whole dataset: their numbers are those of the published description."""
    raw(tmp_path / "root", DEBIAN)
    table = read(
        tmp_path / "root", tmp_path / "out", name="FashionMNIST", classes=["Bag", "Ankle boot"],
        workers=2,
    ).table  # fmt: skip
    counts = table.groupby(["split", "class"], sort=True).size().to_dict()
    assert counts == {
        ("train", "Bag"): 6000, ("train", "Ankle boot"): 6000,
        ("test", "Bag"): 1000, ("test", "Ankle boot"): 1000,
    }  # fmt: skip
    # The first training image is an ankle boot; its bytes lie after a header of 16.
    with gzip.open(DEBIAN / "train-images-idx3-ubyte.gz") as file:
        first = np.frombuffer(file.read(16 + 784)[16:], np.uint8).reshape(28, 28)
    png = Image.open(tmp_path / "out/train/Ankle boot/00000.png")
    np.testing.assert_array_equal(np.asarray(png), first)
