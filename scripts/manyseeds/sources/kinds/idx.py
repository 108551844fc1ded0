"""Images that come as gzipped IDX pairs, as MNIST's."""

import gzip
import struct
import tempfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, Strict

from manyseeds.errors import InputError
from manyseeds.machine import disks
from manyseeds.sources import downloads, naming
from manyseeds.sources.base import KIND, Streams
from manyseeds.sources.fetched import Fetched
from manyseeds.sources.shared_keys import PathOrUrl

if TYPE_CHECKING:
    from manyseeds.sources.labelled_arrays import Labelled

SPLITS = {
    split: (f"{stem}-images-idx3-ubyte.gz", f"{stem}-labels-idx1-ubyte.gz")
    for split, stem in {"train": "train", "test": "t10k"}.items()
}
"""The files of images and labels of each split, named as MNIST's."""
FILES = tuple(name for names in SPLITS.values() for name in names)
PACKAGES = {"/usr/share/datasets/fashion-mnist": "dataset-fashion-mnist"}
"""Debian's packages by the folder in which their data lie."""
CHUNK_BYTES = 2**20


class Idx(PathOrUrl):
    """Gzipped IDX files of training and test images, as those of MNIST and Fashion-MNIST."""

    place: ClassVar[int] = 4
    kind: Literal["idx"] = Field(description=KIND)
    names: Annotated[tuple[str, ...], Strict(False)] | None = Field(
        None, description="Names of the classes in the order of their numbers."
    )

    def split_names(self) -> list[str]:
        """Return the names of its splits, train first."""
        return list(SPLITS)

    def folder_name(self, class_name: str) -> str:
        """Return a class's name without the characters that no folder can have."""
        return naming.safe_name(class_name)

    def remedy(self) -> str:
        """Return what to do when files are missing or cannot be downloaded."""
        package = PACKAGES.get(self.location.rstrip("/"))
        if package:
            return f"Install it (apt install {package}), or give its folder as `source.path`."
        return super().remedy() or (
            f"If it cannot be downloaded: download the files {', '.join(FILES)} into a folder by "
            "hand, and give `source.path` instead of `source.url`."
        )

    def files(self) -> list[str]:
        """Return its four files, if they are on this machine."""
        return [f"{self.location}/{name}" for name in FILES] if self.path is not None else []

    def fetch(
        self,
        out: Path,
        *,
        classes: Sequence[str] | None = None,
        on_bad_image: str = "stop",
        selection: Mapping[str, Any] | None = None,
        workers: int = 1,
        streams: Streams | None = None,
    ) -> Fetched:
        """Write its images as PNGs.

        Parameters are those of `Source.fetch`; `out` gets ``<split>/<class>/NNNNN.png``, split
        being train or test and NNNNN the place in the IDX file. No image can be damaged by
        itself.

        Raises
        ------
        InputError
            A file is missing, damaged, not IDX, or has more labels than `names`.
        """
        from manyseeds.sources.labelled_arrays import write_pngs

        with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
            splits = {split: _unpack_pair(self.location, split, Path(scratch)) for split in SPLITS}
            return write_pngs(
                self.location, splits, out, names=self.names, classes=classes, workers=workers
            )

    def _fault(self, path: Path) -> str:
        if not path.is_dir():
            return super()._fault(path)
        lacking = [name for name in FILES if not (path / name).is_file()]
        return f"{self.location} lacks {', '.join(lacking)}. {self.remedy()}" if lacking else ""

    def _size(self, path: Path) -> tuple[int, bool]:
        return sum((path / name).stat().st_size for name in FILES), True

    def _addresses(self) -> list[str]:
        return [f"{self.location.rstrip('/')}/{name}" for name in FILES]


def _unpack_pair(location: str, split: str, scratch: Path) -> "Labelled":
    """Unpack the images and labels of a split into npy files."""
    import numpy as np

    from manyseeds.sources.labelled_arrays import Labelled

    base = location.rstrip("/")
    paths, arrays = [], []
    for name, axes in zip(SPLITS[split], (3, 1), strict=True):
        address = f"{base}/{name}"
        paths.append(downloads.fetch_file(address))
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
    import numpy as np

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
