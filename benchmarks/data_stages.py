"""Ours: one stage of the data as the workflow's script does it, in a process of its own.

``python -m benchmarks.data_stages STAGE FOLDER WORKERS`` reads what
`benchmarks.data_workloads` made and writes to ``FOLDER/ours``.
"""

import sys
from pathlib import Path

import benchmarks  # noqa: F401  puts the library on the path
from benchmarks.data_workloads import ANGLES, CLASSES, GRID, SPLITS, tile_side


def slice_fields(folder: Path, out: Path, workers: int) -> None:
    """As scripts/slice.py."""
    from manyseeds import tables
    from manyseeds.images.selection import Selection
    from manyseeds.tiles import slicing

    table = slicing.slice_images(
        tables.read(folder / "fields.csv"),
        folder / "fields",
        out / "tiles.npy",
        size=tile_side(folder),
        rows=GRID,
        columns=GRID,
        selection=Selection(("green", "blue")),
        workers=workers,
    )
    table.to_csv(out / "tiles.csv", index=False)


def rotate_tiles(folder: Path, out: Path, workers: int) -> None:
    """As scripts/rotate.py."""
    from manyseeds import tables
    from manyseeds.tiles import rotation, splits

    table = tables.read(folder / "rotated.csv").assign(angle=0)
    table = splits.at_angles(table, dict.fromkeys(SPLITS, ANGLES))
    positions = table["position"]
    table = rotation.rotate_tiles(folder / "tiles.npy", table, out / "rotated.npy", workers=workers)
    table.assign(position=positions).to_csv(out / "rotated.csv", index=False)


def hash_images(folder: Path, out: Path, workers: int) -> None:
    """As scripts/fetch.py, without the copy."""
    from manyseeds.sources import class_folders

    fetched = class_folders.describe_folder(folder / "images", classes=CLASSES, workers=workers)
    fetched.table.to_csv(out / "images.csv", index=False)


def pack_tiles(folder: Path, out: Path, workers: int) -> None:
    """As scripts/pack.py, one split after the other."""
    from manyseeds import tables
    from manyseeds.tiles import packs

    table = tables.read(folder / "split.csv")
    table["position"] = range(len(table))
    for split in SPLITS:
        packs.write(
            folder / "tiles.npy",
            table[table["split"] == split],
            CLASSES,
            out / f"{split}.npy",
            out / f"{split}.csv",
            workers=workers,
        )


STAGES = {
    "slice": slice_fields,
    "rotate": rotate_tiles,
    "hash": hash_images,
    "pack": pack_tiles,
}

if __name__ == "__main__":
    stage, folder, workers = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    STAGES[stage](folder, folder / "ours", workers)
