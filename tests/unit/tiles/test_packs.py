import numpy as np
import pandas as pd
import pytest
import torch

from manyseeds.errors import InputError
from manyseeds.tiles import packs


@pytest.fixture
def dataset(tmp_path):
    """Return an array of six tiles on disk and its table; "NA" and "007" are class names."""
    array = np.random.default_rng(0).integers(0, 256, (6, 4, 4, 3), dtype=np.uint8)
    np.save(tmp_path / "tiles.npy", array)
    table = pd.DataFrame(
        {
            "tile": list("abcdef"),
            "image": [f"{name}.png" for name in "abcdef"],
            "class": ["NA", "007", "NA", "NA", "007", "007"],
            "group": ["01", "02", "03", "04", "05", "06"],
            "row": 0,
            "column": 0,
            "angle": [0, 0, -5, 0, 0, 90],
            "split": ["train", "test", "train", "test", "train", "train"],
            "position": [5, 4, 3, 2, 1, 0],
        }
    )
    return array, table, tmp_path


def paths(folder):
    return folder / "train.npy", folder / "train.csv"


def written(dataset):
    _, table, folder = dataset
    train = table[table["split"] == "train"]
    packs.write(folder / "tiles.npy", train, ["NA", "007"], *paths(folder))
    return paths(folder)


def test_a_pack_holds_its_splits_tiles_and_labels(dataset):
    array, table, _ = dataset
    pack = packs.open_pack(*written(dataset))
    assert len(pack) == 4
    assert isinstance(pack.images, np.memmap)
    np.testing.assert_array_equal(pack.images, array[[5, 3, 1, 0]])
    assert pack.labels.dtype == np.int64
    assert pack.labels.tolist() == [0, 0, 1, 1]
    assert pack.classes == ["NA", "007"]
    assert list(pack.index) == [*table.drop(columns="position"), "label"]
    for column in ("tile", "class", "group", "angle"):
        assert pack.index[column].tolist() == table[column].iloc[[0, 2, 4, 5]].tolist()


def test_writing_in_chunks_changes_nothing(dataset, monkeypatch):
    array, _, _ = dataset
    monkeypatch.setattr(packs, "CHUNK_BYTES", 100)  # two tiles
    np.testing.assert_array_equal(packs.open_pack(*written(dataset)).images, array[[5, 3, 1, 0]])


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("chosen", [[], [5], range(40), range(3, 40, 2), [39, 38, 7, 8, 9, 0]])
def test_tiles_come_in_the_tables_order_however_many_processes(
    tmp_path, monkeypatch, workers, chosen
):
    monkeypatch.setattr(packs, "CHUNK_BYTES", 300)  # of seven tiles
    array = np.random.default_rng(1).integers(0, 256, (40, 5, 4, 2), dtype=np.uint8)
    np.save(tmp_path / "tiles.npy", array)
    table = pd.DataFrame({"class": "a", "position": list(chosen)})
    packs.write(tmp_path / "tiles.npy", table, ["a"], *paths(tmp_path), workers=workers)
    np.testing.assert_array_equal(np.load(tmp_path / "train.npy"), array[list(chosen)])


def test_a_pack_is_not_written_by_reading(dataset):
    pack = packs.open_pack(*written(dataset))
    with pytest.raises(ValueError, match="read-only"):
        pack.images[0] = 0


def test_a_class_that_is_not_listed_is_refused(dataset):
    _, table, folder = dataset
    with pytest.raises(InputError, match="classes: '007' is missing"):
        packs.write(folder / "tiles.npy", table, ["NA"], *paths(folder))


def test_a_table_longer_than_its_tiles_is_refused(dataset):
    _, table, folder = dataset
    longer = table.assign(position=table["position"] + 1)
    with pytest.raises(InputError, match=r"tiles\.npy: has 6 tiles, fewer than its table"):
        packs.write(folder / "tiles.npy", longer, ["NA", "007"], *paths(folder))


def test_an_index_of_another_pack_is_refused(dataset):
    npy, csv = written(dataset)
    pd.read_csv(csv).iloc[:3].to_csv(csv, index=False)
    with pytest.raises(InputError, match=r"train\.npy: has 4 tiles, but .*train\.csv 3 rows"):
        packs.open_pack(npy, csv)


@pytest.mark.parametrize("labels", [[0, 0, 2, 2], [0, 0, 0, 0], [1, 0, 1, 0]])
def test_labels_that_do_not_number_the_classes_are_refused(dataset, labels):
    npy, csv = written(dataset)
    pd.read_csv(csv, dtype=str).assign(label=labels).to_csv(csv, index=False)
    with pytest.raises(InputError, match=r"train\.csv: its labels are not"):
        packs.open_pack(npy, csv)


def test_another_array_is_refused(dataset):
    npy, csv = written(dataset)
    np.save(npy, np.zeros((4, 4, 4), np.uint8))
    with pytest.raises(InputError, match=r"train\.npy: not uint8"):
        packs.open_pack(npy, csv)


@pytest.mark.filterwarnings("error")
def test_labels_become_a_tensor_without_a_warning(dataset):
    """Whatever of the index is read-only."""
    pack = packs.open_pack(*written(dataset))
    assert torch.from_numpy(pack.labels).tolist() == pack.index["label"].tolist()
    pack.labels[:] = 5
    assert set(pack.index["label"]) == {0, 1}
