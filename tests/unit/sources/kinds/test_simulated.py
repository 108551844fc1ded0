from functools import partial

import pytest
from PIL import Image

from class_folders import COLUMNS, files
from manyseeds.randomness import rng
from manyseeds.simulation.fields import PHENOTYPES, simulate_field, write_field
from manyseeds.sources.source import source_of


@pytest.mark.parametrize("workers", [1, 2])
def test_fields_are_drawn_from_generators_of_their_own(tmp_path, workers):
    source = source_of(
        {"kind": "simulated", "phenotype": "snap29", "fields": 2, "shape": [128, 160]}
    )
    table, phantoms, skipped = source.fetch(
        tmp_path / "images",
        classes=["snap29", "control"],  # which are simulated does not depend on it
        workers=workers,
        streams=partial(rng, 7, "simulate", "mine"),
    )
    assert table.columns.tolist() == COLUMNS
    assert (phantoms, len(skipped)) == (0, 0)
    assert table["image"].tolist() == [
        f"{name}/{name}_{number:03d}.tif" for name in ("control", "snap29") for number in (0, 1)
    ]
    assert files(tmp_path / "images") == table["image"].tolist()
    assert files(tmp_path / "masks") == [image.replace(".tif", ".png") for image in table["image"]]
    assert set(zip(table["width"], table["height"], table["pages"], strict=True)) == {(160, 128, 2)}
    # The last field alone, its mask too.
    field = simulate_field(
        PHENOTYPES["snap29"], True, rng(7, "simulate", "mine", "snap29", 1), (128, 160)
    )
    write_field(field, tmp_path / "alone.tif", tmp_path / "alone.png")
    for kind, suffix in (("images", "tif"), ("masks", "png")):
        written = tmp_path / kind / f"snap29/snap29_001.{suffix}"
        assert written.read_bytes() == (tmp_path / f"alone.{suffix}").read_bytes()
    assert Image.open(tmp_path / "masks/control/control_000.png").size == (160, 128)


def test_the_inventory_says_what_is_simulated():
    source = source_of(
        {"kind": "simulated", "phenotype": "snf7", "fields": 8, "shape": [512, 1024]}
    )
    found = source.availability()
    assert found.where == "simulated snf7, 8 fields of 1024 x 512 pixels a class"
    assert (found.state, found.size, found.download) == ("simulated", None, 0)
