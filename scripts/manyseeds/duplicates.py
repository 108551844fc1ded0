"""Exact and near-duplicates among tiles.

A near-duplicate is the same picture again: turned by any angle, brighter or dimmer, resized,
compressed anew. It is sought on the disc inscribed in a gray thumbnail of each tile, which a
rotation maps onto itself:

1. `describe` makes thumbnails, brought to one mean and contrast, and the SHA-256 of each
   tile's pixels.
2. `candidates` hashes one side of two splits at every `STEP` degrees and the other once
   (perceptual hash of 64 bits, `imagehash.phash`), and keeps the nearest by Hamming distance.
3. `confirm` turns one thumbnail of each candidate pair until the two correlate best.

What the thresholds find and miss: docs/audit.md. Mirrored copies are not sought.
Thumbnails and hashes lie in files, mapped from disk. What memory holds are rows of tables, by
estimate half a kilobyte a tile and one a candidate pair, of which a tile has one to `NEIGHBOURS`.
"""

import hashlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from manyseeds import disks
from manyseeds.parallel import in_parallel

SIDE = 32
"""Height and width of a thumbnail in pixels: what `imagehash.phash` scales images to."""
STEP = 10
"""Degrees between two hashes of a tile: the nearest is at most 5 degrees off."""
NEIGHBOURS = 10
"""Candidates kept of each tile of the side that is turned."""
DISTANCE = 18
"""Bits of 64 in which the hashes of candidates differ at most."""
CORRELATION = 0.95
"""Least correlation of two near-duplicates."""
DETAIL = 0.7
"""Least correlation of their details: what is left of a thumbnail without its blur. Two tiles
with little but a bright blob correlate however the blob came about; their details do not."""
BLUR = 2.0
"""Standard deviation of that blur, a Gaussian's, in pixels of a thumbnail."""
HOPELESS = 0.7
"""Pairs that correlate less at the candidate's angle are not turned further."""
CONTRAST = 1.5
"""Least standard deviation of a thumbnail's disc, gray levels of 255. A tile with less is
featureless: brought to the contrast of others, noise is all that it shows."""

MEAN, SPREAD = 128, 40
"""Gray levels: mean and standard deviation of every thumbnail's disc."""
RUN = 256
"""Tiles described, hashed or compared at a time."""
CACHED = 2**15
"""Hashes compared at a time, so that they stay in the processor's cache."""
_CENTER = (SIDE - 1) / 2
DISC = np.hypot(*(np.indices((SIDE, SIDE)) - _CENTER)) <= _CENTER
"""bool (SIDE, SIDE): the inscribed disc. Turning a thumbnail brings no corner into it."""


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
    work = partial(_describe, pack=pack, thumbnails=thumbnails)
    found = in_parallel(work, _runs(count), workers, f"thumbnails of {pack.stem}")
    rows = [row for batch in found for row in batch]
    return pd.DataFrame(rows, columns=["sha256", "contrast", "constant"])


def candidates(
    turned: Path,
    turned_rows: np.ndarray,
    once: Path,
    once_rows: np.ndarray,
    scratch: Path,
    workers: int = 1,
) -> pd.DataFrame:
    """Return the pairs of tiles whose hashes are near at some angle.

    Parameters
    ----------
    turned, once : path
        Thumbnails as `describe` wrote them: of the tiles hashed at every `STEP` degrees
        (best the fewer), and of those hashed as they are.
    turned_rows, once_rows : numpy.ndarray
        int64, the rows to compare.
    scratch : path
        An existing folder for files of hashes, 8 bytes each.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        Columns turned, once (rows of the arrays), angle (degrees counter-clockwise by which
        the first looks like the second, 0–350) and distance (bits, 0–64). Of each tile of
        `turned`: its nearest, however far, and up to `NEIGHBOURS` within `DISTANCE`.

    Raises
    ------
    InputError
        There is not enough space for the hashes.
    """
    angles = range(0, 360, STEP)
    of_turned, of_once = scratch / "turned.npy", scratch / "once.npy"
    hash_rows(turned, turned_rows, angles, of_turned, workers)
    hash_rows(once, once_rows, [0], of_once, workers)
    work = partial(_nearest, turned=of_turned, once=of_once)
    found = in_parallel(work, _runs(len(turned_rows)), workers, "comparing hashes")
    table = np.concatenate([np.zeros((0, 4), np.int64), *found])
    return pd.DataFrame(
        {
            "turned": turned_rows[table[:, 0]],
            "once": once_rows[table[:, 1]],
            "angle": table[:, 2] * STEP,
            "distance": table[:, 3],
        }
    )


def hash_rows(thumbnails: Path, rows: np.ndarray, angles, out: Path, workers: int = 1) -> None:
    """Write the perceptual hashes of some thumbnails, turned by each angle.

    Parameters
    ----------
    thumbnails : path
        As `describe` wrote them.
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
    work = partial(_hash, thumbnails=thumbnails, rows=rows, angles=tuple(angles), out=out)
    for _ in in_parallel(work, _runs(len(rows)), workers, "hashing"):
        pass


def confirm(turned: Path, once: Path, pairs: pd.DataFrame, workers: int = 1) -> pd.DataFrame:
    """Return candidate pairs with their angle refined and the correlation there.

    Parameters
    ----------
    turned, once : path
        Thumbnails as `describe` wrote them.
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
    rows = list(pairs[["turned", "once", "angle"]].itertuples(index=False, name=None))
    work = partial(_confirm, turned=turned, once=once)
    # Runs of pairs as items: one message between processes for many pairs.
    runs = [rows[start : start + RUN] for start in range(0, len(rows), RUN)]
    found = [pair for batch in in_parallel(work, runs, workers, "confirming") for pair in batch]
    angle, *correlations = np.array(found, dtype=float).reshape(-1, 3).T
    # Beyond six decimals is rounding, which would order pairs that are equally close.
    correlation, detail = np.clip(correlations, -1, 1).round(6)
    angle = 180 - (180 - angle.astype(int)) % 360
    return pairs.assign(angle=angle, correlation=correlation, detail=detail)


def alike(pairs: pd.DataFrame) -> pd.Series:
    """Return which pairs, as from `confirm`, are near-duplicates."""
    return (pairs["correlation"] >= CORRELATION) & (pairs["detail"] >= DETAIL)


def thumbnail(tile: np.ndarray) -> tuple[np.ndarray, float]:
    """Return a tile's thumbnail, uint8 (`SIDE`, `SIDE`), and its contrast in gray levels.

    The channels count equally: by luminance a blue stain would be all but black.
    """
    gray = Image.fromarray(tile.mean(axis=2, dtype=np.float32))
    small = np.asarray(gray.resize((SIDE, SIDE), Image.Resampling.BILINEAR))
    mean, contrast = small[DISC].mean(dtype=float), small[DISC].std(dtype=float)
    scaled = MEAN + SPREAD * (small - mean) / max(contrast, 1e-6)
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8), float(contrast)


def _runs(count: int) -> Iterator[tuple[int, int]]:
    return ((start, min(start + RUN, count)) for start in range(0, count, RUN))


def _describe(runs: list, *, pack: Path, thumbnails: Path) -> list[tuple[str, float, bool]]:
    tiles = np.load(pack, mmap_mode="r")
    out = np.lib.format.open_memmap(thumbnails, "r+")
    found = []
    for start, stop in runs:
        for row in range(start, stop):
            tile = np.ascontiguousarray(tiles[row])
            out[row], contrast = thumbnail(tile)
            constant = bool((tile == tile[0, 0]).all())
            found.append((hashlib.sha256(tile).hexdigest(), contrast, constant))
    return found


def _turn(image: Image.Image, angle: float) -> np.ndarray:
    return np.asarray(image.rotate(angle, Image.Resampling.BICUBIC))


def _hash(runs: list, *, thumbnails: Path, rows: np.ndarray, angles: tuple, out: Path) -> None:
    import imagehash

    source = np.load(thumbnails, mmap_mode="r")
    hashes = np.lib.format.open_memmap(out, "r+")
    for start, stop in runs:
        for place in range(start, stop):
            image = Image.fromarray(source[rows[place]])
            for number, angle in enumerate(angles):
                # Beyond the disc is the disc's mean: its edge adds little to the hash.
                disc = np.where(DISC, _turn(image, angle), np.uint8(MEAN))
                bits = imagehash.phash(Image.fromarray(disc)).hash
                hashes[place, number] = np.packbits(bits).view(np.uint64)[0]


def _nearest(runs: list, *, turned: Path, once: Path) -> np.ndarray:
    """Return int64 (pairs, 4): place in turned, place in once, number of the angle, distance."""
    all_turned, all_once = np.load(turned, mmap_mode="r"), np.load(once)
    best = np.empty(len(all_once), np.uint8)
    crossed = np.empty(min(CACHED, len(all_once)), np.uint64)
    bits = np.empty(len(crossed), np.uint8)
    pairs = [np.zeros((0, 4), np.int64)]
    for start, stop in runs:
        for place in range(start, stop):
            codes = np.array(all_turned[place])
            for first in range(0, len(all_once), CACHED):
                part = all_once[first : first + CACHED, 0]
                nearest = best[first : first + CACHED]
                nearest.fill(64)
                for code in codes:
                    np.bitwise_xor(part, code, out=crossed[: len(part)])
                    np.bitwise_count(crossed[: len(part)], out=bits[: len(part)])
                    np.minimum(nearest, bits[: len(part)], out=nearest)
            kept = np.arange(len(best))
            if len(best) > NEIGHBOURS:
                kept = np.argpartition(best, NEIGHBOURS)[:NEIGHBOURS]
            kept = kept[best[kept] <= max(DISTANCE, best.min())]
            distances = np.bitwise_count(codes[:, None] ^ all_once[kept, 0])
            pairs.append(
                np.stack(
                    [np.full(len(kept), place), kept, distances.argmin(axis=0), best[kept]], axis=1
                ).astype(np.int64)
            )
    return np.concatenate(pairs)


def _standardised(thumbnail: np.ndarray) -> np.ndarray:
    values = thumbnail[DISC].astype(np.float32)
    values -= values.mean()
    return values / max(float(np.linalg.norm(values)), 1e-6)


def _detail(thumbnail: np.ndarray) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    levels = thumbnail.astype(np.float32)
    return levels - gaussian_filter(levels, BLUR)


def _confirm(runs: list, *, turned: Path, once: Path) -> list[tuple[int, float, float]]:
    """Return the angle, correlation and that of the details of each pair of the runs."""
    moving, fixed = np.load(turned, mmap_mode="r"), np.load(once, mmap_mode="r")
    found = []
    for pairs in runs:
        for row, other, angle in pairs:
            image, target = Image.fromarray(moving[row]), _standardised(fixed[other])
            by_angle = {angle: float(_standardised(_turn(image, angle)) @ target)}
            if by_angle[angle] >= HOPELESS:
                for tried in range(angle - STEP // 2, angle + STEP // 2 + 1):
                    by_angle[tried] = float(_standardised(_turn(image, tried)) @ target)
            best = max(by_angle, key=by_angle.get)
            details = (_detail(_turn(image, best)), _detail(fixed[other]))
            first, second = map(_standardised, details)
            found.append((best, by_angle[best], float(first @ second)))
    return found
