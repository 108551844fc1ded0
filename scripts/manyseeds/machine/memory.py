"""How much memory a job needs, as far as that is known before it starts."""

import csv
from pathlib import Path

BASE = 500  # MB of a Python process with the packages of the data stages
COPIES = 4
"""Copies of an image that a process holds at most: the file, two planes, the picture."""


def for_images(table: Path | str, workers: int, pixel_size: float | None = None) -> int:
    """Return the memory in MB that processes need to read the images of a table.

    Parameters
    ----------
    table : path-like
        `images.csv`; its width, height, bit_depth, mode, pages and sizes of pixels are used.
    workers : int
        Processes that read at the same time.
    pixel_size : float, optional
        The size in µm to which all pixels are brought.

    Raises
    ------
    FileNotFoundError
        The table is not there yet.
    """
    with Path(table).open(encoding="utf-8", newline="") as file:
        largest = max((_bytes(row, pixel_size) for row in csv.DictReader(file)), default=0)
    return BASE + workers * (100 + COPIES * largest // 2**20)


def _bytes(row: dict[str, str], pixel_size: float | None) -> int:
    """Return the bytes of an image, in three channels if it may become color."""
    channels, value = 1, max(1, int(row["bit_depth"]) // 8)
    if int(row["pages"]) > 1:
        # Planes are added up as 64-bit floats.
        channels, value = 3, 8
    elif row["mode"] not in {"1", "L"}:
        channels = 3
    pixels = int(row["width"]) * int(row["height"])
    resized = 0.0
    if pixel_size and row["pixel_size"]:
        resized = pixels * float(row["pixel_size"]) * float(row["pixel_height"]) / pixel_size**2
    return int(max(pixels * value, resized)) * channels
