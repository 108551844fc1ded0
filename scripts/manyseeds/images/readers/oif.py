"""Olympus OIB and OIF, read by oiffile."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from oiffile import OifFile
from tifffile import TiffFile

from manyseeds.images.layout import Damaged, ImageFile, Layout
from manyseeds.images.units import pixel_size


class Oif(ImageFile):
    """An OIB file, or an OIF file with its folder of planes.

    Parameters
    ----------
    path : path-like
        The file.
    """

    def __init__(self, path: Path | str) -> None:
        self.format = Path(path).suffix[1:].upper()
        self._file = OifFile(path)
        if not self._file.series:
            raise Damaged("it has no image")
        series = self._file.series[0]
        self._files = dict(zip(map(tuple, series.indices), series, strict=True))
        if len(self._files) != np.prod(series.shape):
            raise Damaged(
                f"it has {len(self._files)} planes, though it says {np.prod(series.shape)}"
            )
        self._axes = series.axes
        sizes = dict(zip(self._axes, series.shape, strict=True))
        *_, height, width = self._file.shape
        settings = self._file.mainfile
        reference = settings.get("Reference Image Parameter", {})
        count = sizes.get("C", 1)
        self.layouts = (
            Layout(
                width,
                height,
                dtype=np.dtype(self._file.dtype),
                sizes={axis: size for axis, size in sizes.items() if size > 1},
                channels=tuple(
                    str(settings.get(f"Channel {number} Parameters", {}).get("CH Name", ""))
                    for number in range(1, count + 1)
                ),
                pixel_size=pixel_size(
                    reference.get("WidthConvertValue"),
                    reference.get("HeightConvertValue"),
                    reference.get("WidthUnit"),
                ),
            ),
        )

    def _plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        name = self._files[tuple(place.get(axis, 0) for axis in self._axes)]
        with self._file.open_file(name) as stream, TiffFile(stream, name=name) as file:
            return file.asarray()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
