"""From camera counts to 8 bits, by one rule for each dataset."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from manyseeds.errors import InputError
from manyseeds.images import reading
from manyseeds.machine import processes

if TYPE_CHECKING:
    import pandas as pd

# Depths of the cameras in use. A 12-bit camera writes 16-bit files.
CAMERA_BITS = (8, 10, 12, 14, 16)
HISTOGRAM_BINS = 65536

Scale = str | Mapping[str, Any]


def intensity_range(
    records: "pd.DataFrame",
    scale: Scale,
    folder: Path | None = None,
    pages: reading.Pages = "first",
    workers: int = 1,
) -> tuple[float, float]:
    """Return the values that become 0 and 255: one pair for a whole dataset.

    ``depth``: images of at most 8 bits stay as they are, (0, 255). Deeper ones use the fewest of
    8, 10, 12, 14, 16 bits that hold the dataset's largest value on any page, such as 4095 for a
    12-bit camera. 32-bit images with no value above 1 use (0, 1), and those beyond 16 bits
    (0, largest value).
    ``{low, high}``: these counts.
    ``{percentiles: [p, q]}``: these percentiles over all pixels of all images, from a histogram of
    65 536 bins (exact up to 16 bits).

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `images.csv`; its image, bit_depth and maximum are used.
    scale : "depth" or mapping
        The rule.
    folder : path, optional
        Where the images lie; needed for percentiles.
    pages : "first", "max" or sequence of str
        As in `reading.read`, for percentiles.
    workers : int
        Processes, for percentiles.

    Raises
    ------
    InputError
        Low is not below high, or the two percentiles are one value, or ``depth`` meets 8-bit and
        deeper images in one dataset.
    """
    if isinstance(scale, str):
        return 0.0, float(_depth_maximum(records))
    if "percentiles" in scale:
        below, above = scale["percentiles"]
        if not below < above:
            raise InputError(
                f"scale.percentiles: {below:g} is not below {above:g}. Give two that differ, the "
                "lower one first."
            )
        # Each count has a bin of its own; 32-bit values share bins.
        deep = records["bit_depth"].max() == 32
        step = max(records["maximum"].max(), 1e-30) / (HISTOGRAM_BINS - 1) if deep else 1.0
        if folder is None:
            raise TypeError("percentiles are those of the images: give their folder")
        paths = [Path(folder, name) for name in records["image"]]
        low, high = _percentiles(paths, (below, above), step, pages, workers)
        if not low < high:
            raise InputError(
                f"scale.percentiles: {below:g} and {above:g} are the same value, {low:g}, as so "
                "many pixels have it. Give percentiles further apart, or `scale.low` and "
                "`scale.high`."
            )
    else:
        low, high = float(scale["low"]), float(scale["high"])
    if not low < high:
        raise InputError(
            f"scale: low ({low:g}) is not below high ({high:g}). Give two values that differ, "
            "the lower one first."
        )
    return low, high


def to_8bit(array: np.ndarray, low: float, high: float) -> np.ndarray:
    """Scale linearly so that `low` becomes 0 and `high` 255, clipped and rounded, as uint8."""
    if array.dtype == np.uint8 and (low, high) == (0, 255):
        return array
    scaled = np.empty(array.shape, np.uint8)
    # A few rows at a time stay in the processor's cache. It is twice as fast as all at once.
    rows = max(1, 2**16 * len(array) // max(1, array.size))
    for start in range(0, len(array), rows):
        part = array[start : start + rows].astype(np.float32)
        part -= low
        part *= 255 / (high - low)
        np.rint(part, out=part)
        scaled[start : start + rows] = np.clip(part, 0, 255, out=part)
    return scaled


def _depth_maximum(records: "pd.DataFrame") -> float:
    """Return the value that becomes 255 by the rule ``depth``."""
    shallow = records["bit_depth"] <= 8
    if shallow.all():
        return 255
    if shallow.any():
        names = [records.loc[rows, "image"].iloc[0] for rows in (shallow, ~shallow)]
        raise InputError(
            f"{names[0]}: has 8 bits, but {names[1]} more. `scale: depth` would tell them apart "
            "by brightness: bring them to one depth, or give `scale.low` and `scale.high`."
        )
    top = records["maximum"].max()
    if top <= 1 and (records["bit_depth"] == 32).all():
        return 1
    return next((2**bits - 1 for bits in CAMERA_BITS if top < 2**bits), top)


def _percentiles(
    paths: list[Path], percentiles: Sequence[float], step: float, pages: reading.Pages, workers: int
) -> tuple[float, float]:
    """Return two percentiles of all pixels, precise to the width of a bin of the histogram."""
    histograms = processes.in_parallel(
        partial(_histogram, step=step, pages=pages), paths, workers, "intensities"
    )
    shares = np.cumsum(sum(histograms))
    low, high = (int(np.searchsorted(shares, p / 100 * shares[-1])) * step for p in percentiles)
    return low, high


def _histogram(paths: list[Path], step: float, pages: reading.Pages) -> np.ndarray:
    """Count the pixels of images in bins of width `step` from zero, int64 (65 536,)."""
    total = np.zeros(HISTOGRAM_BINS, np.int64)
    for path in paths:
        bins = np.rint(reading.read(path, pages) / step)
        bins = np.clip(bins, 0, HISTOGRAM_BINS - 1).astype(np.int64)
        total += np.bincount(bins.ravel(), minlength=HISTOGRAM_BINS)
    return total
