"""Images that come as gzipped IDX pairs, as MNIST's."""

import gzip
import struct
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from manyseeds import disks, downloads
from manyseeds.errors import InputError
from manyseeds.labelled_arrays import Labelled, write_pngs
from manyseeds.remedies import IDX_SPLITS
from manyseeds.sources import Fetched

CHUNK_BYTES = 2**20


def read_idx(
    source: str | Path,
    out: Path,
    *,
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    cache: Path | None = None,
    workers: int = 1,
) -> Fetched:
    """Write gzipped IDX pairs (as MNIST's and Fashion-MNIST's) as PNGs in class folders.

    Parameters
    ----------
    source : path or str
        A folder or base address with ``train-images-idx3-ubyte.gz``,
        ``train-labels-idx1-ubyte.gz`` and the same two beginning with ``t10k-``.
    out : path
        Gets ``<split>/<class>/NNNNN.png``, split being train or test and NNNNN the place in
        the IDX file.
    names, classes, workers
        As in `labelled_arrays.write_pngs`.
    cache : path, optional
        Where downloads are kept.

    Raises
    ------
    InputError
        A file is missing, damaged, not IDX, or has more labels than `names`.
    """
    with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
        splits = {split: _unpack_pair(source, split, cache, Path(scratch)) for split in IDX_SPLITS}
        return write_pngs(source, splits, out, names=names, classes=classes, workers=workers)


def _unpack_pair(source: str | Path, split: str, cache: Path | None, scratch: Path) -> Labelled:
    """Unpack the images and labels of a split into npy files."""
    base = str(source).rstrip("/")
    paths, arrays = [], []
    for name, axes in zip(IDX_SPLITS[split], (3, 1), strict=True):
        address = f"{base}/{name}"
        paths.append(downloads.fetch_file(address, None, cache))
        arrays.append(scratch / f"{name}.npy")
        try:
            _unpack_idx(paths[-1], arrays[-1], axes)
        except _Damaged as error:
            downloads.forget(address, paths[-1])
            raise InputError(f"{paths[-1]}: {error}. Fetch it again.") from error
    labels = np.load(arrays[1])
    images = len(np.load(arrays[0], mmap_mode="r"))
    if images != len(labels):
        raise InputError(
            f"{paths[0]}: has {images} images, but {paths[1]} {len(labels)} labels. "
            "Fetch both again."
        )
    return Labelled(arrays[0], labels)


class _Damaged(Exception):
    """What is wrong with an IDX file."""


def _unpack_idx(path: Path, out: Path, axes: int) -> None:
    """Write an IDX file of unsigned bytes as npy (format: http://yann.lecun.com/exdb/mnist)."""
    try:
        with gzip.open(path) as file:
            # Two zero bytes, 8 for unsigned bytes, the number of axes; then each axis's length.
            header = file.read(4 + 4 * axes)
            if len(header) < 4 + 4 * axes or header[:4] != bytes([0, 0, 8, axes]):
                raise _Damaged(f"not an IDX file of bytes with {axes} axes")
            shape = struct.unpack(f">{axes}I", header[4:])
            size = int(np.prod(shape, dtype=np.uint64))
            # A header can claim any size; deflate shrinks to a thousandth at most.
            if not 0 < size <= 1100 * path.stat().st_size:
                raise _Damaged("its length does not fit its header")
            flat = disks.create_npy(out, shape, remedy=disks.FREE_SCRATCH).reshape(-1)
            start = 0
            while chunk := file.read(CHUNK_BYTES):
                if start + len(chunk) > size:
                    raise _Damaged("its length does not fit its header")
                flat[start : start + len(chunk)] = np.frombuffer(chunk, np.uint8)
                start += len(chunk)
            if start < size:
                raise _Damaged("its length does not fit its header")
    except (OSError, EOFError, zlib.error) as error:
        raise _Damaged(f"not a whole gzip file ({error})") from error
