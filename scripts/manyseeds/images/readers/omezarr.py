"""OME-Zarr (NGFF 0.1 to 0.5), read by zarr."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zarr

from manyseeds.images.layout import Damaged, ImageFile, Layout, Unreadable
from manyseeds.images.units import pixel_size


class OmeZarr(ImageFile):
    """A folder of OME-Zarr. Its positions are the fields of a plate, or the images of a collection.

    Of each image the full resolution is read; labels are left alone.

    Parameters
    ----------
    path : path-like
        The folder.
    """

    format = "OME-Zarr"

    def __init__(self, path: Path | str) -> None:
        try:
            root = zarr.open_group(str(path), mode="r")
        except (FileNotFoundError, zarr.errors.GroupNotFoundError) as error:
            raise Unreadable("a folder named .zarr that is not OME-Zarr") from error
        images = list(_images(root, ""))
        if not images:
            raise Unreadable("a Zarr folder without images of OME-Zarr (no `multiscales`)")
        self._images = [_Image(group, name) for name, group in images]
        self.layouts = tuple(image.layout for image in self._images)

    def _plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        return self._images[position].plane(place)

    def is_recorded(self, position: int, place: Mapping[str, int]) -> bool:
        """Return whether anything of the image is stored; programs leave out empty chunks."""
        return bool(self._images[position].array.nchunks_initialized)


class _Image:
    """One image: its array of full resolution, with what the metadata say of it."""

    def __init__(self, group: zarr.Group, name: str) -> None:
        about = _ome(group)
        multiscale = about["multiscales"][0]
        datasets = multiscale.get("datasets") or []
        if not datasets:
            raise Damaged("an image of it has no array")
        # Old files have a number for a path.
        array = group.get(str(datasets[0]["path"]))
        if not isinstance(array, zarr.Array):
            raise Damaged(f"the array {datasets[0]['path']} is missing")
        self.array = array
        axes = multiscale.get("axes") or list("tczyx"[-array.ndim :])
        names = [axis["name"] if isinstance(axis, Mapping) else axis for axis in axes]
        self.axes = [_letter(axis) for axis in axes]
        if self.axes[-2:] != ["Y", "X"] or len(self.axes) != array.ndim:
            raise Unreadable(
                f"an OME-Zarr image of the axes {', '.join(names)}, which are not read"
            )
        *leading, height, width = array.shape
        sizes = {a: n for a, n in zip(self.axes, leading, strict=False) if n > 1}
        labels = [one.get("label") or "" for one in about.get("omero", {}).get("channels", [])]
        dtype = np.dtype("uint8" if array.dtype == bool else array.dtype).newbyteorder("=")
        self.layout = Layout(
            width,
            height,
            dtype=dtype,
            sizes=sizes,
            channels=tuple(map(str, labels)),
            pixel_size=_pixel_size(multiscale, datasets[0], axes),
            name=name,
        )

    def plane(self, place: Mapping[str, int]) -> np.ndarray:
        index = tuple(place.get(axis, 0) for axis in self.axes[:-2])
        values = np.asarray(self.array[index])
        if values.dtype == bool:
            values = values.astype(np.uint8) * 255
        return values.astype(values.dtype.newbyteorder("="), copy=False)


def _letter(axis: Any) -> str:
    """Return the letter of an axis, by its type where that tells more than its name."""
    if not isinstance(axis, Mapping):
        return str(axis).upper()
    return {"channel": "C", "time": "T"}.get(axis.get("type", ""), str(axis["name"]).upper())


def _ome(group: zarr.Group) -> Mapping[str, Any]:
    """Return the metadata of OME, which version 0.5 nests."""
    attributes = dict(group.attrs)
    return attributes.get("ome", attributes)


def _images(group: zarr.Group, name: str) -> Iterator[tuple[str, zarr.Group]]:
    """Yield the images of a group: its own, the fields of a plate's wells, or a collection's."""
    about = _ome(group)
    if "multiscales" in about:
        yield name, group
    elif "plate" in about:
        for well in about["plate"].get("wells", []):
            yield from _some_images(_group(group, well["path"]), str(well["path"]))
    elif "well" in about:
        for field in about["well"].get("images", []):
            yield from _images(_group(group, field["path"]), f"{name}/{field['path']}")
    elif not name or "/" in name or "bioformats2raw.layout" in about:
        # A collection of Bio-Formats, or a well without metadata.
        numbers = sorted((key for key in group.group_keys() if key.isdigit()), key=int)
        for number in numbers:
            yield from _some_images(_group(group, number), f"{name}/{number}".strip("/"))


def _some_images(group: zarr.Group, name: str) -> Iterator[tuple[str, zarr.Group]]:
    """Yield the images of a group that must have some."""
    found = list(_images(group, name))
    if not found:
        raise Damaged(f"the image {name} has no multiscales")
    yield from found


def _group(group: zarr.Group, path: Any) -> zarr.Group:
    found = group.get(str(path))
    if not isinstance(found, zarr.Group):
        raise Damaged(f"the group {path} is missing")
    return found


def _pixel_size(
    multiscale: Mapping[str, Any], dataset: Mapping[str, Any], axes: Sequence[Any]
) -> tuple[float, float] | None:
    transformations = [
        *dataset.get("coordinateTransformations", []),
        *multiscale.get("coordinateTransformations", []),
    ]
    scales = [one["scale"] for one in transformations if one.get("type") == "scale"]
    units = [axis.get("unit") if isinstance(axis, Mapping) else None for axis in axes[-2:]]
    if not scales:
        return None
    whole = np.prod(scales, axis=0)
    return pixel_size(whole[-1], whole[-2], units[1], units[0])
