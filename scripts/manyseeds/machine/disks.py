"""Disks that fill up: space taken before it is needed, and a message that names the folder."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from manyseeds.errors import InputError

if TYPE_CHECKING:
    import numpy as np

FULL = {errno.ENOSPC, errno.EDQUOT}
FREE_SPACE = "Free space there, then run again."
FREE_SCRATCH = "Free space there, or name a folder with more of it in TMPDIR."


@contextmanager
def naming_full(folder: Path | str, remedy: str = FREE_SPACE) -> Iterator[None]:
    """Raise an error that names the folder if space runs out in it.

    Parameters
    ----------
    folder : path-like
        Where the files lie that are written meanwhile.
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


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield where to write a file, which then takes its place at once: whoever opens it has all.

    Parameters
    ----------
    path : path
        Of the file. One that is there stays until the new one is whole.

    """
    # Another job may write the same file.
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    try:
        yield unfinished
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def create_npy(
    path: Path | str, shape: Sequence[int], dtype: type | str = "uint8", remedy: str = FREE_SPACE
) -> "np.memmap":
    """Create an array in a file, take all its space on the disk, and map it.

    If the space were not taken, a write to the mapped file could find the disk full. That would end
    the process without a message (SIGBUS).

    Parameters
    ----------
    path : path-like
        Becomes an npy file of zeros, in place of any file there.
    shape : sequence of int
        Of the array.
    dtype : type or str
        Of the array, as NumPy takes it.
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
    import numpy as np

    path = Path(path)
    size = np.dtype(dtype).itemsize * int(np.prod(shape, dtype=np.int64))
    try:
        with naming_full(path.parent, f"{megabytes(size)} are needed. {remedy}"):
            array = np.lib.format.open_memmap(path, "w+", dtype, tuple(shape))
            # macOS has no such function, and its disks are seldom that small.
            if hasattr(os, "posix_fallocate"):
                with path.open("r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except InputError:
        path.unlink(missing_ok=True)
        raise
    return array


def megabytes(size: int) -> str:
    """Return a number of bytes as text, such as ``1,024 MB``."""
    return f"{max(1, round(size / 1e6)):,} MB"
