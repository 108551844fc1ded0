"""What an image file holds, and the planes that any reader gives of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import prod
from types import TracebackType
from typing import Any, Self

import numpy as np

MAX_PIXELS = 2**28
"""Most pixels of a plane that is read: 16 384 x 16 384. A small file can claim any number."""
PAGES = "pages"
"""The axis of planes that a file does not name, as those of a plain TIFF of several pages."""
AXES = {"C": "channel", "Z": "z-plane", "T": "frame", PAGES: "page"}
"""The axes beyond a plane's own, by their letters, with what one of each is called."""


@dataclass
class Layout:
    """What one position of a file holds.

    Attributes
    ----------
    width, height : int
        Of a plane, in pixels.
    sizes : mapping of str to int
        How many planes there are along each axis of `AXES`, and along others by the letter that
        the format has for them. An axis that is not named has one.
    dtype : numpy.dtype
        Of the values, in native byte order.
    color : bool
        Whether a plane has red, green and blue.
    bits : int
        Bits of a value as stored, such as 1, 8 or 16; those of `dtype` by default.
    channels : tuple of str
        Their names in the metadata, "" for one without; one for each of ``sizes["C"]``. Names of
        another number than there are channels are left out.
    pixel_size : tuple of float, optional
        Width and height of a pixel in µm, where the metadata say it.
    mode : str
        Pillow's name of how colors are stored, "P" for a palette; "L" for gray and "RGB" for color
        by default.
    color_table : str
        What a palette's colors are, see `color_tables.described`; "" without a palette.
    name : str
        Of the position, in the metadata.
    """

    width: int
    height: int
    dtype: np.dtype
    color: bool = False
    bits: int = 0
    sizes: Mapping[str, int] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    pixel_size: tuple[float, float] | None = None
    mode: str = ""
    color_table: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if self.dtype.kind not in "uif":
            raise Unreadable(f"holds {self.dtype} numbers, which are not read")
        if len(self.sizes) > 1:
            others = [axis for axis in self.sizes if axis not in AXES]
            order = [*(axis for axis in AXES if axis in self.sizes), *others]
            self.sizes = {axis: self.sizes[axis] for axis in order}
        self.bits = self.bits or 8 * self.dtype.itemsize
        self.mode = self.mode or ("RGB" if self.color else "L")
        if len(self.channels) != self.size("C"):
            self.channels = ("",) * self.size("C")

    def size(self, axis: str) -> int:
        """Return how many planes there are along an axis."""
        return self.sizes.get(axis, 1)

    @property
    def planes(self) -> int:
        """How many planes there are in all."""
        return prod(self.sizes.values())

    @property
    def several(self) -> dict[str, int]:
        """The axes along which there are several planes, with how many."""
        return {axis: size for axis, size in self.sizes.items() if size > 1}

    @property
    def shape(self) -> tuple[int, ...]:
        """Of a plane's array: (height, width), and 3 in color."""
        return (self.height, self.width, 3) if self.color else (self.height, self.width)


class Unreadable(Exception):
    """A file, though it may be whole, has a layout that is not read.

    Parameters
    ----------
    reason : str
        What it is, to stand after the file's name.
    remedy : str
        What to do about it.
    """

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy or "Save it as a TIFF of 8 or 16 bits, gray or RGB."


class Damaged(Exception):
    """A file is not whole, or does not hold what it says; the message tells what is wrong."""


class ImageFile(ABC):
    """An open file of images.

    Attributes
    ----------
    format : str
        Name of the format.
    layouts : tuple of Layout
        What each position holds.
    """

    format: str = ""
    layouts: tuple[Layout, ...] = ()

    @property
    def quality(self) -> int:
        """Of a JPEG; 0 for other formats."""
        return 0

    def plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        """Decode one plane.

        Parameters
        ----------
        position : int
            Counted from 0.
        place : mapping of str to int
            Its number along axes of the layout, from 0; 0 along those that are not named.

        Returns
        -------
        numpy.ndarray
            (height, width), or (height, width, 3) in color, of the layout's dtype. Palettes are
            colors, "white is zero" is undone, alpha is dropped, and the picture stands upright.

        Raises
        ------
        Damaged
            What comes is not what the layout says.
        Unreadable
            The plane is stored in a way that is not read.
        """
        layout = self.layouts[position]
        if layout.width * layout.height > MAX_PIXELS:
            raise Unreadable(
                f"claims more pixels than the {MAX_PIXELS:,} that are read of an image",
                "Crop it, export it at a lower magnification, or cut it into smaller ones.",
            )
        array = np.asarray(self._plane(position, place))
        if array.shape != layout.shape or array.dtype != layout.dtype:
            if place.get(PAGES):
                raise Unreadable("its pages differ in size or color", "Use `pages: first`.")
            found = f"{' x '.join(map(str, array.shape))} of {array.dtype}"
            said = f"{' x '.join(map(str, layout.shape))} of {layout.dtype}"
            raise Damaged(f"a plane is {found}, though the file says {said}")
        return array

    def used_plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        """Decode one plane, and raise if it was never recorded.

        Parameters and what is returned are those of `plane`.

        Raises
        ------
        Unreadable
            The file has no such plane, though others of its positions or channels have.
        """
        array = self.plane(position, place)
        if not array.any() and not self.is_recorded(position, place):
            where = ", ".join(f"{axis} {number + 1}" for axis, number in place.items() if number)
            raise Unreadable(
                f"a plane that is used was never recorded ({where or 'the first'})",
                "Choose planes that all its positions have, or take the file out.",
            )
        return array

    def is_recorded(self, position: int, place: Mapping[str, int]) -> bool:
        """Return whether a plane that is black throughout is in the file."""
        return True

    @abstractmethod
    def _plane(self, position: int, place: Mapping[str, int]) -> Any:
        """Decode one plane; what comes is checked against the layout."""

    def close(self) -> None:  # noqa: B027
        """Close the file."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
