"""Thumbnails of tiles, by which near-duplicates are found, and the digests of their pixels.

A thumbnail is gray and small. Its disc, which a rotation maps onto itself, is brought to one mean
and one contrast, so that brighter and dimmer copies of a tile look the same.
"""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from manyseeds.machine import disks
from manyseeds.machine.processes import in_parallel

SIDE = 32
"""Height and width of a thumbnail in pixels: what `imagehash.phash` scales images to."""
CONTRAST = 1.5
"""Least standard deviation of a thumbnail's disc, gray levels of 255. A tile with less is
featureless: at the contrast of the others it would show nothing but noise."""
MEAN, SPREAD = 128, 40
"""Gray levels: mean and standard deviation of every thumbnail's disc."""
RUN = 256
"""Tiles described, hashed or compared at a time."""
_CENTER = (SIDE - 1) / 2
DISC = np.hypot(*(np.indices((SIDE, SIDE)) - _CENTER)) <= _CENTER
"""bool (SIDE, SIDE): the inscribed disc. Rotating a thumbnail brings no corner into it."""


def describe(pack: Path, thumbnails: Path, workers: int = 1) -> pd.DataFrame:
    """Return digest, contrast and constancy of each tile of a pack; write its thumbnails.

    Parameters
    ----------
    pack : path
        uint8 (n, height, width, channels), npy.
    thumbnails : path
        Becomes uint8 (n, `SIDE`, `SIDE`), npy: the mean of the channels, resized, its disc
        brought to the mean `MEAN` and the standard deviation `SPREAD`.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        n rows: sha256 of the pixels (hexadecimal), contrast (standard deviation of the
        thumbnail's disc before it was scaled, gray levels 0–127.5), constant (bool: all pixels
        are equal).

    Raises
    ------
    InputError
        There is not enough space for the thumbnails.
    """
    count = len(np.load(pack, mmap_mode="r"))
    disks.create_npy(thumbnails, (count, SIDE, SIDE), remedy=disks.FREE_SCRATCH)
    describe_rows = partial(_describe, pack=pack, thumbnails=thumbnails)
    found = in_parallel(describe_rows, row_ranges(count), workers, f"thumbnails of {pack.stem}")
    rows = [row for batch in found for row in batch]
    return pd.DataFrame(rows, columns=["sha256", "contrast", "constant"])


def thumbnail(tile: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a tile's thumbnail, uint8 (`SIDE`, `SIDE`), and its contrast in gray levels.

    The channels count equally: by luminance a blue stain would be all but black.
    """
    gray = Image.fromarray(tile.mean(axis=2, dtype=np.float32))
    small = np.asarray(gray.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    mean, contrast = small[DISC].mean(dtype=float), small[DISC].std(dtype=float)
    scaled = MEAN + SPREAD * (small - mean) / max(contrast, 1e-6)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8), float(contrast)


def row_ranges(count: int) -> Iterator[tuple[int, int]]:
    """Yield the first row, and the one after the last, of every `RUN` rows."""
    return ((start, min(start + RUN, count)) for start in range(0, count, RUN))


def _describe(
    ranges: list[tuple[int, int]], *, pack: Path, thumbnails: Path
) -> list[tuple[str, float, bool]]:
    """Write the thumbnails of some rows; return each one's digest, contrast and constancy."""
    tiles = np.load(pack, mmap_mode="r")
    out = np.lib.format.open_memmap(thumbnails, "r+")
    found = []
    for start, stop in ranges:
        for row in range(start, stop):
            tile = np.ascontiguousarray(tiles[row])
            out[row], contrast = thumbnail(tile)
            constant = bool((tile == tile[0, 0]).all())
            found.append((hashlib.sha256(tile.data).hexdigest(), contrast, constant))
    return found
