"""Zeiss CZI, read by pylibCZIrw, the binding of Zeiss' own libCZI."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from pylibCZIrw import czi

from manyseeds.images.layout import Damaged, ImageFile, Layout, Unreadable
from manyseeds.images.units import pixel_size

_TYPES: dict[str, tuple[str, bool]] = {
    "Gray8": ("uint8", False),
    "Gray16": ("uint16", False),
    "Gray32Float": ("float32", False),
    "Bgr24": ("uint8", True),
    "Bgr48": ("uint16", True),
}
"""The numbers of each of Zeiss' pixel types, and whether they are colors."""


class Czi(ImageFile):
    """A CZI file. Its positions are its scenes; the tiles of a mosaic are stitched by libCZI.

    Parameters
    ----------
    path : path-like
        The file.
    """

    format = "CZI"

    def __init__(self, path: Path | str) -> None:
        # libCZI has its own way of opening files, which the manager hides.
        self._manager = czi.open_czi(str(path))
        self._file = self._manager.__enter__()
        box = dict(self._file.total_bounding_box)
        area = {axis: box.pop(axis, (0, 0)) for axis in "XY"}
        if not all(last > first for first, last in area.values()):
            self.close()
            raise Damaged("it holds no picture, as if its acquisition had been interrupted")
        self._starts = {axis: first for axis, (first, _) in box.items()}
        sizes = {axis: last - first for axis, (first, last) in box.items() if last - first > 1}
        scenes = self._file.scenes_bounding_rectangle
        self._scenes: list[int | None] = sorted(scenes) or [None]
        about = _Metadata(self._file.metadata)
        types = {self._file.pixel_types[channel] for channel in self._file.pixel_types}
        if len(types) != 1 or not types <= set(_TYPES):
            self.close()
            raise Unreadable(
                f"a CZI file of the pixel types {', '.join(sorted(types))}, which is not read"
            )
        dtype, color = _TYPES[types.pop()]
        rectangles = [
            (scenes[scene].w, scenes[scene].h)
            if scene is not None
            else tuple(last - first for first, last in area.values())
            for scene in self._scenes
        ]
        self.layouts = tuple(
            Layout(
                width,
                height,
                dtype=np.dtype(dtype),
                color=color,
                sizes=sizes,
                channels=about.channels(sizes.get("C", 1)),
                pixel_size=about.pixel_size,
                name=about.scene(scene),
            )
            for scene, (width, height) in zip(self._scenes, rectangles, strict=True)
        )

    def _plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        where = {axis: first + place.get(axis, 0) for axis, first in self._starts.items()}
        # Samples come as blue, green, red.
        pixels = self._file.read(plane=where, scene=self._scenes[position])
        return np.ascontiguousarray(pixels[..., ::-1]) if pixels.shape[-1] == 3 else pixels[..., 0]

    def is_recorded(self, position: int, place: Mapping[str, int]) -> bool:
        """Return whether a black plane is one; where there is no tile, it has the background."""
        where = {axis: first + place.get(axis, 0) for axis, first in self._starts.items()}
        white = self._file.read(
            plane=where, scene=self._scenes[position], background_pixel=(1.0, 1.0, 1.0)
        )
        return not white.all()

    def close(self) -> None:
        """Close the file."""
        self._manager.__exit__(None, None, None)


class _Metadata:
    """What the XML of a CZI file says, however much of it there is."""

    def __init__(self, document: Any) -> None:
        self._metadata = _at(document, "ImageDocument", "Metadata")

    @property
    def pixel_size(self) -> tuple[float, float] | None:
        distances = _listed(_at(self._metadata, "Scaling", "Items", "Distance"))
        meters = {one.get("@Id"): one.get("Value") for one in distances}
        return pixel_size(meters.get("X"), meters.get("Y"), "m")

    def channels(self, count: int) -> tuple[str, ...]:
        """Return names by the channels' numbers; those of the display stand in for others."""
        image = _at(self._metadata, "Information", "Image", "Dimensions", "Channels", "Channel")
        display = _at(self._metadata, "DisplaySetting", "Channels", "Channel")
        own, shown = _listed(image), _listed(display)
        return tuple(
            next(
                (
                    str(names[number]["@Name"])
                    for names in (own, shown)
                    if number < len(names) and names[number].get("@Name")
                ),
                "",
            )
            for number in range(count)
        )

    def scene(self, number: int | None) -> str:
        scenes = _at(self._metadata, "Information", "Image", "Dimensions", "S", "Scenes", "Scene")
        names = {str(one.get("@Index")): one.get("@Name") for one in _listed(scenes)}
        return str(names.get(str(number)) or "")


def _at(document: Any, *path: str) -> Any:
    for step in path:
        document = document.get(step) if isinstance(document, Mapping) else None
    return document


def _listed(one: Any) -> list[Mapping[str, Any]]:
    """Return the elements of a name in XML, of which a single one is no list."""
    found = one if isinstance(one, list) else [one]
    return [element for element in found if isinstance(element, Mapping)]
