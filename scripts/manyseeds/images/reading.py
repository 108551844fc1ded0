"""Reading any image: modes, bit depths, pages, and what becomes of color and size.

An image becomes the pixels of a tile in four steps: `read` decodes it at its native depth;
`scaling.to_8bit` scales it with one range, which is the same for the whole dataset; `to_color`
gives it one or three channels; `resize` gives it its size.
"""

import hashlib
import io
import stat
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from manyseeds.errors import BadImage, InputError
from manyseeds.images import jpeg

# A page's share of red, green and blue when pages are composed by color.
COLORS = {
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "cyan": (0, 1, 1),
    "magenta": (1, 0, 1),
    "yellow": (1, 1, 0),
    "gray": (1, 1, 1),
}
ORIENTATION = 274  # the EXIF tag

MAX_PIXELS = 2**28
"""Most pixels of a page that is read: 16 384 x 16 384. A small file can claim any number."""
# Pillow warns above this number and refuses above twice as many. `_opened` refuses in both cases.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS

Pages = str | Sequence[str]


def inspect(path: Path | str, data: bytes | None = None) -> dict[str, Any]:
    """Decode all of an image, and return what `images.csv` says of it.

    Parameters
    ----------
    path : path-like
        An image file of any format that Pillow reads.
    data : bytes, optional
        Its content, if it has been read already (by `file_bytes`).

    Returns
    -------
    dict
        ``width`` and ``height`` of the first page in pixels; ``bit_depth`` of a channel as
        stored (1, 8, 16 or 32); ``pages``; ``mode`` and ``format`` (Pillow's); ``quality`` of
        a JPEG (see `jpeg.quality`), 0 for other formats; ``maximum``, the largest value on any
        page as `read` gives it; ``sha256`` of the file.

    Raises
    ------
    BadImage
        The file is missing, empty, truncated, not an image, claims more than `MAX_PIXELS`
        pixels, or holds values that are not finite numbers.
    """
    if data is None:
        data = file_bytes(path)
    with _opened(path, data) as image:
        encoding = image.format
        tables = getattr(image, "quantization", None)
        bits, mode = (1, "1") if image.mode == "1" else (None, image.mode)
        count = getattr(image, "n_frames", 1)
        width = height = maximum = 0
        for index in range(count):
            page = _page(image, data, index)
            if page.dtype.kind == "f" and not np.isfinite(page).all():
                raise BadImage(path, "holds values that are not finite numbers")
            if index == 0:
                height, width = page.shape[:2]
                bits = bits or 8 * page.dtype.itemsize
                maximum = page.max().item()
            maximum = max(maximum, page.max().item())
    return {
        "width": width,
        "height": height,
        "bit_depth": bits,
        "pages": count,
        "mode": mode,
        "format": encoding,
        "quality": jpeg.quality(tables[min(tables)]) if tables else 0,
        "maximum": maximum,
        "sha256": hashlib.sha256(data).hexdigest(),
    }


def file_bytes(path: Path | str) -> bytes:
    """Return the content of a file.

    Parameters
    ----------
    path : path-like
        The file.

    Raises
    ------
    BadImage
        It is missing, cannot be read, is empty, or is not a file but, say, a pipe.
    """
    try:
        # Reading a pipe would wait for it, and a device need not come to an end.
        if not stat.S_ISREG(Path(path).stat().st_mode):
            raise BadImage(path, "not a regular file but a folder, pipe or device")
        data = Path(path).read_bytes()
    except OSError as error:
        raise BadImage(path, f"cannot be read ({error.strerror})") from error
    if not data:
        raise BadImage(path, "the file is empty")
    return data


def read(path: Path | str, pages: Pages = "first") -> np.ndarray:
    """Decode an image at its native depth.

    Palettes, CMYK and other color spaces become RGB. Alpha is dropped, and colors stay as stored.
    One-bit images become 0 and 255. EXIF orientation is obeyed.

    Parameters
    ----------
    path : path-like
        An image file of any format that Pillow reads.
    pages : "first", "max" or sequence of str
        What is taken from a file with several pages: the first page, the maximum over all (a
        projection of a stack), or all of them composed, each gray page in its color of `COLORS`.

    Returns
    -------
    numpy.ndarray
        (height, width) or (height, width, 3), in native byte order: uint8, uint16, int32
        or float32.

    Raises
    ------
    InputError
        As `inspect`, and if the pages do not suit `pages`.
    """
    data = file_bytes(path)
    with _opened(path, data) as image:
        if pages == "first":
            return _page(image, data, 0)
        stack = [_page(image, data, i) for i in range(getattr(image, "n_frames", 1))]
    if len({page.shape for page in stack}) > 1:
        raise InputError(f"{path}: its pages differ in size or color. Use `pages: first`.")
    if pages == "max":
        return np.maximum.reduce(stack)
    return _compose(path, stack, pages)


def to_color(array: np.ndarray, color: str) -> np.ndarray:
    """Give uint8 (h, w) or (h, w, 3) three channels ("rgb") or one ("gray", by luminance)."""
    if color == "rgb":
        return array if array.ndim == 3 else np.repeat(array[..., None], 3, axis=2)
    # Luminance is Pillow's: 0.299 red + 0.587 green + 0.114 blue (ITU-R 601-2).
    gray = array if array.ndim == 2 else np.asarray(Image.fromarray(array).convert("L"))
    return gray[..., None]


def resize(array: np.ndarray, size: int) -> np.ndarray:
    """Bring uint8 (h, w, 1 or 3) to (size, size, same), antialiased.

    It uses Pillow's bilinear filter. Sharper filters add dark rings around bright spots.
    """
    if array.shape[:2] == (size, size):
        return array
    flat = array[..., 0] if array.shape[2] == 1 else array
    image = Image.fromarray(np.ascontiguousarray(flat))
    return np.asarray(image.resize((size, size), Image.Resampling.BILINEAR)).reshape(
        size, size, array.shape[2]
    )


@contextmanager
def _opened(path: Path | str, data: bytes) -> Iterator[Image.Image]:
    """Open an image; errors while it is decoded are raised again with the name of its file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data)) as image:
                yield image
    except (InputError, MemoryError):
        raise
    except UnidentifiedImageError as error:
        raise BadImage(path, "not an image, or of an unknown format") from error
    except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
        raise BadImage(
            path,
            f"claims more pixels than the {MAX_PIXELS:,} that are read of an image",
            "Replace or delete the file, or cut it into smaller ones, then run again.",
        ) from error
    # Pillow's decoders raise nearly anything on damaged data: OSError, SyntaxError, KeyError...
    except Exception as error:
        raise BadImage(path, f"cannot be decoded ({error})") from error


def _page(image: Image.Image, data: bytes, index: int) -> np.ndarray:
    """Decode one page to (h, w) or (h, w, 3) of native byte order."""
    image.seek(index)
    raw = _raw_mode(image)
    if ";16" in raw and image.mode in {"RGB", "RGBA", "CMYK", "LA"}:
        return _deep_color(data, index, raw)
    # Pillow rotates TIFF files itself.
    if image.format != "TIFF" and image.getexif().get(ORIENTATION, 1) != 1:
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
    if image.mode == "1":
        image = image.convert("L")
    elif image.mode in {"LA", "La"}:
        image = image.getchannel(0)
    elif image.mode not in {"L", "I", "F", "RGB"} and not image.mode.startswith("I;16"):
        image = image.convert("RGB")
    array = np.asarray(image)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _raw_mode(image: Image.Image) -> str:
    """Return how the pixels lie in the file, as Pillow names it; "" when already decoded."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return ""
    arguments = tiles[0][3]
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)


def _deep_color(data: bytes, index: int, raw: str) -> np.ndarray:
    """Decode color of 16 bits a channel.

    Pillow keeps only the upper 8 bits. If it is told that the bytes lie the other way round, it
    gives the lower 8.
    """
    swapped = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}[raw[-1]]
    if raw[:-1] not in {"RGB;16", "RGBA;16"}:
        raise ValueError(f"16 bits a channel stored as {raw}; save it as RGB or gray")
    halves = []
    for mode in (raw, raw[:-1] + swapped):
        with Image.open(io.BytesIO(data)) as image:
            image.seek(index)
            image.tile = [
                tile._replace(args=(mode, *tile.args[1:]) if isinstance(tile.args, tuple) else mode)
                for tile in image.tile
            ]
            halves.append(np.asarray(image)[..., :3].astype(np.uint16))
    return halves[0] * 256 + halves[1]


def _compose(path: Path | str, stack: list[np.ndarray], colors: Sequence[str]) -> np.ndarray:
    """Add gray pages (h, w), each in its color, to (h, w, 3) of the same dtype, saturating."""
    if len(stack) != len(colors) or stack[0].ndim != 2:
        found = "in color" if stack[0].ndim != 2 else f"{len(stack)}"
        raise InputError(
            f"{path}: `pages` names {len(colors)} colors but its pages are {found}. "
            "Name one color a gray page, or use `pages: first`."
        )
    unknown = [color for color in colors if color not in COLORS]
    if unknown:
        raise InputError(f"pages: unknown color {unknown[0]}. Choose from {', '.join(COLORS)}.")
    dtype = stack[0].dtype
    composed = np.zeros((*stack[0].shape, 3), dtype)
    for channel in range(3):
        parts = [page for page, color in zip(stack, colors, strict=True) if COLORS[color][channel]]
        total = parts[0] if len(parts) == 1 else sum(part.astype(np.float64) for part in parts)
        if len(parts) > 1 and dtype.kind in "ui":
            total = np.minimum(total, np.iinfo(dtype).max)
        composed[..., channel] = total
    return composed
