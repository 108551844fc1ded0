"""Images that come as gzipped IDX pairs, as MNIST's."""

import gzip
import hashlib
import io
import re
import struct
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from manyseeds import parallel
from manyseeds.archives import fetch_file
from manyseeds.errors import InputError
from manyseeds.sources import COLUMNS, check_classes

# The format of the names of each split's files, and the two kinds of files.
IDX_FILES = {"train": "train-{}.gz", "test": "t10k-{}.gz"}
IDX_KINDS = ("images-idx3-ubyte", "labels-idx1-ubyte")


def read_idx(
    source: str | Path,
    out: Path,
    *,
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    cache: Path | None = None,
    workers: int = 1,
) -> tuple[pd.DataFrame, int]:
    """Write gzipped IDX pairs (as MNIST's and Fashion-MNIST's) as PNGs in class folders.

    Parameters
    ----------
    source : path or str
        A folder or base address with ``train-images-idx3-ubyte.gz``,
        ``train-labels-idx1-ubyte.gz`` and the same two beginning with ``t10k-``.
    out : path
        Gets ``<split>/<class>/NNNNN.png``, split being train or test and NNNNN the place in
        the IDX file.
    names : sequence of str, optional
        The classes' names in the order of their labels; "0", "1" ... by default. Characters
        that file names cannot have become "-".
    classes : sequence of str, optional
        The classes wanted, as in `names`; all by default.
    cache : path, optional
        Where downloads are kept.
    workers : int
        Processes that write.

    Returns
    -------
    table, phantoms
        As `sources.describe_folder`; each image is its own group and there are no phantom files.

    Raises
    ------
    InputError
        A file is missing, damaged, not IDX, or has more labels than `names`.
    """
    pairs = {split: _read_pair(source, split, cache) for split in IDX_FILES}
    top = max(int(labels.max()) for _, labels in pairs.values())
    safe = [_safe(name) for name in (names or range(top + 1))]
    if len(set(safe)) <= top:
        raise InputError(
            f"{source}: has the labels 0 to {top}, but {len(set(safe))} names are given. "
            "Name every class, each differently."
        )
    wanted = [_safe(name) for name in (classes or safe)]
    rows, pixels = [], []
    for split, (pictures, labels) in pairs.items():
        for number, label in enumerate(labels):
            if safe[label] in wanted:
                path = f"{split}/{safe[label]}/{number:05d}.png"
                rows.append({"image": path, "class": safe[label], "group": path, "split": split})
                pixels.append(pictures[number])
    check_classes(source, wanted, rows)
    for parent in {Path(out, row["image"]).parent for row in rows}:
        parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows)
    written = parallel.in_parallel(
        partial(_write_batch, out=out),
        zip(table["image"], pixels, strict=True),
        workers,
        "writing PNGs",
    )
    facts = pd.DataFrame([fact for batch in written for fact in batch])
    return pd.concat([table, facts], axis=1)[COLUMNS], 0


def _read_pair(source: str | Path, split: str, cache: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (n, height, width) and labels (n,) of a split, uint8."""
    base = str(source).rstrip("/")
    paths = [
        fetch_file(f"{base}/{IDX_FILES[split].format(kind)}", None, cache) for kind in IDX_KINDS
    ]
    pixels, labels = (_parse_idx(path, axes) for path, axes in zip(paths, (3, 1), strict=True))
    if len(pixels) != len(labels):
        raise InputError(
            f"{paths[0]}: has {len(pixels)} images, but {paths[1]} {len(labels)} labels. "
            "Fetch both again."
        )
    return pixels, labels


def _parse_idx(path: Path, axes: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes (format: http://yann.lecun.com/exdb/mnist)."""
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: not a whole gzip file ({error}). Fetch it again.") from error
    start = 4 + 4 * axes
    # Two zero bytes, 8 for unsigned bytes, the number of axes; then each axis's length.
    if len(data) < start or data[:4] != bytes([0, 0, 8, axes]):
        raise InputError(f"{path}: not an IDX file of bytes with {axes} axes. Fetch it again.")
    shape = struct.unpack(f">{axes}I", data[4:start])
    if len(data) - start != np.prod(shape) or not np.prod(shape):
        raise InputError(f"{path}: its length does not fit its header. Fetch it again.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _write_batch(jobs: list[tuple[str, np.ndarray]], out: Path) -> list[dict]:
    """Write some gray images as PNG and describe them as `images.inspect` would."""
    rows = []
    for path, pixels in jobs:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", compress_level=1)
        Path(out, path).write_bytes(file.getvalue())
        rows.append(
            {
                "width": pixels.shape[1],
                "height": pixels.shape[0],
                "bit_depth": 8,
                "pages": 1,
                "mode": "L",
                "maximum": int(pixels.max()),
                "sha256": hashlib.sha256(file.getvalue()).hexdigest(),
            }
        )
    return rows


def _safe(name: str | int) -> str:
    """Return a class's name as a folder can have it: "T-shirt/top" is "T-shirt-top"."""
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]', "-", str(name))
