"""A peer of the stages of the data: one process, Pillow, and a loop, as a reader would write it.

``python -m benchmarks.peers.pillow_loop STAGE FOLDER`` does the work of
`benchmarks.data_stages` with the same files and writes the same arrays and tables to
``FOLDER/plain``. Arrays are written through `numpy.memmap`, which is in favor of the loop: if they
were kept in memory and saved at the end, they would be copied twice.
"""

import csv
import hashlib
import sys
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from PIL import Image

from benchmarks.data_workloads import ANGLES, GRID, SPLITS, TOP, tile_side


def rows_of(path: Path) -> list[dict]:
    """Return the rows of a CSV table."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path: Path, rows: list[dict]) -> None:
    """Write a CSV table."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


def slice_fields(folder: Path, out: Path) -> None:
    """Slice fields of two 12-bit pages, green and blue, into 8-bit tiles."""
    fields, side = rows_of(folder / "fields.csv"), tile_side(folder)
    tiles = open_memmap(
        out / "tiles.npy", "w+", np.uint8, (len(fields) * GRID * GRID, side, side, 3)
    )
    rows = []
    for row in fields:
        with Image.open(folder / "fields" / row["image"]) as image:
            field = np.zeros((image.height, image.width, 3), np.uint8)
            for page, color in ((0, 1), (1, 2)):
                image.seek(page)
                levels = np.asarray(image) * np.float32(255 / TOP)
                field[..., color] = np.rint(levels).clip(0, 255).astype(np.uint8)
        for i in range(GRID):
            for j in range(GRID):
                tile = field[i * side : (i + 1) * side, j * side : (j + 1) * side]
                tiles[len(rows)] = tile
                rows.append({**row, "row": i, "column": j})
    write_rows(out / "tiles.csv", rows)


def rotate_tiles(folder: Path, out: Path) -> None:
    """Rotate tiles by all angles; the corners show their mirror image."""
    table = rows_of(folder / "rotated.csv")
    tiles = np.load(folder / "tiles.npy", mmap_mode="r")
    side = tiles.shape[1]
    pad = side // 16 + 3  # more than a rotation by 5 degrees shows
    rotated = open_memmap(
        out / "rotated.npy", "w+", np.uint8, (len(table) * len(ANGLES), *tiles.shape[1:])
    )
    rows = []
    for row in table:
        padded = np.pad(
            tiles[int(row["position"])], ((pad, pad), (pad, pad), (0, 0)), mode="reflect"
        )
        image = Image.fromarray(padded)
        for angle in ANGLES:
            whole = image.rotate(angle, Image.Resampling.BICUBIC) if angle else image
            rotated[len(rows)] = np.asarray(whole)[pad : pad + side, pad : pad + side]
            rows.append({**row, "angle": angle})
    write_rows(out / "rotated.csv", rows)


def hash_images(folder: Path, out: Path) -> None:
    """Decode every image and write its size, mode, brightest value and SHA-256."""
    rows = []
    for path in sorted((folder / "images").rglob("*.png")):
        with Image.open(path) as image:
            pixels = np.asarray(image)
            rows.append(
                {
                    "image": path.relative_to(folder / "images").as_posix(),
                    "width": image.width,
                    "height": image.height,
                    "mode": image.mode,
                    "maximum": pixels.max(),
                    "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                }
            )
    write_rows(out / "images.csv", rows)


def pack_tiles(folder: Path, out: Path) -> None:
    """Copy the tiles of each split into an array of its own."""
    table = rows_of(folder / "split.csv")
    tiles = np.load(folder / "tiles.npy", mmap_mode="r")
    numbers = {name: n for n, name in enumerate(sorted({row["class"] for row in table}))}
    for split in SPLITS:
        rows = [(n, row) for n, row in enumerate(table) if row["split"] == split]
        pack = open_memmap(out / f"{split}.npy", "w+", np.uint8, (len(rows), *tiles.shape[1:]))
        for i, (position, _) in enumerate(rows):
            pack[i] = tiles[position]
        write_rows(
            out / f"{split}.csv", [{**row, "label": numbers[row["class"]]} for _, row in rows]
        )


STAGES = {
    "slice": slice_fields,
    "rotate": rotate_tiles,
    "hash": hash_images,
    "pack": pack_tiles,
}

if __name__ == "__main__":
    stage, folder = sys.argv[1], Path(sys.argv[2])
    STAGES[stage](folder, folder / "plain")
