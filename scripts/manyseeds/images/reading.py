"""Reading any image: its planes, what becomes of color and size, and what `images.csv` says of it.

An image becomes the pixels of a tile in four steps: `read` decodes it at its native depth;
`scaling.to_8bit` scales it with one range, which is the same for the whole dataset; `to_color`
gives it one or three channels; `resize` gives it its size.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image

from manyseeds.errors import BadImage, InputError
from manyseeds.images.layout import ImageFile, Layout
from manyseeds.images.opening import opened, raise_named
from manyseeds.images.selection import Selection, counted, described

Job = TypeVar("Job", bound=tuple)
IN_MEMORY = 2**26
"""Bytes of a file that is read at once. Of a larger one only what is used is read."""


def inspect(
    path: Path | str, selection: Selection | None = None, data: bytes | None = None
) -> list[dict[str, Any]]:
    """Decode what is used of a file, and return what `images.csv` says of each of its images.

    Each position of a file is an image of its own and, if the study says so, each frame.

    Parameters
    ----------
    path : path-like
        An image file of any format that is read, or a folder of OME-Zarr.
    selection : Selection, optional
        Which planes are used; the first by default.
    data : bytes, optional
        The file's content, if it has been read already (by `content`).

    Returns
    -------
    list of dict
        ``position`` and ``frame``, from 0, and ``name``, what follows the file's name in that of
        the image: "" or, say, ``#3`` for the third position; ``width`` and ``height`` in pixels;
        ``bit_depth`` of a value as stored (1, 8, 16, 32 or 64) and its ``dtype``; ``pages``, how
        many planes the position has, and ``planes``, of which kind; ``position_name`` and
        ``channels``, names in the metadata;
        ``mode`` (Pillow's), ``color_table`` and ``format``; ``quality`` of a JPEG (see
        `jpeg.quality`), 0 for other formats; ``pixel_size`` and ``pixel_height`` in µm, NaN where
        the file does not say them; ``unused``, of how many planes one is used without a word of
        the study; ``minimum`` and ``maximum`` of what is used; ``sha256`` of the file or, where
        it has several images, of the file and the image's place in it.

    Raises
    ------
    BadImage
        The file is missing, empty, truncated, not an image, of a layout that is not read, claims
        more than `layout.MAX_PIXELS` pixels, or holds values that are not finite numbers.
    InputError
        It does not have what the selection names.
    """
    selection = selection or Selection()
    if data is None:
        data = content(path)
    digest = _digest(path, data)
    planes = planes_beside(path)
    if planes:
        digest = hashlib.sha256(f"{digest}{_digest(planes, None)}".encode()).hexdigest()
    with opened(path, data) as file:
        places = [
            (position, frame)
            for position, layout in enumerate(file.layouts)
            for frame in selection.frames(layout)
        ]
        found = []
        for position, frame in places:
            name = _name(file, position, frame)
            picture = _picture(file, path, selection, position, frame)
            _check_numbers(f"{path}{name}", picture)
            whole = digest if len(places) == 1 else hashlib.sha256(f"{digest}{name}".encode())
            found.append(
                {
                    "position": position,
                    "frame": -1 if frame is None else frame,
                    "name": name,
                    "minimum": picture.min().item(),
                    "maximum": picture.max().item(),
                    "sha256": whole if isinstance(whole, str) else whole.hexdigest(),
                    **_facts(file, file.layouts[position], selection),
                }
            )
    return found


def _name(file: ImageFile, position: int, frame: int | None) -> str:
    """Return what follows the file's name in that of one of its images."""
    number = f"{position + 1}" if len(file.layouts) > 1 else ""
    number += f"t{frame + 1}" if frame is not None else ""
    return number and f"#{number}"


def _check_numbers(name: str, picture: np.ndarray) -> None:
    """Raise if a picture holds what is no number, or one that a table cannot hold."""
    if picture.dtype.kind == "f" and not np.isfinite(picture).all():
        raise BadImage(
            name,
            "holds values that are not finite numbers",
            "Fill them in (Fiji: Process > Math > NaN Background...), or replace the file.",
        )
    if picture.dtype.itemsize == 8 and max(-float(picture.min()), float(picture.max())) > 2**53:
        raise BadImage(name, "holds numbers beyond 2^53", "Save it as 32-bit float, or as 16 bits.")


def _facts(file: ImageFile, layout: Layout, selection: Selection) -> dict[str, Any]:
    size = layout.pixel_size or (np.nan, np.nan)
    return {
        "width": layout.width,
        "height": layout.height,
        "bit_depth": layout.bits,
        "dtype": str(layout.dtype),
        "pages": layout.planes,
        "planes": described(layout),
        "position_name": layout.name,
        "channels": "; ".join(layout.channels) if any(layout.channels) else "",
        "mode": layout.mode,
        "color_table": layout.color_table,
        "format": file.format,
        "quality": file.quality,
        "pixel_size": size[0],
        "pixel_height": size[1],
        "unused": counted(selection.unused(layout)),
    }


def content(path: Path | str) -> bytes | None:
    """Return the content of a file, or None of a folder or a file too large to be held at once.

    Parameters
    ----------
    path : path-like
        The file. Of one with more than `IN_MEMORY` bytes only what is used is read, later.

    Raises
    ------
    BadImage
        It is missing, cannot be read, is empty, or is not a file but, say, a pipe.
    """
    # As text and with os: a Path takes longer to make than a small file to read.
    name = os.fspath(path)
    try:
        status = os.stat(name)  # noqa: PTH116
        if stat.S_ISDIR(status.st_mode) and name.lower().endswith(".zarr"):
            return None
        # Reading a pipe would wait for it, and a device need not come to an end.
        if not stat.S_ISREG(status.st_mode):
            raise BadImage(path, "not a regular file but a folder, pipe or device")
        if status.st_size > IN_MEMORY:
            return None
        with open(name, "rb", buffering=0) as file:  # noqa: PTH123
            data = file.read()
    except OSError as error:
        raise BadImage(path, f"cannot be read ({error.strerror})") from error
    if not data:
        raise BadImage(path, "the file is empty")
    return data


def read(
    path: Path | str,
    selection: Selection | None = None,
    position: int = 0,
    frame: int | None = None,
) -> np.ndarray:
    """Decode an image at its native depth.

    Palettes, CMYK and other color spaces become RGB, but a palette that shows gray values in one
    hue is undone. Alpha is dropped, and colors stay as stored. One-bit images become 0 and 255.
    "White is zero" is undone. Orientation is obeyed.

    Parameters
    ----------
    path : path-like
        An image file of any format that is read, or a folder of OME-Zarr.
    selection : Selection, optional
        Which planes are used; the first by default.
    position, frame : int
        Which image of the file, from 0; see `inspect`.

    Returns
    -------
    numpy.ndarray
        (height, width) or (height, width, 3), in native byte order, of the file's numbers.

    Raises
    ------
    InputError
        As `inspect`.
    """
    return next(pictures(path, selection, [(position, frame)]))


def pictures(
    path: Path | str, selection: Selection | None, places: Iterable[tuple[int, int | None]]
) -> Iterator[np.ndarray]:
    """Decode several images of a file, one after another, as `read` does.

    Parameters
    ----------
    path, selection
        As `read` takes them.
    places : iterable of (int, int or None)
        The position and the frame of each.
    """
    with opened(path, content(path)) as file:
        for position, frame in places:
            yield _picture(file, path, selection or Selection(), position, frame)


def of_jobs(
    folder: Path | str, jobs: Sequence[Job], selection: Selection | None
) -> Iterator[tuple[Job, np.ndarray]]:
    """Decode images by rows of `images.csv`, and open a file once for those that follow each other.

    Parameters
    ----------
    folder : path-like
        Where the files lie.
    jobs : sequence of tuple
        Each begins with a row's file, position and frame; -1 stands for no frame.
    selection : Selection, optional
        Which planes are used; the first by default.

    Yields
    ------
    tuple
        A job, and its picture as `read` returns it.
    """
    for file, same in groupby(jobs, key=itemgetter(0)):
        part = list(same)
        places = [(job[1], None if job[2] < 0 else job[2]) for job in part]
        # As text: a Path takes longer to make than a small file to read.
        yield from zip(part, pictures(f"{folder}/{file}", selection, places), strict=True)


def _picture(
    file: ImageFile, path: Path | str, selection: Selection, position: int, frame: int | None
) -> np.ndarray:
    """Return one picture of a file, and name it where it cannot be had."""
    try:
        return selection.picture(file, position, frame)
    except Exception as error:
        named = f"{path}{_name(file, position, frame)}"
        if isinstance(error, InputError) and not isinstance(error, BadImage):
            raise InputError(f"{named}: {error}") from error
        raise_named(named, error)


def planes_beside(path: Path | str) -> Path | None:
    """Return the folder in which the planes of an OIF file lie, or None of another file."""
    name = os.fspath(path)
    if not name.lower().endswith(".oif"):
        return None
    folder = Path(f"{name}.files")
    return folder if folder.is_dir() else None


def _digest(path: Path | str, data: bytes | None) -> str:
    """Return the SHA-256 of a file, or of a folder's files and their names."""
    if data is not None:
        return hashlib.sha256(data).hexdigest()
    path = Path(path)
    if path.is_file():
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    digest = hashlib.sha256()
    for file in sorted(one for one in path.rglob("*") if one.is_file()):
        name = file.relative_to(path).as_posix()
        digest.update(f"{name}\n{_digest(file, None)}\n".encode())
    return digest.hexdigest()


def to_color(array: np.ndarray, color: str) -> np.ndarray:
    """Give uint8 (h, w) or (h, w, 3) three channels ("rgb") or one ("gray", by luminance)."""
    if color == "rgb":
        return array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=2)
    # Luminance is Pillow's: 0.299 red + 0.587 green + 0.114 blue (ITU-R 601-2).
    gray = array if array.ndim == 2 else np.asarray(Image.fromarray(array).convert("L"))
    return gray[..., None]


def resize(array: np.ndarray, width: int, height: int) -> np.ndarray:
    """Bring uint8 (h, w) or (h, w, 1 or 3) to another width and height, antialiased.

    It uses Pillow's bilinear filter. Sharper filters add dark rings around bright spots.
    """
    if array.shape[:2] == (height, width):
        return array
    flat = array[..., 0] if array.shape[2:] == (1,) else array
    image = Image.fromarray(np.ascontiguousarray(flat))
    resized = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    return resized.reshape(height, width, *array.shape[2:])
