"""PNG, JPEG, WebP, GIF, BMP, JPEG 2000, HEIC and whatever else Pillow reads, read by Pillow."""

import io
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from manyseeds.images import color_tables, jpeg
from manyseeds.images.layout import MAX_PIXELS, PAGES, Damaged, ImageFile, Layout, Unreadable
from manyseeds.images.orientation import ORIENTATION, upright

# Pillow warns above this number and refuses above twice as many. Both are refused here.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
_TOO_LARGE = (
    f"claims more pixels than the {MAX_PIXELS:,} that are read of an image",
    "Crop it, export it at a lower magnification, or cut it into smaller ones.",
)
_HEIF = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}


class PillowImage(ImageFile):
    """An image of a format that Pillow reads, with one position.

    Parameters
    ----------
    path : path-like
        The file.
    data : bytes, optional
        Its content, if it has been read already.
    """

    def __init__(self, path: Path | str, data: bytes | None = None) -> None:
        self._data = Path(path).read_bytes() if data is None else data
        if self._data[4:8] == b"ftyp" and self._data[8:12] in _HEIF:
            import pillow_heif

            pillow_heif.register_heif_opener()
        self._image = self._opened()
        self.format = str(self._image.format)
        self._deep = self._deep_color()
        # Decoded to know the layout, and kept until it is asked for.
        self._first: np.ndarray | None = self._decoded(0)
        self.layouts = (self._layout(),)

    def _opened(self) -> Image.Image:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", Image.DecompressionBombWarning)
                return Image.open(io.BytesIO(self._data))
        except (Image.DecompressionBombWarning, Image.DecompressionBombError) as error:
            raise Unreadable(*_TOO_LARGE) from error
        except UnidentifiedImageError as error:
            if self._data[4:8] == b"ftyp":
                raise Unreadable(
                    "a HEIF or video file of a kind that is not read",
                    "Convert it to JPEG or PNG.",
                ) from error
            raise

    def _deep_color(self) -> np.ndarray | None:
        """Return the values of a file of more than 8 bits that Pillow drops or stretches."""
        if self.format == "PPM":
            return _netpbm(self._image, self._data)
        raw = _raw_mode(self._image)
        deep = (";16" in raw and self._image.mode in {"RGB", "RGBA", "LA", "CMYK"}) or (
            self.format == "JPEG2000" and self._image.mode != "L"
        )
        if not deep:
            return None
        import imagecodecs

        if self.format == "PNG":
            values = imagecodecs.png_decode(self._data)
        elif self.format == "JPEG2000":
            values = imagecodecs.jpeg2k_decode(self._data)
            if values.dtype == np.uint8:
                return None
        else:
            raise Unreadable(
                f"color of 16 bits a channel in a {self.format} file, which is not read"
            )
        # Alpha is dropped, of gray and of color.
        if values.ndim == 3:
            values = values[..., 0] if values.shape[-1] == 2 else values[..., :3]
        return upright(values, self._image.getexif().get(ORIENTATION, 1))

    def _layout(self) -> Layout:
        image, table = self._image, ""
        # A JPEG's further pictures are previews and depth maps of the first. They may be gone.
        pages = 1 if self.format in {"JPEG", "MPO"} else getattr(image, "n_frames", 1)
        if image.mode == "P":
            table = color_tables.described(_table(image))
        assert self._first is not None
        return Layout(
            self._first.shape[1],
            self._first.shape[0],
            dtype=self._first.dtype,
            color=self._first.ndim == 3,
            bits=1 if image.mode == "1" else 0,
            sizes={PAGES: pages},
            mode=image.mode,
            color_table=table,
        )

    def _plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        page = place.get(PAGES, 0)
        first, self._first = self._first, None
        return first if page == 0 and first is not None else self._decoded(page)

    def _decoded(self, page: int) -> np.ndarray:
        if self._deep is not None and page == 0:
            return self._deep
        self._image.seek(page)
        return _pixels(self._image)

    @property
    def quality(self) -> int:
        """Of a JPEG; 0 for other formats."""
        tables = getattr(self._image, "quantization", None)
        return jpeg.quality(tables[min(tables)]) if tables else 0

    def close(self) -> None:
        """Close the file."""
        self._image.close()


def _pixels(image: Image.Image) -> np.ndarray:
    """Decode the page at which an image stands: (height, width) or (height, width, 3)."""
    turned = ImageOps.exif_transpose(image) if image.getexif().get(ORIENTATION, 1) != 1 else image
    if turned.mode == "P":
        table = _table(turned)
        if color_tables.is_gray(table):
            return np.asarray(turned)
    if turned.mode == "1":
        turned = turned.convert("L")
    elif turned.mode in {"LA", "La"}:
        turned = turned.getchannel(0)
    elif turned.mode not in {"L", "I", "F", "RGB"} and not turned.mode.startswith("I;16"):
        turned = turned.convert("RGB")
    array = np.asarray(turned)
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def _table(image: Image.Image) -> np.ndarray:
    """Return a palette's colors, uint8 (n, 3)."""
    colors = image.getpalette("RGB") or []
    return np.asarray(colors, np.uint8).reshape(-1, 3)


def _netpbm(image: Any, data: bytes) -> np.ndarray | None:
    """Return the counts of a PGM or PPM of more than 8 bits; None of others.

    Pillow stretches gray values to 16 bits, and drops 8 bits of colors.
    """
    decoder, _, offset, arguments = image.tile[0]
    if arguments == "I;16B":
        maximum = 65_535
    elif isinstance(arguments, tuple) and decoder.startswith("ppm"):
        maximum = arguments[1]
    else:
        return None
    if maximum < 256:
        return None
    shape = (image.height, image.width, 3)[: 3 if image.mode == "RGB" else 2]
    count = int(np.prod(shape))
    if decoder == "ppm_plain":
        text = re.sub(rb"#[^\r\n]*", b"", data[offset:])
        values = np.array(text.split()[:count], dtype=np.uint32)
    else:
        values = np.frombuffer(data, ">u2", min(count, (len(data) - offset) // 2), offset)
    if len(values) < count:
        raise Damaged("it is cut short")
    if values.max() > maximum:
        raise Damaged(f"it has values above {maximum}, the largest that it names")
    return values.reshape(shape).astype(np.uint16)


def _raw_mode(image: Image.Image) -> str:
    """Return how the pixels lie in the file, as Pillow names it; "" when already decoded."""
    tiles = getattr(image, "tile", None)
    if not tiles:
        return ""
    arguments = tiles[0][3]
    return str(arguments[0] if isinstance(arguments, tuple) else arguments)
