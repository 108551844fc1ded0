"""Slicing fields into tiles, streamed into one array on disk."""

import logging
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from manyseeds.errors import InputError
from manyseeds.images import reading, scaling
from manyseeds.images.layout import MAX_PIXELS
from manyseeds.images.selection import Selection
from manyseeds.machine import disks, processes

logger = logging.getLogger(__name__)


def slice_array(array: np.ndarray, rows: int, columns: int, remainder: str = "error") -> np.ndarray:
    """Cut a field into a grid of equal tiles.

    Parameters
    ----------
    array : numpy.ndarray
        A field (height, width, ...), any dtype.
    rows, columns : int
        The grid.
    remainder : "error" or "crop"
        What to do if the grid does not divide the field: raise, or leave out the last rows and
        columns of pixels (at the bottom and at the right). These are fewer than the grid's.

    Returns
    -------
    numpy.ndarray
        (rows * columns, height // rows, width // columns, ...): the first row of tiles from
        left to right, then the next.

    Raises
    ------
    InputError
        The grid does not divide the field and `remainder` is "error", or the field has
        fewer pixels than the grid has tiles.
    """
    height, width = array.shape[0] // rows, array.shape[1] // columns
    if height == 0 or width == 0:
        raise InputError(
            f"slice: {rows} x {columns} tiles (rows x columns) are more than a field of "
            f"{array.shape[0]} x {array.shape[1]} pixels holds. Choose a smaller grid."
        )
    if remainder == "error" and array.shape[:2] != (height * rows, width * columns):
        raise InputError(
            f"slice: {rows} x {columns} tiles (rows x columns) do not divide a field of "
            f"{array.shape[0]} x {array.shape[1]} pixels (height x width). "
            "Choose a grid that does, or set `slice.remainder: crop`."
        )
    grid = array[: height * rows, : width * columns]
    grid = grid.reshape(rows, height, columns, width, *array.shape[2:]).swapaxes(1, 2)
    return grid.reshape(rows * columns, height, width, *array.shape[2:])


def slice_images(
    table: pd.DataFrame,
    folder: Path,
    out: Path,
    *,
    size: int,
    color: str = "rgb",
    rows: int = 1,
    columns: int = 1,
    remainder: str = "error",
    selection: Selection | None = None,
    scale: scaling.Scale = "depth",
    pixel_size: float | None = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Slice a dataset's images into 8-bit tiles of one size, written as one array.

    An image of at most `size` x `size` pixels is a tile already and passes whole.

    Parameters
    ----------
    table : pandas.DataFrame
        Rows of `images.csv`.
    folder : path
        Where the images lie.
    out : path
        Becomes uint8 (n, size, size, 1 or 3), npy.
    size : int
        Height and width of a tile in pixels, after resizing.
    color : "rgb" or "gray"
        Three channels or one.
    rows, columns, remainder
        The grid, as in `slice_array`.
    selection : Selection, optional
        Which planes are used; the first by default.
    scale
        As in `scaling.intensity_range`.
    pixel_size : float, optional
        Width and height in µm that every pixel gets before images are sliced; each keeps its own
        by default.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        A row a tile, in the order of the array: tile, image, class, group, split, angle,
        row, column. Tiles of an image follow each other by row, then column.

    Raises
    ------
    InputError
        An image cannot be read, the grid does not divide it, two images differ in their
        suffix alone (their tiles would share a name), or the size of an image's pixels is needed
        and not known.
    """
    table = table.reset_index(drop=True)
    selection = selection or Selection()
    shapes = _shapes(table, pixel_size)
    small = np.all(shapes <= size, axis=1)
    counts = np.where(small, 1, rows * columns)
    index = _tile_index(table, counts, columns)
    _check_unique(index)
    low, high = scaling.intensity_range(table, scale, folder, selection, workers)
    channels = {"rgb": 3, "gray": 1}[color]
    # The array is created here. Every process maps the part that it fills.
    disks.create_npy(out, (len(index), size, size, channels))
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    where = [table[key] for key in ("file", "position", "frame", "image")]
    jobs = list(zip(*where, shapes.tolist(), starts.tolist(), small.tolist(), strict=True))
    fill = partial(
        _slice_batch,
        folder=folder,
        out=out,
        color=color,
        grid=(rows, columns),
        remainder=remainder,
        selection=selection,
        scale=(low, high),
    )
    for _ in processes.in_parallel(fill, jobs, workers, "slicing"):
        pass
    return index


def _shapes(table: pd.DataFrame, pixel_size: float | None) -> np.ndarray:
    """Return the width and height of each image, (n, 2), once its pixels have a size."""
    shapes = table[["width", "height"]].to_numpy()
    if pixel_size is None:
        return shapes
    unknown = table.loc[table["pixel_size"].isna(), "image"]
    if len(unknown):
        raise InputError(
            f"{unknown.iloc[0]}: does not say how large its pixels are, and `pixel_size` needs "
            f"that ({len(unknown):,} of {len(table):,} images do not say it). Save it with its "
            "scale (in Fiji: Image > Properties), or leave out `pixel_size`."
        )
    factors = table[["pixel_size", "pixel_height"]].to_numpy() / pixel_size
    larger = int((factors > 1.01).any(axis=1).sum())
    if larger:
        logger.info(
            f"{larger:,} of {len(table):,} images have larger pixels than `pixel_size`, so that "
            "they are blurred beside others"
        )
    resized = np.maximum(1, np.rint(shapes * factors)).astype(int)
    largest = resized.prod(axis=1).argmax()
    if resized[largest].prod() > MAX_PIXELS:
        width, height = resized[largest]
        raise InputError(
            f"pixel_size: {pixel_size:g} µm would make {width:,} x {height:,} pixels of "
            f"{table.loc[largest, 'image']}, whose pixels are "
            f"{table.loc[largest, 'pixel_size']:g} µm wide. Give a larger one."
        )
    return resized


def _tile_index(table: pd.DataFrame, counts: np.ndarray, columns: int) -> pd.DataFrame:
    """Return a row a tile; `counts` are the tiles of each image, 1 or those of a whole grid."""
    numbers = np.concatenate([np.arange(count) for count in counts])
    index = table[["image", "class", "group", "split", "angle"]]
    index = index.loc[index.index.repeat(counts)].reset_index(drop=True)
    index["row"], index["column"] = np.divmod(numbers, columns)
    # What follows the file in the image's name says which of the file's it is.
    stems = [
        f"{PurePosixPath(file).with_suffix('')}{image.removeprefix(file)}"
        for file, image in zip(table["file"], table["image"], strict=True)
    ]
    index.insert(0, "tile", np.repeat(stems, counts))
    places = "_r" + index["row"].astype(str) + "_c" + index["column"].astype(str)
    index["tile"] += places.where(counts.repeat(counts) > 1, "")
    return index


def _check_unique(index: pd.DataFrame) -> None:
    """Raise if two tiles have the same name."""
    twice = index[index["tile"].duplicated(keep=False)].sort_values("tile")
    if len(twice):
        first, second = twice["image"].iloc[:2]
        raise InputError(
            f"{first}: its tiles would have the same names as those of {second}. Rename one."
        )


def _slice_batch(
    jobs: list[tuple[str, int, int, str, list[int], int, bool]],
    *,
    folder: Path,
    out: Path,
    color: str,
    grid: tuple[int, int],
    remainder: str,
    selection: Selection,
    scale: tuple[float, float],
) -> None:
    """Write the tiles of some images, each at its place in the array."""
    # Mapped again for each batch: what was written leaves this process's memory with the map.
    array = np.lib.format.open_memmap(out, "r+")
    side = array.shape[1]
    for (_, _, _, name, shape, start, whole), pixels in reading.of_jobs(folder, jobs, selection):
        pixels = reading.resize(scaling.to_8bit(pixels, *scale), *shape)
        # Gray becomes RGB at the very end, by broadcasting into the array.
        pixels = reading.to_color(pixels, "gray" if pixels.ndim == 2 else color)
        try:
            tiles = pixels[None] if whole else slice_array(pixels, *grid, remainder)
        except InputError as error:
            raise InputError(f"{name}: {error}") from error
        for offset, tile in enumerate(tiles):
            array[start + offset] = reading.resize(tile, side, side)
