"""Leica LIF, read by liffile."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from liffile import LifFile, LifImageABC

from manyseeds.images.layout import Damaged, ImageFile, Layout, Unreadable
from manyseeds.images.units import pixel_size

_REMEDY = "Export it from LAS X as TIFF."


class Lif(ImageFile):
    """A LIF file. Its positions are its images.

    A scan of x and z is a picture of x and z. Its stack, if it has one, is along y.

    Parameters
    ----------
    path : path-like
        The file.
    """

    format = "LIF"

    def __init__(self, path: Path | str) -> None:
        self._file = LifFile(path)
        self._images = list(self._file.images)
        if not self._images:
            raise Damaged("it has no image")
        self.layouts = tuple(_layout(image) for image in self._images)

    def _plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        image = self._images[position]
        down = _plane_axes(image)[0]
        # What is called z here may be y in the file.
        indices = {("Y" if axis == "Z" and down == "Z" else axis): n for axis, n in place.items()}
        return image.frame(**{axis: n for axis, n in indices.items() if axis in image.dims})

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _plane_axes(image: LifImageABC) -> tuple[str, ...]:
    return tuple(axis for axis in image.dims if axis != "S")[-2:]


def _layout(image: LifImageABC) -> Layout:
    down, across = _plane_axes(image)
    sizes = dict(image.sizes)
    if not {down, across} <= set("XYZ"):
        raise Unreadable(
            f"a LIF file of the axes {', '.join(image.dims)}, which are not read", _REMEDY
        )
    if sizes.get("M", 1) > 1:
        raise Unreadable(
            f"a LIF file with a mosaic of {sizes['M']} tiles ({image.name}) that is not stitched",
            "Merge it in LAS X, or export it as TIFF.",
        )
    samples = sizes.pop("S", 1)
    height, width = sizes.pop(down), sizes.pop(across)
    if "Y" in sizes:
        sizes["Z"] = sizes.pop("Y")
    # Coordinates are in meters; one point has no distance to a next.
    x, y = (_step(image.coords.get(axis)) for axis in (across, down))
    return Layout(
        width,
        height,
        dtype=np.dtype(image.dtype).newbyteorder("="),
        color=samples == 3,
        sizes={axis: size for axis, size in sizes.items() if size > 1},
        channels=_channels(image),
        pixel_size=pixel_size(x, y, "m"),
        name=image.name,
    )


def _step(coordinates: np.ndarray | None) -> float | None:
    if coordinates is None or len(coordinates) < 2:
        return None
    return abs(float(coordinates[-1] - coordinates[0])) / (len(coordinates) - 1)


def _channels(image: LifImageABC) -> tuple[str, ...]:
    """Return the dyes' names, by the channels or by the detectors that were on."""
    channels = image.xml_element.findall(
        "./Data/Image/ImageDescription/Channels/ChannelDescription"
    )
    names = []
    for channel in channels:
        properties = {
            one.findtext("Key"): one.findtext("Value") for one in channel.findall("ChannelProperty")
        }
        names.append(properties.get("DyeName") or "")
    if any(names):
        return tuple(names)
    setting = image.xml_element.find(".//ATLConfocalSettingDefinition")
    if setting is None:
        return ()
    dyes = {one.get("Channel"): one.get("DyeName", "") for one in setting.iter("MultiBand")}
    detectors = [one for one in setting.iter("Detector") if one.get("IsActive") == "1"]
    return tuple(dyes.get(one.get("Channel"), "").split("/")[-1] for one in detectors)
