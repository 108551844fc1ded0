"""Rotating tiles, streamed into one array on disk."""

import math
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from manyseeds.errors import InputError
from manyseeds.machine import disks, processes

FILLS = ("reflect", "black", "mean")


def rotate(tile: np.ndarray, angle: float, fill: str = "reflect") -> np.ndarray:
    """Rotate a tile about its center.

    Parameters
    ----------
    tile : numpy.ndarray
        uint8 (height, width, 1 or 3).
    angle : float
        Degrees counter-clockwise, as in `PIL.Image.rotate`. Multiples of 90 are exact. Others
        are interpolated bicubically. This leaves 0.9 of the standard deviation of pixel noise.
        Bilinear interpolation leaves 0.67, by which a network could tell rotated (training)
        tiles from those that are not (test).
    fill : "reflect", "black" or "mean"
        What the corners show, which the tile does not cover: its own mirror image beyond each
        edge, black, or the tile's mean color.

    Returns
    -------
    numpy.ndarray
        As `tile`.

    Raises
    ------
    InputError
        There is no such fill.
    """
    height, width, channels = tile.shape
    if angle % 90 == 0 and (height == width or angle % 180 == 0):
        return np.ascontiguousarray(np.rot90(tile, round(angle / 90)))
    color: int | tuple[int, ...] | None = None
    margin = (0, 0)
    if fill == "reflect":
        margin = _margin(height, width, angle)
        tile = np.pad(tile, [(margin[0],) * 2, (margin[1],) * 2, (0, 0)], mode="reflect")
    elif fill == "mean":
        means = tuple(round(value) for value in tile.mean(axis=(0, 1)))
        color = means[0] if channels == 1 else means
    elif fill != "black":
        raise InputError(f"rotate.fill: {fill!r} is unknown. Choose from {', '.join(FILLS)}.")
    image = Image.fromarray(tile[..., 0] if channels == 1 else tile)
    pixels = np.asarray(image.rotate(angle, Image.Resampling.BICUBIC, fillcolor=color))
    inner = pixels[margin[0] : margin[0] + height, margin[1] : margin[1] + width]
    return inner.reshape(height, width, channels)


def rotate_tiles(
    tiles: Path, table: pd.DataFrame, out: Path, *, fill: str = "reflect", workers: int = 1
) -> pd.DataFrame:
    """Rotate tiles, each by its angle, written as one array.

    Parameters
    ----------
    tiles : path
        uint8 (n, size, size, channels), npy.
    table : pandas.DataFrame
        Rows of `split.csv`: where in `tiles` each lies (`position`), and its `angle` in degrees
        counter-clockwise. 0 keeps a tile as it is.
    out : path
        Becomes uint8 (rows, size, size, channels), npy.
    fill : "reflect", "black" or "mean"
        As in `rotate`.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        `table` with the positions in `out`.
    """
    shape = np.load(tiles, mmap_mode="r").shape
    disks.create_npy(out, (len(table), *shape[1:]))
    jobs = zip(range(len(table)), table["position"].tolist(), table["angle"].tolist(), strict=True)
    write = partial(_rotate_batch, tiles=tiles, out=out, fill=fill)
    for _ in processes.in_parallel(write, jobs, workers, "rotating"):
        pass
    return table.assign(position=range(len(table))).reset_index(drop=True)


def _margin(height: int, width: int, angle: float) -> tuple[int, int]:
    """Return how many pixels a rotation by `angle` shows beyond each edge, above and beside."""
    sine, cosine = abs(math.sin(math.radians(angle))), abs(math.cos(math.radians(angle)))
    above = (height * cosine + width * sine - height) / 2
    beside = (width * cosine + height * sine - width) / 2
    # Two more pixels for the reach of bicubic interpolation, and one for rounding.
    return max(0, math.ceil(above)) + 3, max(0, math.ceil(beside)) + 3


def _rotate_batch(jobs: list[tuple[int, int, float]], *, tiles: Path, out: Path, fill: str) -> None:
    """Write some rotated tiles: (place in `out`, position in `tiles`, angle)."""
    source = np.load(tiles, mmap_mode="r")
    array = np.lib.format.open_memmap(out, "r+")
    for place, position, angle in jobs:
        array[place] = rotate(np.asarray(source[position]), angle, fill)
