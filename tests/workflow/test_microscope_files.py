"""Two folders of a microscope's own files, from the files to the packs."""

import numpy as np
import pandas as pd
import pytest

from manyseeds.tables import read
from microscope_files import write_czi
from workflow_runs import snakemake

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Run four files a class, each of two positions, two channels and three z-planes."""
    folder = tmp_path_factory.mktemp("czi")
    generator = np.random.default_rng(0)
    for name in ("control", "treated"):
        for number in range(4):
            # Half of the files have pixels of half the width, and twice as many of them.
            side, size = (64, 0.5) if number % 2 else (32, 1.0)
            scenes = [
                generator.integers(0, 4096, (1, 2, 3, side, side), dtype=np.uint16)
                for _ in range(2)
            ]
            write_czi(folder / f"images/{name}/{number}.czi", scenes, ["DAPI", "GFP"], size)
    study = {
        "study": "czi",
        "datasets": {
            "cells": {
                "source": {"kind": "folder", "path": str(folder / "images")},
                "channels": {"green": "GFP", "blue": "DAPI"},
                "z": "max",
                "pixel_size": 1.0,
                "size": 16,
                "slice": {"rows": 2, "columns": 2},
                "split": {"by": "group", "test": 0.25},
            }
        },
        "experiments": [{"dataset": "cells", "architectures": ["deep"]}],
    }
    run = snakemake(folder, "data", "--cores", "2", study=study)
    assert run.code == 0, run.text
    return run


def test_each_position_is_a_field_of_its_files_group(run):
    images = read(run.results / "fetch/cells/images.csv")
    assert images["image"].head(3).tolist() == [
        "control/0.czi#1", "control/0.czi#2", "control/1.czi#1",
    ]  # fmt: skip
    assert (images["group"] == images["file"]).all()
    assert set(images["planes"]) == {"2 channels and 3 z-planes"}
    assert set(images["channels"]) == {"DAPI; GFP"}
    assert images["pixel_size"].head(3).tolist() == [1.0, 1.0, 0.5]
    # The maximum of three planes is rarely low, and is of the two channels alone.
    assert images["bit_depth"].eq(16).all()
    split = read(run.results / "splits/cells/split.csv")
    assert split.groupby("group")["split"].nunique().max() == 1


def test_what_the_files_hold_is_said(run):
    assert "8 images of 32 x 32 pixels, 16 bits (uint16), 2 channels and 3 z-planes" in run.text
    assert "named DAPI; GFP, 0.5 µm a pixel, CZI" in run.text


def test_all_tiles_have_one_scale_and_the_right_channels(run):
    index = read(run.results / "tiles/cells/tiles.csv")
    tiles = np.load(run.results / "tiles/cells/tiles.npy")
    assert tiles.shape == (16 * 4, 16, 16, 3)
    assert (tiles[..., 0] == 0).all()
    # Of 3 values drawn from 0 to 4095 the largest is 3/4 of that on average.
    means = pd.Series(tiles[..., 1:].mean(axis=(1, 2, 3)))
    assert (means / 255).between(0.70, 0.80).all()
    assert index["tile"].iloc[4] == "control/0#2_r0_c0"
