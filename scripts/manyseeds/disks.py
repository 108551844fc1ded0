"""Disks that fill up: space taken before it is needed, and a message that names the folder."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from manyseeds.errors import InputError

FULL = {errno.ENOSPC, errno.EDQUOT}
FREE_SPACE = "Free space there, then run again."
FREE_SCRATCH = "Free space there, or name a folder with more of it in TMPDIR."


@contextmanager
def naming_full(folder: Path | str, remedy: str = FREE_SPACE) -> Iterator[None]:
    """Name the folder in which space ran out in what is raised.

    Parameters
    ----------
    folder : path-like
        Where the files written meanwhile lie.
    remedy : str
        How the message ends.

    Raises
    ------
    InputError
        The disk, or the user's share of it, is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise InputError(f"{folder}: no space is left on its disk. {remedy}") from error


def create_npy(
    path: Path | str, shape: Sequence[int], dtype: type = np.uint8, remedy: str = FREE_SPACE
) -> np.memmap:
    """Create an array in a file and map it, all its space taken on the disk.

    Writing to a mapped file whose disk is full ends the process without a word (SIGBUS).

    Parameters
    ----------
    path : path-like
        Becomes an npy file of zeros; one there already is replaced.
    shape : sequence of int
        Of the array.
    dtype : type
        Of the array.
    remedy : str
        How the message ends; `FREE_SCRATCH` for files of a temporary folder.

    Returns
    -------
    numpy.memmap
        The array, to be written to.

    Raises
    ------
    InputError
        There is not enough space; no file is left behind.
    """
    path = Path(path)
    try:
        with naming_full(path.parent, f"{_megabytes(shape, dtype)} are needed. {remedy}"):
            array = np.lib.format.open_memmap(path, "w+", dtype, tuple(shape))
            # Not on macOS, whose disks are seldom that small.
            if hasattr(os, "posix_fallocate"):
                with path.open("r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except InputError:
        path.unlink(missing_ok=True)
        raise
    return array


def _megabytes(shape: Sequence[int], dtype: type) -> str:
    size = np.dtype(dtype).itemsize * int(np.prod(shape, dtype=np.int64))
    return f"{max(1, round(size / 1e6)):,} MB"
