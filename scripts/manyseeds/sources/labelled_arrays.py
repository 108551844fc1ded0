"""Images that come as arrays with labels, written as PNGs in class folders.

What IDX files and torchvision's datasets have in common.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from manyseeds.errors import InputError
from manyseeds.machine import processes
from manyseeds.sources.fetched import (
    COLUMNS,
    SKIPPED_COLUMNS,
    Fetched,
    check_classes,
    nothing_left,
)
from manyseeds.sources.naming import safe_name


class Labelled(NamedTuple):
    """The images of a split.

    Attributes
    ----------
    pixels : path
        An npy file, uint8 (n, height, width) or (n, height, width, 3).
    labels : numpy.ndarray
        Whole numbers (n,), from 0.
    """

    pixels: Path
    labels: np.ndarray


def write_pngs(
    source: str | Path,
    splits: Mapping[str, Labelled],
    out: Path,
    *,
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    workers: int = 1,
) -> Fetched:
    """Write images as PNGs in class folders.

    Parameters
    ----------
    source : path or str
        What the messages name.
    splits : mapping of str to Labelled
        The images of each split.
    out : path
        Gets ``<split>/<class>/NNNNN.png``, NNNNN being the place in the split's array.
    names : sequence of str, optional
        The classes' names in the order of their labels; "0", "1" ... by default. Characters
        that file names cannot have become "-".
    classes : sequence of str, optional
        The classes wanted, as in `names`; all by default.
    workers : int
        Processes that write. Each maps the arrays, so that no one holds them in memory.

    Returns
    -------
    Fetched
        Each image is its own group and its angle is 0.

    Raises
    ------
    InputError
        There are more labels than names, two names are the same, or a class has no images.
    """
    top = max(int(part.labels.max()) for part in splits.values())
    safe = [safe_name(name) for name in (names or range(top + 1))]
    if len(set(safe)) <= top:
        raise InputError(
            f"{source}: has the labels 0 to {top}, but {len(set(safe))} names are given. "
            "Name every class, each differently."
        )
    wanted = [safe_name(name) for name in (classes or safe)]
    rows, places = [], []
    for split, part in splits.items():
        for number, label in enumerate(part.labels.tolist()):
            if safe[label] in wanted:
                path = f"{split}/{safe[label]}/{number:05d}.png"
                rows.append({"image": path, "class": safe[label], "group": path, "split": split})
                places.append((path, split, number))
    check_classes(source, wanted, rows)
    files = {split: part.pixels for split, part in splits.items()}
    with nothing_left(out):
        for parent in {Path(out, row["image"]).parent for row in rows}:
            parent.mkdir(parents=True, exist_ok=True)
        write = partial(_write_batch, files=files, out=out)
        written = processes.in_parallel(write, places, workers, "writing PNGs")
        facts = pd.DataFrame([fact for batch in written for fact in batch])
    table = pd.concat([pd.DataFrame(rows), facts], axis=1)[COLUMNS]
    return Fetched(table, 0, pd.DataFrame(columns=SKIPPED_COLUMNS))


def _write_batch(
    places: list[tuple[str, str, int]], files: Mapping[str, Path], out: Path
) -> list[dict]:
    """Write some images as PNG and describe them as `reading.inspect` would."""
    arrays = {split: np.load(file, mmap_mode="r") for split, file in files.items()}
    rows = []
    for path, split, number in places:
        pixels = np.asarray(arrays[split][number])
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", compress_level=1)
        Path(out, path).write_bytes(file.getvalue())
        rows.append(
            {
                "angle": 0.0,
                "file": path,
                "position": 0,
                "frame": -1,
                "position_name": "",
                "width": pixels.shape[1],
                "height": pixels.shape[0],
                "bit_depth": 8,
                "dtype": "uint8",
                "minimum": int(pixels.min()),
                "maximum": int(pixels.max()),
                "pages": 1,
                "planes": "one plane",
                "unused": "",
                "channels": "",
                "pixel_size": np.nan,
                "pixel_height": np.nan,
                "mode": "L" if pixels.ndim == 2 else "RGB",
                "color_table": "",
                "format": "PNG",
                "quality": 0,
                "sha256": hashlib.sha256(file.getvalue()).hexdigest(),
            }
        )
    return rows
