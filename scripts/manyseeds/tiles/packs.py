"""A split as one memory-mapped uint8 array with its index: what training reads."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from manyseeds import tables
from manyseeds.errors import InputError
from manyseeds.machine import disks, processes

# Bytes of tiles that a process copies at a time. There must be enough such parts for all processes.
CHUNK_BYTES = 16 * 2**20
REMEDY = "Delete it, then run again."


@dataclass(frozen=True)
class Pack:
    """The tiles of a split and what is known of them, row by row.

    Attributes
    ----------
    images : numpy.memmap
        uint8 (n, size, size, channels), read from disk as it is used.
    labels : numpy.ndarray
        int64 (n,), index in `classes`.
    index : pandas.DataFrame
        n rows: tile, image, class, group, row, column, angle, split, label.
    classes : list of str
        In the order of their labels.
    """

    images: np.memmap
    labels: np.ndarray
    index: pd.DataFrame
    classes: list[str]

    def __len__(self) -> int:
        return len(self.labels)


def write(
    tiles: Path,
    table: pd.DataFrame,
    classes: Sequence[str],
    npy: Path,
    csv: Path,
    workers: int = 1,
) -> pd.DataFrame:
    """Write a pack: some tiles of an array, in the table's order, and their index.

    Parameters
    ----------
    tiles : path
        uint8 (m, size, size, channels), npy: a dataset's tiles, or the rotated ones.
    table : pandas.DataFrame
        Rows of `split.csv`, or of the rotated tiles' table. `position` says where in `tiles` each
        lies.
    classes : sequence of str
        All classes of the dataset, in the order of their labels.
    npy, csv : path
        The array and the index to be written.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        The index: `table` with the column label, and without position.

    Raises
    ------
    InputError
        The table names a class that is not in `classes`, or more tiles than there are.
    """
    source = np.load(tiles, mmap_mode="r")
    positions = table["position"].to_numpy()
    if len(positions) and positions.max() >= len(source):
        raise InputError(f"{tiles}: has {len(source)} tiles, fewer than its table. {REMEDY}")
    unknown = sorted(set(table["class"]) - set(classes))
    if unknown:
        raise InputError(f"classes: {unknown[0]!r} is missing. Add it, or leave its images out.")
    disks.create_npy(npy, (len(table), *source.shape[1:]))
    step = max(1, CHUNK_BYTES // max(1, int(np.prod(source.shape[1:]))))
    jobs = [(start, positions[start : start + step]) for start in range(0, len(positions), step)]
    for _ in processes.in_parallel(
        partial(_copy_batch, tiles=tiles, npy=npy), jobs, workers, "packing"
    ):
        pass
    labels = {name: label for label, name in enumerate(classes)}
    index = table.drop(columns="position").assign(label=table["class"].map(labels))
    index.to_csv(csv, index=False)
    return index.reset_index(drop=True)


def open_pack(npy: Path, csv: Path) -> Pack:
    """Open a pack, its images mapped from disk.

    Parameters
    ----------
    npy, csv : path
        As `write` left them.

    Raises
    ------
    InputError
        The two do not belong together, or are not a pack.
    """
    images = np.load(npy, mmap_mode="r")
    if images.dtype != np.uint8 or images.ndim != 4:
        raise InputError(f"{npy}: not uint8 (n, height, width, channels). {REMEDY}")
    index = tables.read(csv)
    if len(index) != len(images):
        raise InputError(f"{npy}: has {len(images)} tiles, but {csv} {len(index)} rows. {REMEDY}")
    names = index.drop_duplicates(["label", "class"]).sort_values("label")
    if names["label"].tolist() != list(range(len(names))) or names["class"].duplicated().any():
        raise InputError(f"{csv}: its labels are not 0, 1, 2 ... one a class. {REMEDY}")
    return Pack(
        images=images,
        # A copy: pandas lends its own as read-only, which PyTorch warns of.
        labels=index["label"].to_numpy(np.int64, copy=True),
        index=index,
        classes=names["class"].tolist(),
    )


def _copy_batch(jobs: list[tuple[int, np.ndarray]], *, tiles: Path, npy: Path) -> None:
    """Copy some tiles: each job is where they begin in the pack, and their positions in `tiles`.

    Tiles that follow each other in the source are written at once, by a plain write. It is faster
    than writing to a map of the pack, for which every page would have to be made first.
    """
    source = np.load(tiles, mmap_mode="r")
    header = np.load(npy, mmap_mode="r").offset
    with Path(npy).open("r+b") as target:
        for start, positions in jobs:
            target.seek(header + start * source[0].nbytes)
            for run in np.split(positions, np.flatnonzero(np.diff(positions) != 1) + 1):
                target.write(source[run[0] : run[-1] + 1])
