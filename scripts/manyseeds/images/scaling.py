"""From camera counts to 8 bits, by one rule for each dataset."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from manyseeds.errors import InputError
from manyseeds.images import reading
from manyseeds.images.selection import Selection
from manyseeds.machine import processes

if TYPE_CHECKING:
    import pandas as pd

# Depths of the cameras in use. A 12-bit camera writes 16-bit files.
CAMERA_BITS = (8, 10, 12, 14, 16)
HISTOGRAM_BINS = 65536
_AT_ONCE = 2**18  # pixels that are counted at once, so that memory stays small
_LEVELS = (
    "Say what becomes black and what white: `scale: {low: LOW, high: HIGH}`, "
    "or `scale: {percentiles: [0.1, 99.9]}`."
)

Scale = str | Mapping[str, Any]


def intensity_range(
    records: "pd.DataFrame",
    scale: Scale,
    folder: Path | None = None,
    selection: Selection | None = None,
    workers: int = 1,
) -> tuple[float, float]:
    """Return the values that become 0 and 255: one pair for a whole dataset.

    ``depth``: integers of at most 8 bits stay as they are, (0, 255). Deeper ones use the fewest of
    8, 10, 12, 14, 16 bits that hold the dataset's largest value, such as 4095 for a 12-bit camera.
    Decimal numbers (floats) from 0 to 1 use (0, 1). Whatever has no depth is refused: values below
    0, floats above 1, integers beyond 16 bits.
    ``{low, high}``: these counts.
    ``{percentiles: [p, q]}``: these percentiles over all pixels of all images, from a histogram of
    65 536 bins (exact for integers that span at most 16 bits).

    Parameters
    ----------
    records : pandas.DataFrame
        Rows of `images.csv`; image, file, position, frame, bit_depth, dtype, minimum and maximum
        are used.
    scale : "depth" or mapping
        The rule.
    folder : path, optional
        Where the images lie; needed for percentiles.
    selection : Selection, optional
        Which planes are used, for percentiles.
    workers : int
        Processes, for percentiles.

    Raises
    ------
    InputError
        Images of at most 8 bits, deeper ones and floats are mixed, which no one rule suits. Low is
        not below high, or the two percentiles are one value. ``depth`` meets values without a
        depth.
    """
    kind = _kind(records)
    if isinstance(scale, str):
        return 0.0, _depth_maximum(records, kind)
    if "percentiles" in scale:
        below, above = scale["percentiles"]
        if not below < above:
            raise InputError(
                f"scale.percentiles: {below:g} is not below {above:g}. Give two that differ, the "
                "lower one first."
            )
        if folder is None:
            raise TypeError("percentiles are those of the images: give their folder")
        low, high = _percentiles(records, folder, (below, above), selection, workers)
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
    # 32-bit floats do not hold larger integers exactly.
    precise: type = (
        np.float32 if array.dtype.itemsize <= 2 or array.dtype == np.float32 else np.float64
    )
    for rows in _parts(array):
        part: Any = array[rows].astype(precise)
        part -= low
        part *= 255 / (high - low)
        np.rint(part, out=part)
        scaled[rows] = np.clip(part, 0, 255, out=part)
    return scaled


def _parts(array: np.ndarray, pixels: int = 2**16) -> list[slice]:
    """Return some rows at a time: they stay in the processor's cache, and memory stays small."""
    rows = max(1, pixels * len(array) // max(1, array.size))
    return [slice(start, start + rows) for start in range(0, len(array), rows)]


def _kind(records: "pd.DataFrame") -> str:
    """Return what kind of numbers the images hold, or raise if they differ."""
    floats = records["dtype"].str.startswith("float")
    kinds = records["bit_depth"].gt(8).map({True: "more than 8 bits", False: "8 bits"})
    kinds[floats] = "decimal numbers (float)"
    found = kinds.drop_duplicates()
    if len(found) > 1:
        (a, first), (b, second), *_ = zip(records.loc[found.index, "image"], found, strict=True)
        raise InputError(
            f"{a}: has {first}, but {b} {second}. One scale for both would tell them apart by "
            "brightness. Export all images alike, from the files as the microscope wrote them."
        )
    return str(kinds.iloc[0])


def _depth_maximum(records: "pd.DataFrame", kind: str) -> float:
    """Return the value that becomes 255 by the rule ``depth``."""
    lowest = records.loc[records["minimum"].idxmin()]
    if lowest["minimum"] < 0:
        raise InputError(
            f"{lowest['image']}: has values below 0 (down to {lowest['minimum']:g}), which "
            f"`scale: depth` would make black. {_LEVELS}"
        )
    highest = records.loc[records["maximum"].idxmax()]
    top = highest["maximum"]
    if kind == "8 bits":
        return 255
    if kind.startswith("decimal"):
        if top <= 1:
            return 1
        raise InputError(
            f"{highest['image']}: has decimal numbers up to {top:.7g}, but `scale: depth` knows "
            f"those from 0 to 1 alone. {_LEVELS}"
        )
    if top >= 2 ** CAMERA_BITS[-1]:
        raise InputError(
            f"{highest['image']}: has values up to {top:.10g}, more than the 16 bits of a camera. "
            f"{_LEVELS}"
        )
    return next(2**bits - 1 for bits in CAMERA_BITS if top < 2**bits)


def _percentiles(
    records: "pd.DataFrame",
    folder: Path,
    percentiles: Sequence[float],
    selection: Selection | None,
    workers: int,
) -> tuple[float, float]:
    """Return two percentiles of all pixels, precise to the width of a bin of the histogram."""
    lowest, highest = records["minimum"].min(), records["maximum"].max()
    whole = not records["dtype"].str.startswith("float").any()
    # Each count has a bin of its own, if there are enough bins.
    fits = whole and highest - lowest < HISTOGRAM_BINS
    step = 1.0 if fits else max(highest - lowest, 1e-30) / (HISTOGRAM_BINS - 1)
    jobs = list(zip(records["file"], records["position"], records["frame"], strict=True))
    count = partial(
        _histogram, folder=folder, lowest=lowest, step=step, selection=selection or Selection()
    )
    histograms = processes.in_parallel(count, jobs, workers, "intensities")
    shares = np.cumsum(sum(histograms))
    low, high = (
        lowest + int(np.searchsorted(shares, p / 100 * shares[-1])) * step for p in percentiles
    )
    return float(low), float(high)


def _histogram(
    jobs: list[tuple[str, int, int]],
    *,
    folder: Path,
    lowest: float,
    step: float,
    selection: Selection,
) -> np.ndarray:
    """Count the pixels of images in bins of width `step` from the lowest, int64 (65 536,)."""
    total = np.zeros(HISTOGRAM_BINS, np.int64)
    for _, array in reading.of_jobs(folder, jobs, selection):
        for rows in _parts(array, _AT_ONCE):
            bins = array[rows].ravel().astype(np.float64)
            bins -= lowest
            bins /= step
            counts = np.rint(bins, out=bins).astype(np.int64)
            np.clip(counts, 0, HISTOGRAM_BINS - 1, out=counts)
            total += np.bincount(counts, minlength=HISTOGRAM_BINS)
    return total
