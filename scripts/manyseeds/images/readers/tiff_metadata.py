"""Pixel sizes, channel names and position names in the metadata of TIFF files."""

from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import numpy as np
from tifffile import TiffFile, TiffPageSeries

from manyseeds.images.layout import Unreadable
from manyseeds.images.units import pixel_size

About = tuple[tuple[float, float] | None, Sequence[str], str]
"""Pixel size in µm, names of the channels, and name of a position."""


def of(file: TiffFile, series: Sequence[TiffPageSeries]) -> list[About]:
    """Return what the metadata say of each series of a file.

    Numbers that only say how large a page is printed (dots per inch) say nothing here.

    Parameters
    ----------
    file : tifffile.TiffFile
        The open file.
    series : sequence of tifffile.TiffPageSeries
        Those of its series that are read.
    """
    one: About = (None, (), "")
    if file.is_ome:
        return _of_ome(file, series)
    if file.is_imagej:
        one = (_of_imagej(file), (), "")
    elif file.is_lsm:
        about = file.lsm_metadata or {}
        size = pixel_size(about.get("VoxelSizeX"), about.get("VoxelSizeY"), "m")
        one = (size, _texts((about.get("ChannelColors") or {}).get("ColorNames")), "")
    elif file.is_stk:
        about = file.stk_metadata or {}
        sizes = about.get("XCalibration"), about.get("YCalibration")
        one = (pixel_size(*sizes, about.get("CalibrationUnits")), (), "")
    elif file.is_metaseries:
        about = (file.metaseries_metadata or {}).get("PlaneInfo", {})
        keys = ("spatial-calibration-x", "spatial-calibration-y", "spatial-calibration-units")
        size = pixel_size(*(about.get(key) for key in keys))
        one = (size, _texts([about.get("_IllumSetting_") or about.get("image-name")]), "")
    elif file.is_micromanager:
        about = (file.micromanager_metadata or {}).get("Summary", {})
        size = pixel_size(about.get("PixelSize_um"), about.get("PixelSize_um"))
        one = (size, _texts(about.get("ChNames")), "")
    return [one] * len(series)


def _of_ome(file: TiffFile, series: Sequence[TiffPageSeries]) -> list[About]:
    images = _ome_images(file.ome_metadata or "")
    found: list[About] = []
    for place, one in enumerate(series):
        named = [image for image in images if one.name and image.get("Name") == one.name]
        image = images[place] if place < len(images) else {}
        image = named[0] if len(named) == 1 else image
        pixels = image.get("Pixels", {})
        size = pixel_size(
            pixels.get("PhysicalSizeX"),
            pixels.get("PhysicalSizeY"),
            pixels.get("PhysicalSizeXUnit", "µm"),
            pixels.get("PhysicalSizeYUnit", "µm"),
        )
        found.append((size, _texts(image.get("channels")), str(image.get("Name") or "")))
    return found


def is_signed(file: TiffFile, dtype: np.dtype | None) -> bool:
    """Return whether ImageJ keeps signed numbers in unsigned ones.

    Raises
    ------
    Unreadable
        Its values mean other ones by a calibration, which is not read.
    """
    about = (file.imagej_metadata or {}) if file.is_imagej else {}
    offset, slope = about.get("c0"), about.get("c1")
    if offset is None and slope is None:
        return False
    if (offset, slope) == (-32768, 1) and dtype == np.uint16:
        return True
    if (offset or 0, slope if slope is not None else 1) == (0, 1):
        return False
    raise Unreadable(
        f"an ImageJ file whose values are calibrated ({offset:g} + {slope:g} x value)",
        "Take the calibration away (Analyze > Calibrate: None), or save it as 32 bits.",
    )


def _of_imagej(file: TiffFile) -> tuple[float, float] | None:
    tags, about = file.pages.first.tags, file.imagej_metadata or {}
    try:
        across, down = (tags[name].value for name in ("XResolution", "YResolution"))
        sizes = across[1] / across[0], down[1] / down[0]
    except (KeyError, TypeError, ZeroDivisionError):
        return None
    # ImageJ makes inches of the dots per inch of any picture that it opens.
    unit = about.get("unit")
    return None if unit in ("inch", "in") else pixel_size(*sizes, unit)


def _texts(names: Any) -> list[str]:
    """Return names as texts, "" for what is none."""
    return [name if isinstance(name, str) else "" for name in names or ()]


def _ome_images(xml: str) -> list[dict[str, Any]]:
    """Return each image's Name, its Pixels and the names of its channels, as text.

    tifffile's own reading makes numbers of names that look like such.
    """
    found = []
    for image in _children(ElementTree.fromstring(xml), "Image"):
        for pixels in _children(image, "Pixels"):
            channels = [one.get("Name") for one in _children(pixels, "Channel")]
            found.append({"Name": image.get("Name"), "Pixels": pixels.attrib, "channels": channels})
    return found


def _children(element: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    """Return the children of a name, whatever the version of OME in it."""
    return [child for child in element if child.tag.rpartition("}")[2] == name]
