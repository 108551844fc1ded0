"""The files that the stages of the data are measured on: fields, tiles and images.

A folder made by `make` holds, for a number of tiles of a side:

``fields/``, ``fields.csv``
    Fields of 4 x 4 tiles of the simulator's ``snap29``: two pages of 12 bits, TIFF, deflated.
``tiles.npy``
    Their tiles, uint8 (n, side, side, 3).
``split.csv``, ``rotated.csv``
    Their table, with every fifth field in the test set; and a tenth of its rows, which are rotated
    by ten angles, so that there are as many rotated tiles as tiles.
``images/``
    The tiles as PNG files in class folders.

Few fields are simulated, since each takes a second. The others are copies of these. No stage gains
by that, since none keeps anything from one file to the next.
"""

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.format import open_memmap
from PIL import Image

if TYPE_CHECKING:  # the peer reads this module, too, and needs no pandas
    import pandas as pd

GRID = 4
TOP = 4095  # the largest grey level of the simulator's camera
ANGLES = (-5, -4, -3, -2, -1, 0, 1, 2, 3, 4)
CLASSES = ("control", "snap29")
SPLITS = ("train", "test")
STAGES = ("slice", "rotate", "hash", "pack")
DISTINCT = 24  # fields simulated


def tile_side(folder: Path) -> int:
    """Return the height and width of a folder's tiles in pixels."""
    return json.loads((folder / "workload.json").read_text())["side"]


def make(folder: Path, tiles: int, side: int, stages: tuple[str, ...] = STAGES) -> None:
    """Write what the stages read, in place of what was there; simulated fields are kept.

    Parameters
    ----------
    folder : path
        Gets the files; one for each `side`.
    tiles : int
        Fields are whole: slicing them gives up to 15 tiles more.
    side : int
        Height and width of a tile in pixels.
    stages : sequence of str
        Only what these read is made.
    """
    clear(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "workload.json").write_text(json.dumps({"tiles": tiles, "side": side}))
    import pandas as pd

    fields = -(-tiles // GRID**2)
    table = _make_fields(folder, fields, side, copies="slice" in stages)
    split = pd.DataFrame(
        {
            "image": table["image"].repeat(GRID**2),
            "class": table["class"].repeat(GRID**2),
            "split": np.where(np.arange(fields) % 5 == 1, "test", "train").repeat(GRID**2),
        }
    ).iloc[:tiles]
    split = split.reset_index(drop=True)
    split.insert(0, "tile", [f"{image}_{n % GRID**2}" for n, image in enumerate(split["image"])])
    split["group"] = split["image"]
    split.to_csv(folder / "split.csv", index=False)
    rotated = split.iloc[: tiles // len(ANGLES)]
    rotated.assign(position=rotated.index).to_csv(folder / "rotated.csv", index=False)

    distinct = [_tiles_of(folder / f"distinct/{n}.tif", side) for n in range(min(DISTINCT, fields))]
    if {"rotate", "pack"} & {*stages}:
        array = open_memmap(folder / "tiles.npy", "w+", np.uint8, (tiles, side, side, 3))
        for n in range(fields):
            rows = array[n * GRID**2 : (n + 1) * GRID**2]
            rows[:] = distinct[n % len(distinct)][: len(rows)]
    if "hash" in stages:
        _make_images(folder, split, distinct)


def clear(folder: Path) -> None:
    """Delete a workload, except its simulated fields."""
    for path in folder.glob("*"):
        if path.is_file():
            path.unlink()
        elif path.name != "distinct":
            shutil.rmtree(path)


def _make_fields(folder: Path, fields: int, side: int, copies: bool) -> "pd.DataFrame":
    """Simulate some fields and copy them to as many as wanted; return their images.csv."""
    import pandas as pd

    from manyseeds.randomness import rng
    from manyseeds.simulation.fields import PHENOTYPES, simulate_field, write_field

    phenotype = PHENOTYPES["snap29"]
    (folder / "distinct").mkdir(exist_ok=True)
    for n in range(min(DISTINCT, fields)):
        if (folder / f"distinct/{n}.tif").exists():
            continue
        field = simulate_field(
            phenotype, n % 2 == 1, rng(0, "benchmark", n), (GRID * side, GRID * side)
        )
        write_field(field, folder / f"distinct/{n}.tif", folder / "mask.png")
    table = pd.DataFrame({"class": [CLASSES[n % 2] for n in range(fields)]})
    table.insert(0, "image", [f"{name}/{n:05d}.tif" for n, name in enumerate(table["class"])])
    table["group"], table["split"], table["angle"] = table["image"], "", 0
    table["width"] = table["height"] = GRID * side
    # Of the columns of images.csv only those that slicing reads.
    table["file"], table["position"], table["frame"] = table["image"], 0, -1
    table["bit_depth"], table["dtype"], table["minimum"], table["maximum"] = 16, "uint16", 0, TOP
    table.to_csv(folder / "fields.csv", index=False)
    if copies:
        for name in CLASSES:
            (folder / "fields" / name).mkdir(parents=True)
        for n, image in enumerate(table["image"]):
            shutil.copyfile(
                folder / f"distinct/{n % min(DISTINCT, fields)}.tif", folder / "fields" / image
            )
    return table


def _tiles_of(path: Path, side: int) -> np.ndarray:
    """Return a field's tiles, uint8 (16, side, side, 3)."""
    field = np.zeros((GRID * side, GRID * side, 3), np.uint8)
    with Image.open(path) as image:
        for page in (0, 1):
            image.seek(page)
            field[..., page + 1] = np.asarray(image) // 16
    grid = field.reshape(GRID, side, GRID, side, 3).swapaxes(1, 2)
    return grid.reshape(-1, side, side, 3)


def _make_images(folder: Path, split: "pd.DataFrame", distinct: list[np.ndarray]) -> None:
    """Write every tile as a PNG file; the copies of a tile are copies of its file."""
    (folder / "files").mkdir()
    of_one = GRID**2
    for n, tiles in enumerate(distinct):
        for i, tile in enumerate(tiles):
            Image.fromarray(tile).save(folder / f"files/{n * of_one + i}.png")
    for name in CLASSES:
        (folder / "images" / name).mkdir(parents=True)
    for n, name in enumerate(split["class"]):
        file = folder / f"files/{n % (len(distinct) * of_one)}.png"
        shutil.copyfile(file, folder / f"images/{name}/{n:06d}.png")
