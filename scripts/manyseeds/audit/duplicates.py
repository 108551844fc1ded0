"""Near-duplicates among tiles of two splits.

A near-duplicate is the same picture again: rotated by any angle, brighter or dimmer, resized,
compressed again. The search compares thumbnails, see `manyseeds.audit.thumbnails`:

1. `candidates` hashes the tiles of one split at every `STEP` degrees (they are *rotated*) and
   those of the other as they are (they are *fixed*), and keeps the nearest pairs by Hamming
   distance. The hash is the perceptual one of 64 bits, `imagehash.phash`.
2. `confirm` rotates one thumbnail of each candidate pair until the two correlate best.

docs/audit.md says what the thresholds find and miss. Mirrored copies are not looked for.
Thumbnails and hashes lie in files, mapped from disk. Memory holds only rows of tables: by estimate
half a kilobyte a tile, and a kilobyte a candidate pair, of which a tile has one to `NEIGHBOURS`.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from manyseeds.audit.thumbnails import DISC, MEAN, RUN, row_ranges
from manyseeds.machine import disks
from manyseeds.machine.processes import in_parallel

STEP = 10
"""Degrees between two hashes of a tile: the nearest is at most 5 degrees off."""
NEIGHBOURS = 10
"""Candidates kept of each tile that is rotated."""
DISTANCE = 18
"""Bits of 64 in which the hashes of candidates differ at most."""
CORRELATION = 0.95
"""Least correlation of two near-duplicates."""
DETAIL = 0.7
"""Least correlation of their details. The details are what is left of a thumbnail without its blur.
Two tiles with little but a bright blob correlate whatever the blob is; their details do not."""
BLUR = 2.0
"""Standard deviation of that blur, a Gaussian's, in pixels of a thumbnail."""
HOPELESS = 0.7
"""Pairs that correlate less at the candidate's angle are tried at no other angle."""
CACHED = 2**15
"""Hashes compared at a time, so that they stay in the processor's cache."""


def candidates(
    rotated: Path,
    rotated_rows: np.ndarray,
    fixed: Path,
    fixed_rows: np.ndarray,
    scratch: Path,
    workers: int = 1,
) -> pd.DataFrame:
    """Return the pairs of tiles whose hashes are near at some angle.

    Parameters
    ----------
    rotated, fixed : path
        Thumbnails as `thumbnails.describe` wrote them: of the tiles hashed at every `STEP`
        degrees, and of those hashed as they are. It is faster if the first are the fewer.
    rotated_rows, fixed_rows : numpy.ndarray
        int64, the rows to compare.
    scratch : path
        An existing folder for files of hashes, 8 bytes each.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        Columns rotated, fixed (rows of the arrays), angle (degrees counter-clockwise by which
        the first looks like the second, 0–350) and distance (bits, 0–64). Each tile of
        `rotated` has its nearest, however far, and up to `NEIGHBOURS` within `DISTANCE`.

    Raises
    ------
    InputError
        There is not enough space for the hashes.
    """
    angles = range(0, 360, STEP)
    rotated_hashes, fixed_hashes = scratch / "rotated_hashes.npy", scratch / "fixed_hashes.npy"
    hash_rows(rotated, rotated_rows, angles, rotated_hashes, workers)
    hash_rows(fixed, fixed_rows, [0], fixed_hashes, workers)
    nearest = partial(_nearest, rotated_hashes=rotated_hashes, fixed_hashes=fixed_hashes)
    found = in_parallel(nearest, row_ranges(len(rotated_rows)), workers, "comparing hashes")
    table = np.concatenate([np.zeros((0, 4), np.int64), *found])
    return pd.DataFrame(
        {
            "rotated": rotated_rows[table[:, 0]],
            "fixed": fixed_rows[table[:, 1]],
            "angle": table[:, 2] * STEP,
            "distance": table[:, 3],
        }
    )


def hash_rows(
    thumbnails: Path, rows: np.ndarray, angles: Sequence[float], out: Path, workers: int = 1
) -> None:
    """Write the perceptual hashes of some thumbnails, rotated by each angle.

    Parameters
    ----------
    thumbnails : path
        As `thumbnails.describe` wrote them.
    rows : numpy.ndarray
        int64 (n,).
    angles : sequence of float
        Degrees counter-clockwise.
    out : path
        Becomes uint64 (n, angles), npy.
    workers : int
        Processes.
    """
    disks.create_npy(out, (len(rows), len(angles)), np.uint64, disks.FREE_SCRATCH)
    write = partial(_hash, thumbnails=thumbnails, rows=rows, angles=tuple(angles), out=out)
    for _ in in_parallel(write, row_ranges(len(rows)), workers, "hashing"):
        pass


def confirm(rotated: Path, fixed: Path, pairs: pd.DataFrame, workers: int = 1) -> pd.DataFrame:
    """Return candidate pairs with their angle refined and the correlation there.

    Parameters
    ----------
    rotated, fixed : path
        Thumbnails as `thumbnails.describe` wrote them.
    pairs : pandas.DataFrame
        As `candidates` returns them.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        `pairs` with angle refined to whole degrees (where it can matter, see `HOPELESS`), -179
        to 180, and the columns correlation (Pearson's, of the gray levels on the disc; neither
        brightness nor contrast changes it) and detail (the same of their details, see `DETAIL`).
    """
    rows = list(pairs[["rotated", "fixed", "angle"]].itertuples(index=False, name=None))
    best = partial(_confirm, rotated=rotated, fixed=fixed)
    # An item is a list of pairs: one message between processes serves many pairs.
    lists = [rows[start : start + RUN] for start in range(0, len(rows), RUN)]
    found = [pair for batch in in_parallel(best, lists, workers, "confirming") for pair in batch]
    angle, *correlations = np.array(found, dtype=float).reshape(-1, 3).T
    # Digits after the sixth are rounding. They would order pairs that are equally close.
    correlation, detail = np.clip(correlations, -1, 1).round(6)
    angle = 180 - (180 - angle.astype(int)) % 360
    return pairs.assign(angle=angle, correlation=correlation, detail=detail)


def are_near_duplicates(pairs: pd.DataFrame) -> pd.Series:
    """Return which pairs, as from `confirm`, are near-duplicates: bool, with the table's index."""
    return (pairs["correlation"] >= CORRELATION) & (pairs["detail"] >= DETAIL)


def _rotate(image: Image.Image, angle: float) -> np.ndarray:
    return np.asarray(image.rotate(angle, Image.Resampling.BICUBIC))


def _hash(
    ranges: list[tuple[int, int]],
    *,
    thumbnails: Path,
    rows: np.ndarray,
    angles: tuple[float, ...],
    out: Path,
) -> None:
    """Write the hashes of some thumbnails at each angle; the ranges are of places in `rows`."""
    import imagehash

    source = np.load(thumbnails, mmap_mode="r")
    hashes = np.lib.format.open_memmap(out, "r+")
    for start, stop in ranges:
        for place in range(start, stop):
            image = Image.fromarray(source[rows[place]])
            for number, angle in enumerate(angles):
                # Beyond the disc is the disc's mean: its edge adds little to the hash.
                disc = np.where(DISC, _rotate(image, angle), np.uint8(MEAN))
                bits = imagehash.phash(Image.fromarray(disc)).hash
                hashes[place, number] = np.packbits(bits).view(np.uint64)[0]


def _nearest(
    ranges: list[tuple[int, int]], *, rotated_hashes: Path, fixed_hashes: Path
) -> np.ndarray:
    """Return the nearest pairs of some rotated tiles.

    int64 (pairs, 4): place of the rotated tile, place of the fixed one, number of the angle,
    distance.
    """
    rotated, fixed = np.load(rotated_hashes, mmap_mode="r"), np.load(fixed_hashes)
    best = np.empty(len(fixed), np.uint8)
    differing = np.empty(min(CACHED, len(fixed)), np.uint64)
    bits = np.empty(len(differing), np.uint8)
    pairs = [np.zeros((0, 4), np.int64)]
    for start, stop in ranges:
        for place in range(start, stop):
            codes = np.array(rotated[place])
            for first in range(0, len(fixed), CACHED):
                part = fixed[first : first + CACHED, 0]
                nearest = best[first : first + CACHED]
                nearest.fill(64)
                for code in codes:
                    np.bitwise_xor(part, code, out=differing[: len(part)])
                    np.bitwise_count(differing[: len(part)], out=bits[: len(part)])
                    np.minimum(nearest, bits[: len(part)], out=nearest)
            kept = np.arange(len(best))
            if len(best) > NEIGHBOURS:
                kept = np.argpartition(best, NEIGHBOURS)[:NEIGHBOURS]
            kept = kept[best[kept] <= max(DISTANCE, best.min())]
            distances = np.bitwise_count(codes[:, None] ^ fixed[kept, 0])
            pairs.append(
                np.stack(
                    [np.full(len(kept), place), kept, distances.argmin(axis=0), best[kept]], axis=1
                ).astype(np.int64)
            )
    return np.concatenate(pairs)


def _standardised(thumbnail: np.ndarray) -> np.ndarray:
    """Return the levels of a thumbnail's disc with mean 0 and norm 1, float32."""
    values = thumbnail[DISC].astype(np.float32)
    values -= values.mean()
    return values / max(float(np.linalg.norm(values)), 1e-6)


def _detail(thumbnail: np.ndarray) -> np.ndarray:
    """Return a thumbnail less its blur, float32 (`SIDE`, `SIDE`)."""
    from scipy.ndimage import gaussian_filter

    levels = thumbnail.astype(np.float32)
    return levels - gaussian_filter(levels, BLUR)


def _confirm(
    lists: list[list[tuple[int, int, int]]], *, rotated: Path, fixed: Path
) -> list[tuple[int, float, float]]:
    """Return the best angle of each pair, with the correlation and that of the details there."""
    first_side, second_side = np.load(rotated, mmap_mode="r"), np.load(fixed, mmap_mode="r")
    found = []
    for pairs in lists:
        for row, other, angle in pairs:
            image, target = Image.fromarray(first_side[row]), _standardised(second_side[other])
            by_angle = {angle: float(_standardised(_rotate(image, angle)) @ target)}
            if by_angle[angle] >= HOPELESS:
                for tried in range(angle - STEP // 2, angle + STEP // 2 + 1):
                    by_angle[tried] = float(_standardised(_rotate(image, tried)) @ target)
            best = max(by_angle, key=lambda tried: by_angle[tried])
            details = (_detail(_rotate(image, best)), _detail(second_side[other]))
            first, second = map(_standardised, details)
            found.append((best, by_angle[best], float(first @ second)))
    return found
