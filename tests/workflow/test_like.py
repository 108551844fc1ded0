"""Datasets that are like another share what they can, and differ in nothing but what they say."""

import numpy as np
import pytest
from PIL import Image

from manyseeds.tables import read
from workflow_runs import snakemake

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Pack three classes of ten images, two of the classes, all without color, and two so."""
    folder = tmp_path_factory.mktemp("like")
    generator = np.random.default_rng(0)
    for name in ("a", "b", "c"):
        (folder / "images" / name).mkdir(parents=True)
        for number in range(10):
            pixels = generator.integers(0, 256, (32, 32, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"images/{name}/{number}.png")
    abc = {
        "source": {"kind": "folder", "path": str(folder / "images")},
        "size": 32,
        "label": "Letters",
        "rotate": {"angles": [0, 90]},
    }
    study = {
        "study": "like",
        "datasets": {
            "bc": {"like": "abc", "classes": ["b", "c"]},
            "abc": abc,
            "mono": {"like": "abc", "color": "gray"},
            "bc-mono": {"like": "abc", "classes": ["b", "c"], "color": "gray"},
            "mono-leaky": {"like": "mono", "split": {"by": "tile"}},
        },
        "experiments": [
            {"dataset": name, "architectures": ["deep"]}
            for name in ("bc", "mono", "bc-mono", "mono-leaky")
        ],
    }
    run = snakemake(folder, "data", "--cores", "2", study=study)
    assert run.code == 0, run.text
    return run


def folders(run, stage):
    return sorted(path.name for path in (run.results / stage).iterdir())


def test_images_and_tiles_are_there_once(run):
    assert folders(run, "fetch") == ["abc"]
    assert folders(run, "tiles") == ["abc", "bc-mono", "mono"]
    assert folders(run, "packs") == ["bc", "bc-mono", "mono", "mono-leaky"]


def test_a_subset_has_its_classes_and_the_right_tiles(run):
    train = read(run.results / "packs/bc/train.csv")
    assert train.groupby("class")["label"].unique().map(list).to_dict() == {"b": [0], "c": [1]}
    assert len(train) == 2 * 8 * 2  # classes, images, angles
    images = np.load(run.results / "packs/bc/train.npy")
    for row, image in zip(train.itertuples(), images, strict=True):
        file = run.folder / "images" / row.image
        np.testing.assert_array_equal(image, np.rot90(np.asarray(Image.open(file)), row.angle / 90))


def test_twins_have_the_same_test_images_in_their_own_color(run):
    mono, bc = (read(run.results / f"splits/{name}/split.csv") for name in ("mono", "bc"))
    assert np.load(run.results / "packs/mono/test.npy").shape == (6, 32, 32, 1)
    assert np.load(run.results / "packs/bc/test.npy").shape == (4, 32, 32, 3)
    assert mono["angle"][mono["split"] == "train"].unique().tolist() == [0, 90]
    assert set(bc["class"]) == {"b", "c"}


@pytest.mark.parametrize("name", ["bc", "bc-mono"])
def test_a_subset_has_the_same_test_images_of_its_classes(run, name):
    """Whichever other classes there are, and whether it has tiles of its own."""
    test = {}
    for dataset in (name, "mono"):
        table = read(run.results / f"splits/{dataset}/split.csv")
        test[dataset] = set(table.loc[table["split"] == "test", "image"])
    assert test[name] == {image for image in test["mono"] if image[0] in "bc"}
    assert len(test[name]) == 4


def test_split_tile_by_tile_turned_tiles_are_in_every_split(run):
    split = read(run.results / "splits/mono-leaky/split.csv")
    assert len(split) == 3 * 10 * 2
    assert split.groupby("split")["angle"].unique().map(sorted).to_dict() == {
        "train": [0, 90], "test": [0, 90],
    }  # fmt: skip
    test = read(run.results / "packs/mono-leaky/test.csv")
    images = np.load(run.results / "packs/mono-leaky/test.npy")[..., 0]
    tiles = np.load(run.results / "tiles/mono/tiles.npy")[..., 0]
    names = read(run.results / "tiles/mono/tiles.csv")["tile"].tolist()
    for row, image in zip(test.itertuples(), images, strict=True):
        np.testing.assert_array_equal(
            image, np.rot90(tiles[names.index(row.tile)], row.angle // 90)
        )


def test_a_leak_is_drawn_where_nothing_but_the_split_differs(tmp_path):
    """Which differences count: tests/unit/study."""
    study = {
        "datasets": {
            "snf7-sim": {"source": {"fields": 2, "shape": [128, 128]}},
            "leaky": {"like": "snf7-sim", "split": {"by": "tile"}},
            "small": {"like": "snf7-sim", "split": {"by": "tile"}, "size": 64},
        },
        "experiments": [
            {"dataset": name, "architectures": ["deep"]} for name in ("snf7-sim", "leaky")
        ],
    }
    dry = snakemake(tmp_path, "all", "--cores", "1", "--dry-run", study=study)
    assert dry.code == 0, dry.text
    assert {"leakage_tables", "leakage"} <= dry.jobs()

    study["experiments"][1]["dataset"] = "small"
    dry = snakemake(tmp_path, "all", "--cores", "1", "--dry-run", study=study)
    assert not {"leakage_tables", "leakage"} & dry.jobs()
    target = "results/default/fetch/snf7-sim/images.csv"
    run = snakemake(tmp_path, target, "--cores", "2", study=study)
    assert "it differs from snf7-sim in size, too." in run.text
