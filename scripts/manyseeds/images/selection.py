"""Which planes of an image are used, and how they become one picture."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np

from manyseeds.errors import InputError
from manyseeds.images.layout import AXES, PAGES, ImageFile, Layout

COLORS = {
    "red": (1, 0, 0),
    "green": (0, 1, 0),
    "blue": (0, 0, 1),
    "cyan": (0, 1, 1),
    "magenta": (1, 0, 1),
    "yellow": (1, 1, 0),
    "gray": (1, 1, 1),
}
"""A channel's share of red, green and blue when channels are composed by color."""
EACH = "each"

Pages = str | Sequence[str]
Channel = str | int


@dataclass(frozen=True)
class Selection:
    """Which planes of an image are used, in the words of a study.

    Attributes
    ----------
    pages : "first", "max" or sequence of str
        The short form for files of one axis: the first page, the maximum over all, or all of
        them composed, each gray page in its color of `COLORS`.
    channels : str, int or mapping, optional
        A channel by its name in the metadata or its number (from 1); or channels by the color
        that each has in the picture. The first by default.
    z : int, "max" or "mean", optional
        A z-plane by its number (from 1), or a projection of all. The first by default.
    time : int or "each", optional
        A frame by its number (from 1), or each as an image of its own. The first by default.
    """

    pages: Pages = "first"
    channels: Channel | Mapping[str, Channel] | None = None
    z: int | str | None = None
    time: int | str | None = None

    @classmethod
    def of(cls, keys: Mapping[str, Any]) -> Self:
        """Return the selection of a dataset's keys, of which others are left alone."""
        return cls(**{one.name: keys[one.name] for one in fields(cls) if one.name in keys})

    def __post_init__(self) -> None:
        by_axis = {"channels": self.channels, "z": self.z, "time": self.time}
        named = [key for key, value in by_axis.items() if value is not None]
        if self.pages != "first" and named:
            raise InputError(
                f"pages: names planes, and so does {named[0]}. Give `pages` for plain stacks, or "
                "`channels`, `z` and `time` for files that tell them apart."
            )
        if isinstance(self.pages, str) and self.pages not in {"first", "max"}:
            raise InputError(
                f"pages: {self.pages} is none of first, max and a list of colors. Give one."
            )
        used = [] if isinstance(self.pages, str) else list(self.pages)
        used = list(self.channels) if isinstance(self.channels, Mapping) else used
        for color in used:
            if color not in COLORS:
                raise InputError(f"unknown color {color}. Choose from {', '.join(COLORS)}.")

    def frames(self, layout: Layout) -> list[int | None]:
        """Return the frames of a position that are images of their own, from 0.

        None stands for the one frame that is used where frames are no images of their own.
        """
        axis = self._renamed(layout, "T")
        return list(range(layout.size(axis))) if self.time == EACH else [None]

    def unused(self, layout: Layout) -> dict[str, int]:
        """Return of how many channels, z-planes, ... only one is used, and nobody said so."""
        if self.pages != "first" or layout.planes == 1:
            return {}
        said = {"C": self.channels, "Z": self.z, "T": self.time}
        renamed = {self._renamed(layout, axis) for axis, value in said.items() if value is not None}
        return {axis: size for axis, size in layout.several.items() if axis not in renamed}

    def picture(self, file: ImageFile, position: int, frame: int | None = None) -> np.ndarray:
        """Return the picture of one position.

        Parameters
        ----------
        file : ImageFile
            The open file.
        position, frame : int
            Counted from 0; `frame` where each is an image.

        Returns
        -------
        numpy.ndarray
            (height, width) or (height, width, 3), of the file's dtype.

        Raises
        ------
        InputError
            The file has no such channel, plane or frame, or cannot be composed so. The message
            begins with the key.
        """
        layout = file.layouts[position]
        place: dict[str, int] = {}
        if self.pages != "first":
            return self._of_pages(file, position)
        if self.time is not None or frame is not None:
            axis = self._renamed(layout, "T")
            number = frame if frame is not None else _number("time", self.time, layout, axis)
            place[axis] = number
        if self.channels is None:
            return self._projected(file, position, place)
        if not isinstance(self.channels, Mapping):
            return self._channel(file, position, place, self.channels)
        pages = {
            color: self._channel(file, position, place, channel)
            for color, channel in self.channels.items()
        }
        return compose(list(pages.values()), list(pages))

    def _of_pages(self, file: ImageFile, position: int) -> np.ndarray:
        layout = file.layouts[position]
        several = layout.several
        if len(several) > 1:
            raise InputError(
                f"pages: it has {described(layout)}, which are not one row of pages. Say which "
                "with the keys `channels`, `z` and `time`."
            )
        axis, count = next(iter(several.items()), (PAGES, 1))
        planes = (file.used_plane(position, {axis: number}) for number in range(count))
        if self.pages == "max":
            return _project(planes, "max")
        if len(self.pages) != count or layout.color:
            found = "in color" if layout.color else f"{count}"
            raise InputError(
                f"pages: names {len(self.pages)} colors but its pages are {found}. Name one color "
                "a gray page, or use `pages: first`."
            )
        return compose(list(planes), self.pages)

    def _channel(
        self, file: ImageFile, position: int, place: dict[str, int], channel: Channel
    ) -> np.ndarray:
        layout = file.layouts[position]
        if layout.color and layout.size("C") == 1:
            number = _channel_number(channel, ("red", "green", "blue"))
            return self._projected(file, position, place)[..., number]
        axis = self._renamed(layout, "C")
        names = layout.channels if axis == "C" else ("",) * layout.size(axis)
        return self._projected(file, position, place | {axis: _channel_number(channel, names)})

    def _projected(self, file: ImageFile, position: int, place: dict[str, int]) -> np.ndarray:
        layout = file.layouts[position]
        if self.z is None:
            return file.used_plane(position, place)
        axis = self._renamed(layout, "Z")
        if self.z in ("max", "mean"):
            count = layout.size(axis)
            planes = (file.used_plane(position, place | {axis: number}) for number in range(count))
            return _project(planes, str(self.z))
        return file.used_plane(position, place | {axis: _number("z", self.z, layout, axis)})

    def _renamed(self, layout: Layout, axis: str) -> str:
        """Return the axis that is meant: pages without a name are what the study says they are."""
        if layout.size(PAGES) == 1:
            return axis
        # In color, channels are the pixels' own.
        channels = None if layout.color else self.channels
        meant = {"C": channels, "Z": self.z, "T": self.time}
        named = [one for one, value in meant.items() if value is not None and layout.size(one) == 1]
        if len(named) > 1:
            keys = [{"C": "channels", "Z": "z", "T": "time"}[one] for one in named]
            raise InputError(
                f"{keys[0]}: its {layout.size(PAGES):,} pages do not say what they are, so that "
                f"{' and '.join(keys)} cannot all choose among them. Give one of channels, z and "
                "time, or pages."
            )
        return PAGES if named == [axis] else axis


def compose(planes: Sequence[np.ndarray], colors: Sequence[str]) -> np.ndarray:
    """Add gray planes (h, w), each in its color, to (h, w, 3) of the same dtype, saturating.

    One plane in gray stays as it is.
    """
    if list(colors) == ["gray"]:
        return planes[0]
    if any(plane.ndim != 2 for plane in planes):
        raise InputError("channels: they are in color, so that they cannot have another.")
    dtype = planes[0].dtype
    composed = np.zeros((*planes[0].shape, 3), dtype)
    for channel in range(3):
        parts = [
            plane for plane, color in zip(planes, colors, strict=True) if COLORS[color][channel]
        ]
        total = parts[0] if len(parts) == 1 else sum(part.astype(np.float64) for part in parts)
        if len(parts) > 1 and dtype.kind in "ui":
            total = np.clip(total, np.iinfo(dtype).min, np.iinfo(dtype).max)
        composed[..., channel] = total
    return composed


def described(layout: Layout) -> str:
    """Return how many planes of each kind there are, such as "2 channels and 5 z-planes"."""
    return counted(layout.several) or "one plane"


def counted(sizes: Mapping[str, int]) -> str:
    """Return numbers along axes in words."""
    parts = [f"{size:,} {AXES[axis]}s" if axis in AXES else f"{size:,} {axis}" for axis, size in
             sizes.items()]  # fmt: skip
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _project(planes: Iterator[np.ndarray], how: str) -> np.ndarray:
    """Return the maximum or the mean of planes, one after another in memory."""
    first = next(planes)
    if how == "max":
        highest = first.copy()
        for plane in planes:
            np.maximum(highest, plane, out=highest)
        return highest
    total, count = first.astype(np.float64), 1
    for plane in planes:
        total += plane
        count += 1
    total /= count
    if first.dtype.kind in "ui":
        np.rint(total, out=total)
    return total.astype(first.dtype)


def _number(key: str, wanted: Any, layout: Layout, axis: str) -> int:
    """Return a number from 0, or raise if there are not so many planes."""
    count = layout.size(axis)
    if not 1 <= wanted <= count:
        what = AXES[axis]
        raise InputError(
            f"{key}: there is no {what} {wanted}, but {count}, counted from 1. Give one of these."
        )
    return int(wanted) - 1


def _channel_number(wanted: Channel, names: Sequence[str]) -> int:
    """Return a channel's number from 0, by its number from 1 or by its name."""
    if isinstance(wanted, int):
        if 1 <= wanted <= len(names):
            return wanted - 1
    elif names.count(wanted) == 1:
        return names.index(wanted)
    elif names.count(wanted) > 1:
        raise InputError(
            f"channels: several are called {wanted}. Give a number, from 1 to {len(names)}."
        )
    known = [name for name in names if name]
    called = f" ({', '.join(known)})" if known else " (without names)"
    raise InputError(
        f"channels: there is no channel {wanted}, but {len(names)}{called}, counted from 1. Give "
        "one of these."
    )
