"""How much memory a job needs, as far as that is known before it starts."""

import csv
from pathlib import Path

BASE = 500  # MB of a Python process with the packages of the data stages
COPIES = 4
"""Copies of an image that a process holds at most: the file, the planes, the picture, a part."""


def for_images(table: Path | str, workers: int) -> int:
    """Return the memory in MB that processes need to read the images of a table.

    Parameters
    ----------
    table : path-like
        `images.csv`; its width, height, bit_depth, mode and planes are used.
    workers : int
        Processes that read at the same time.

    Raises
    ------
    FileNotFoundError
        The table is not there yet.
    """
    with Path(table).open(encoding="utf-8", newline="") as file:
        largest = max((_bytes(row) for row in csv.DictReader(file)), default=0)
    return BASE + workers * (100 + COPIES * largest // 2**20)


def _bytes(row: dict[str, str]) -> int:
    """Return the bytes of an image, in three channels if it may become color."""
    gray = row["mode"] in {"1", "L"} and row["planes"] == "one plane"
    size = max(1, int(row["bit_depth"]) // 8)
    return int(row["width"]) * int(row["height"]) * size * (1 if gray else 3)
