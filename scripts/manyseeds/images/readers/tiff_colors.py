"""What the numbers of a TIFF page mean: gray values, colors, inks, palettes, channels."""

import numpy as np
from tifffile import PHOTOMETRIC, TiffPage

from manyseeds.images import color_tables
from manyseeds.images.layout import Unreadable
from manyseeds.images.orientation import ORIENTATION

REMEDY = "Save it as RGB, or as gray of 8 or 16 bits."
_ALPHA = {1, 2}  # of ExtraSamples


def colors(page: TiffPage, array: np.ndarray) -> np.ndarray:
    """Return the gray values or colors of what a page stores."""
    match page.photometric:
        case PHOTOMETRIC.MINISWHITE:
            array = array[..., 0] if array.ndim == 3 else array
            return _inverted(array, page.bitspersample)
        case PHOTOMETRIC.MINISBLACK:
            return array[..., 0] if array.ndim == 3 else array
        case PHOTOMETRIC.PALETTE:
            return color_tables.applied(array.astype(np.uint8, copy=False), table_of(page))
        case PHOTOMETRIC.SEPARATED:
            from PIL import Image

            if page.samplesperpixel != 4 or array.dtype != np.uint8:
                raise Unreadable(
                    "a TIFF of other inks than CMYK of 8 bits, which is not read", REMEDY
                )
            return np.asarray(Image.fromarray(array, "CMYK").convert("RGB"))
    return array[..., :3] if array.ndim == 3 else array


def table_of(page: TiffPage) -> np.ndarray:
    """Return the palette of a page, uint8 (n, 3)."""
    colors = page.colormap
    if colors is None or page.dtype not in (np.dtype(bool), np.dtype(np.uint8)):
        raise Unreadable("a TIFF with a palette of more than 8 bits, which is not read", REMEDY)
    # Written with 16 bits a color, though some programs fill 8 of them only.
    high = colors if colors.max() < 256 else colors >> 8
    return np.ascontiguousarray(high.T.astype(np.uint8))


def orientation_of(page: TiffPage) -> int:
    """Return how a picture lies, 1 (upright) to 8, as the tag of TIFF and EXIF counts."""
    tag = page.tags.get(ORIENTATION)
    return int(tag.value) if tag and tag.value in range(1, 9) else 1


def channels_in_page(page: TiffPage) -> int:
    """Return how many channels a page has beside each other, or raise where it cannot be read.

    Samples that are neither a color nor alpha are channels.
    """
    photometric, samples = page.photometric, page.samplesperpixel
    if page.dtype is None:
        raise Unreadable(
            f"a TIFF of {page.bitspersample} bits a value in a format that is not read", REMEDY
        )
    if page.dtype.kind == "c":
        raise Unreadable("a TIFF of complex numbers, which are not read", REMEDY)
    extra = page.extrasamples or ()
    data = [kind for kind in extra if kind not in _ALPHA]
    match photometric:
        case PHOTOMETRIC.MINISBLACK | PHOTOMETRIC.MINISWHITE:
            return samples if samples > 1 and (data or not extra) else 1
        case PHOTOMETRIC.RGB if samples >= 3:
            return samples if data else 1
        case PHOTOMETRIC.PALETTE | PHOTOMETRIC.MASK if samples == 1:
            return 1
        case PHOTOMETRIC.SEPARATED:
            return 1
        # A JPEG within is decoded to RGB.
        case PHOTOMETRIC.YCBCR if page.compression in (6, 7) and samples == 3:
            return 1
    name = getattr(photometric, "name", photometric)
    raise Unreadable(
        f"a TIFF whose colors are stored as {name} ({samples} a pixel), which is not read", REMEDY
    )


def mode(page: TiffPage) -> str:
    """Return Pillow's name of how the colors of a page are stored."""
    if page.bitspersample == 1 and page.photometric != PHOTOMETRIC.PALETTE:
        return "1"
    match page.photometric:
        case PHOTOMETRIC.PALETTE:
            return "P"
        case PHOTOMETRIC.SEPARATED:
            return "CMYK"
        case PHOTOMETRIC.YCBCR:
            return "YCbCr"
        case PHOTOMETRIC.RGB:
            return "RGB" if page.samplesperpixel == 3 else "RGBA"
    return "L" if page.samplesperpixel == 1 else "LA"


def _inverted(array: np.ndarray, bits: int) -> np.ndarray:
    """Undo "white is zero"."""
    if array.dtype == bool:
        return ~array
    if array.dtype.kind != "u":
        raise Unreadable(
            f"a TIFF of {array.dtype} in which white is zero, which is not read", REMEDY
        )
    return array.dtype.type(2**bits - 1) - array


def numbers(array: np.ndarray, bits: int) -> np.ndarray:
    """Return values of fewer than 8 bits as 0 to 255, and those of 16-bit floats as 32-bit."""
    if array.dtype == bool:
        return array.astype(np.uint8) * 255
    if array.dtype == np.uint8 and bits < 8:
        return (array.astype(np.uint16) * 255 // (2**bits - 1)).astype(np.uint8)
    return array.astype(np.float32) if array.dtype == np.float16 else array
