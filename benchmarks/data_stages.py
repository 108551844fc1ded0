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
    from manyseeds import tables, tiles

    table = tiles.slice_images(
        tables.read(folder / "fields.csv"),
        folder / "fields",
        out / "tiles.npy",
        size=tile_side(folder),
        rows=GRID,
        columns=GRID,
        pages=["green", "blue"],
        workers=workers,
    )
    table.to_csv(out / "tiles.csv", index=False)


def rotate_tiles(folder: Path, out: Path, workers: int) -> None:
    """As scripts/rotate.py."""
    from manyseeds import tables, tiles

    table = tables.read(folder / "rotated.csv").set_index("position")
    table = tiles.rotate_tiles(
        folder / "tiles.npy", table, out / "rotated.npy", angles=ANGLES, workers=workers
    )
    table.to_csv(out / "rotated.csv", index=False)


def hash_images(folder: Path, out: Path, workers: int) -> None:
    """As scripts/fetch.py, without the copy."""
    from manyseeds import sources

    table, *_ = sources.describe_folder(folder / "images", classes=CLASSES, workers=workers)
    table.to_csv(out / "images.csv", index=False)


def pack_tiles(folder: Path, out: Path, workers: int) -> None:
    """As scripts/pack.py, a split after the other."""
    from manyseeds import packs, tables

    table = tables.read(folder / "split.csv")
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
