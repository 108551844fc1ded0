"""Nikon ND2, read by the package nd2."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from nd2 import ND2File

from manyseeds.images.layout import Damaged, ImageFile, Layout, Unreadable
from manyseeds.images.units import pixel_size

_OF_A_FRAME = set("CYXS")


class Nd2(ImageFile):
    """An ND2 file. Its positions are the points of its stage.

    Parameters
    ----------
    path : path-like
        The file.
    """

    format = "ND2"

    def __init__(self, path: Path | str) -> None:
        self._file = ND2File(path)
        sizes = dict(self._file.sizes)
        color = sizes.pop("S", 1) == 3
        width, height = sizes.pop("X"), sizes.pop("Y")
        self._has_positions = "P" in sizes
        positions = sizes.pop("P", 1)
        if self._file.dtype not in map(np.dtype, ("uint8", "uint16", "float32")):
            raise Unreadable(f"an ND2 file of {self._file.dtype}, which is not read")
        self._frames = {_key(place): number for number, place in enumerate(self._file.loop_indices)}
        size = self._file.voxel_size()
        about = getattr(self._file.metadata, "channels", None) or []
        names = tuple(one.channel.name or "" for one in about)
        self.layouts = tuple(
            Layout(
                width,
                height,
                dtype=np.dtype(self._file.dtype),
                color=color,
                sizes=sizes,
                channels=names,
                pixel_size=pixel_size(size.x, size.y),
                name=self._name(position),
            )
            for position in range(positions)
        )

    def _name(self, position: int) -> str:
        for loop in self._file.experiment:
            if loop.type == "XYPosLoop" and position < len(loop.parameters.points):
                return loop.parameters.points[position].name or ""
        return ""

    def _plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        axes = {axis: 0 for axis in self._file.sizes if axis not in _OF_A_FRAME}
        axes |= {axis: number for axis, number in place.items() if axis in axes}
        if self._has_positions:
            axes["P"] = position
        number = self._frames.get(_key(axes))
        if number is None:
            raise Damaged("a frame is missing, as if its acquisition had been interrupted")
        frame = self._file.read_frame(number)
        if "C" in self._file.sizes:
            frame = frame[place.get("C", 0)]
        return np.ascontiguousarray(frame)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _key(place: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(place.items()))
