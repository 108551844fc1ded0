"""Opening an image file with the reader that it needs, told by its first bytes."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

from PIL import UnidentifiedImageError

from manyseeds.errors import BadImage, InputError
from manyseeds.images.layout import Damaged, ImageFile, Unreadable

Reader = Callable[[Path | str, bytes | None], ImageFile]
_HEAD = 132  # so many bytes tell the format
_UNDECODED = "If other programs open it, save it as TIFF with them; else replace or delete it."
_AS_PNG = "Save it as PNG or TIFF."
_COMPOUND = b"\xd0\xcf\x11\xe0"
_NOT_READ = {
    b"\x89HDF\r\n\x1a\n": ("an HDF5 file (such as Imaris writes)", "Export it as TIFF."),
    _COMPOUND: ("a compound document (such as ZVI or Office)", "Export it as TIFF."),
    b"PK\x03\x04": ("a zip archive", "Unpack it, or use it as a source: `kind: archive`."),
    b"\xff\x0a": ("a JPEG XL file", _AS_PNG),
    b"\0\0\0\x0cJXL ": ("a JPEG XL file", _AS_PNG),
    b"II\xbc": ("a JPEG XR file", _AS_PNG),
    b"v/1\x01": ("an OpenEXR file", "Save it as TIFF."),
    b"IIRO": ("a camera's raw file", _AS_PNG),
    b"IIU\0": ("a camera's raw file", _AS_PNG),
    b"FUJIFILMCCD-RAW": ("a camera's raw file", _AS_PNG),
    b"<svg": ("an SVG drawing", _AS_PNG),
    b"<?xml": ("an XML file", "Give the images that it speaks of."),
    b"7z\xbc\xaf": ("a 7z archive", "Unpack it."),
    b"Rar!": ("a rar archive", "Unpack it."),
    b"\x1f\x8b": ("a file packed by gzip", "Unpack it."),
    b"%PDF": ("a PDF document", "Save its pictures as PNG or TIFF."),
}


@contextmanager
def opened(path: Path | str, data: bytes | None = None) -> Iterator[ImageFile]:
    """Open an image file; what goes wrong, then or while it is read, names the file.

    Parameters
    ----------
    path : path-like
        A file, or a folder of OME-Zarr.
    data : bytes, optional
        The file's content, if it has been read already.

    Yields
    ------
    ImageFile
        It is closed at the end.

    Raises
    ------
    BadImage
        The file is damaged, of no known format, or of a layout that is not read.
    """
    try:
        with _reader(path, data)(path, data) as file:
            yield file
    except Exception as error:
        raise_named(path, error)


def raise_named(image: Path | str, error: Exception) -> NoReturn:
    """Raise what went wrong while an image was read, with the name of the image.

    Raises
    ------
    BadImage
        In the place of any exception but InputError and MemoryError, which are raised as they are.
    """
    match error:
        case InputError() | MemoryError():
            raise error
        case Unreadable():
            raise BadImage(image, error.reason, error.remedy) from error
        case Damaged():
            raise BadImage(image, f"damaged: {error}") from error
        case UnidentifiedImageError():
            raise BadImage(image, "not an image, or of an unknown format") from error
    # Decoders raise nearly anything on damaged data: OSError, SyntaxError, KeyError...
    said = " ".join(str(error).split()) or type(error).__name__
    raise BadImage(image, f"cannot be decoded ({said})", _UNDECODED) from error


_PILLOW = {b"\x89PNG", b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xdb"}
"""The commonest beginnings, PNG and JPEG: small files must not wait for all others."""
_TIFF = {b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"}


def _reader(path: Path | str, data: bytes | None) -> Reader:
    """Return what reads a file. Readers are imported when they are needed."""
    if data is None and Path(path).is_dir():
        from manyseeds.images.readers.omezarr import OmeZarr

        return lambda path, data: OmeZarr(path)
    head = _head(path) if data is None else data[:_HEAD]
    if head[:4] in _PILLOW:
        from manyseeds.images.readers.pillow import PillowImage

        return PillowImage
    if head[:4] in _TIFF:
        from manyseeds.images.readers.tiff import Tiff

        return Tiff
    suffix = os.path.splitext(path)[1].lower()  # noqa: PTH122
    if head.startswith(b"ZISRAWFILE"):
        from manyseeds.images.readers.czi import Czi

        return lambda path, data: Czi(path)
    if head.startswith(b"\xda\xce\xbe\x0a") or (suffix == ".nd2" and head[4:8] == b"jP  "):
        from manyseeds.images.readers.nd2 import Nd2

        return lambda path, data: Nd2(path)
    if head.startswith(b"\x70\0\0\0") and suffix == ".lif":
        from manyseeds.images.readers.lif import Lif

        return lambda path, data: Lif(path)
    if suffix == ".oif" or (suffix == ".oib" and head.startswith(_COMPOUND)):
        from manyseeds.images.readers.oif import Oif

        return lambda path, data: Oif(path)
    for beginning, (what, remedy) in _NOT_READ.items():
        if head.startswith(beginning):
            raise Unreadable(f"{what}, which is not read", remedy)
    if head[128:132] == b"DICM":
        raise Unreadable("a DICOM file, which is not read", "Save its images as TIFF.")
    from manyseeds.images.readers.pillow import PillowImage

    return PillowImage


def _head(path: Path | str) -> bytes:
    with Path(path).open("rb") as file:
        return file.read(_HEAD)
