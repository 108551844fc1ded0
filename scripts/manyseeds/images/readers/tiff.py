"""TIFF of every kind, read by tifffile: OME, ImageJ, STK, LSM, tiled, planar, compressed, ..."""

import io
import logging
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from tifffile import PHOTOMETRIC, TiffFile, TiffPage, TiffPageSeries

from manyseeds.images import color_tables
from manyseeds.images.layout import PAGES, Damaged, ImageFile, Layout, Unreadable
from manyseeds.images.orientation import upright
from manyseeds.images.readers import tiff_colors, tiff_metadata

_POSITIONS = ("ome", "lsm", "stk", "micromanager", "mmstack", "fluoview", "scanimage")
"""Kinds whose series are positions. Of others the first counts; more are previews and pages."""
_UNNAMED = {"I", "Q"}  # axes of a sequence and of unknown meaning
_TAGS = {254, 255, 269, *range(256, 267), *range(273, 293), *range(296, 307), *range(315, 320)}
_TAGS |= {*range(320, 326), 338, 339, 340, 341, 347}
"""Tags of TIFF 6.0 that say nothing of a program's own. A description (270) may."""
_REUSABLE = 65_000  # tags from this number on mean what their program likes
_JPEG, _END_OF_JPEG = {7, 33007, 34892}, b"\xff\xd9"
_ONE_FILE = "Save each field as one file (with Bio-Formats: bfconvert)."


class Tiff(ImageFile):
    """A TIFF file.

    Parameters
    ----------
    path : path-like
        The file.
    data : bytes, optional
        Its content, if it has been read already.

    Raises
    ------
    Damaged
        It is cut short, or pages or pixels that it promises are missing.
    Unreadable
        Its colors, numbers or axes are of a kind that is not read.
    """

    format = "TIFF"

    def __init__(self, path: Path | str, data: bytes | None = None) -> None:
        self._source: Any = os.fspath(path) if data is None else io.BytesIO(data)
        self._name = os.path.basename(path)  # noqa: PTH119
        with _faults_raised():
            self._file = self._opened()
            self._series = self._read_series()
        self._planes = [_Planes(self._file, one) for one in self._series]
        plain = self._series[0].kind == "plain"
        about = [(None, (), "")] if plain else tiff_metadata.of(self._file, self._series)
        self.layouts = tuple(
            planes.layout(pixel_size, channels, name)
            for planes, (pixel_size, channels, name) in zip(self._planes, about, strict=True)
        )

    def _opened(self, **kinds: bool) -> TiffFile:
        # Other files that it names may lie elsewhere; each is an image of its own here.
        return TiffFile(self._source, name=self._name, _multifile=False, **kinds)

    def _read_series(self) -> list[TiffPageSeries]:
        """Return the series that are positions."""
        page = self._file.pages.first
        if len(self._file.pages) == 1 and not page.description and _is_plain(page):
            # As `series` would find, having looked for the marks of forty programs.
            return [TiffPageSeries([page], page.shape, page.dtype, page.axes, kind="plain")]
        series = self._file.series
        if any(None in one.pages for one in series):
            if _CATCHER.faults:
                raise Damaged(_CATCHER.faults[0])
            if len(self._file.pages) > 1:
                # Which of the set's planes these are, their order does not say.
                raise Unreadable(
                    "holds some planes of an OME set whose others lie in other files",
                    _ONE_FILE,
                )
            # One plane, whatever of the set it is.
            self._file.close()
            if isinstance(self._source, io.BytesIO):
                self._source.seek(0)
            self._file = self._opened(is_ome=False, is_mmstack=False, is_micromanager=False)
            series = self._file.series
        # Metadata that lie in a companion say nothing here of the pages.
        says = self._file.is_ome and "<Image" in (self._file.ome_metadata or "")
        if says and len(self._file.pages) > 1 and series[0].kind.lower() != "ome":
            if _CATCHER.faults:
                raise Damaged(_CATCHER.faults[0])
            # What its pages are would be guessed from their order.
            raise Unreadable("has OME metadata that do not fit its pages", _ONE_FILE)
        whole = [one for one in series if not one.keyframe.is_reduced] or list(series)
        if not whole:
            raise Damaged("it has no image")
        if whole[0].kind.lower() in _POSITIONS:
            return whole
        if len(whole) > 1 and any(_is_stack(one) for one in whole):
            raise Unreadable(f"holds {len(whole)} stacks", "Save each stack as a file of its own.")
        return whole[:1]

    def _plane(self, position: int, place: Mapping[str, int]) -> np.ndarray:
        with _faults_raised():
            return self._planes[position].read(place)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class _Planes:
    """The planes of one series."""

    def __init__(self, file: TiffFile, series: TiffPageSeries) -> None:
        self.file, self.series = file, series
        self.page: TiffPage = series.keyframe
        axes, own = series.axes, self.page.axes
        # A series has no axes of length 1, but its pages may.
        squeezed = "".join(
            a for a, n in zip(own, self.page.shape, strict=True) if n > 1 or a in "YX"
        )
        for inner in (own, squeezed):
            if axes.endswith(inner) and set(inner) <= set("YXS"):
                break
        else:
            raise Unreadable(f"a TIFF of the axes {axes}, which are not read", tiff_colors.REMEDY)
        self.leading = axes[: len(axes) - len(inner)]
        self.sizes = series.shape[: len(self.leading)]
        named = [axis for axis in self.leading if axis not in _UNNAMED]
        if len(set(named)) < len(named) or "S" in named:
            raise Unreadable(f"a TIFF of the axes {axes}, which are not read", tiff_colors.REMEDY)
        self.channels_in_page = tiff_colors.channels_in_page(self.page)
        self.is_signed = tiff_metadata.is_signed(file, self.page.dtype)
        self._check_storage()
        self.mixed = self._mixed_pages()

    def _mixed_pages(self) -> list[Any]:
        """Return all pages in their order, if some are not like the first; else none."""
        kind = self.series.kind.lower()
        if len(self.file.pages) == len(self.series.pages) or kind in _POSITIONS:
            return []
        if self.leading and kind != "generic":
            return []
        pages = [page for page in self.file.pages if not page.keyframe.is_reduced]
        return pages if len(pages) > len(self.series.pages) else []

    def _check_storage(self) -> None:
        """Raise where pages or pixels are missing, which tifffile fills with zeros."""
        planes = prod(self.sizes)
        end = self.file.filehandle.size
        if len(self.series.pages) == 1 and planes > 1:
            if self.series.dataoffset is None or self.page.compression != 1:
                raise Damaged(f"it has one page, though it says {planes}")
            if self.series.dataoffset + planes * self._bytes > end:
                raise Damaged(f"it is cut short: there is no room for the {planes} planes it says")
        elif len(self.series.pages) != planes:
            raise Damaged(f"it has {len(self.series.pages)} pages, though it says {planes}")
        self._check_segments(self.page)

    def _check_segments(self, page: Any) -> None:
        handle = self.file.filehandle
        for offset, count in zip(page.dataoffsets, page.databytecounts, strict=False):
            if not offset or not count:
                raise Damaged("parts of the picture are missing")
            if offset + count > handle.size:
                raise Damaged("it is cut short")
            if page.compression in _JPEG:
                # The decoder fills with gray what is missing at the end.
                tail = min(count, 64)
                handle.seek(offset + count - tail)
                if not handle.read(tail).rstrip(b"\0").endswith(_END_OF_JPEG):
                    raise Damaged("parts of the picture are missing")

    @property
    def _bytes(self) -> int:
        return int(prod(self.page.shape)) * self.page.dtype.itemsize

    def layout(
        self, pixel_size: tuple[float, float] | None, channels: Sequence[str], name: str
    ) -> Layout:
        page = self.page
        sizes: dict[str, int] = {}
        for axis, size in zip(self.leading, self.sizes, strict=True):
            letter = axis if axis not in _UNNAMED else PAGES
            sizes[letter] = sizes.get(letter, 1) * size
        if self.mixed:
            sizes[PAGES] = len(self.mixed)
        if self.channels_in_page > 1:
            sizes["C"] = sizes.get("C", 1) * self.channels_in_page
        # One pixel tells what kind of numbers come, and whether they are colors.
        shape = [1 if axis in "YX" else n for axis, n in zip(page.axes, page.shape, strict=True)]
        pixel = self._picture(page, np.zeros(shape, page.dtype), 0)
        width, height = page.imagewidth, page.imagelength
        if tiff_colors.orientation_of(page) >= 5:
            width, height = height, width
            pixel_size = pixel_size and (pixel_size[1], pixel_size[0])
        table = ""
        if page.photometric == PHOTOMETRIC.PALETTE:
            table = color_tables.described(tiff_colors.table_of(page))
        names = tuple(channels)
        if self.channels_in_page > 1 and page.photometric == PHOTOMETRIC.RGB:
            names = ("red", "green", "blue", *[""] * (self.channels_in_page - 3))
        return Layout(
            width=width,
            height=height,
            dtype=pixel.dtype,
            color=pixel.ndim == 3,
            bits=page.bitspersample if page.bitspersample < 8 else 0,
            sizes=sizes,
            channels=names,
            pixel_size=pixel_size,
            mode=tiff_colors.mode(page),
            color_table=table,
            name=name,
        )

    def read(self, place: Mapping[str, int]) -> np.ndarray:
        place, sample = dict(place), 0
        if self.channels_in_page > 1:
            place["C"], sample = divmod(place.get("C", 0), self.channels_in_page)
        page_number = place.get(PAGES, 0)
        indices = []
        unnamed = [n for a, n in zip(self.leading, self.sizes, strict=True) if a in _UNNAMED]
        if self.mixed and page_number:
            return self._other_page(self.mixed[page_number])
        split = list(np.unravel_index(page_number, unnamed)) if unnamed else []
        for axis in self.leading:
            indices.append(split.pop(0) if axis in _UNNAMED else place.get(axis, 0))
        number = int(np.ravel_multi_index(indices, self.sizes)) if self.leading else 0
        return self._picture(*self._stored(number), sample)

    def _other_page(self, page: Any) -> np.ndarray:
        """Read a page that may differ from the first."""
        self._check_segments(page)
        other = page.aspage() if hasattr(page, "aspage") else page
        if other.shape != self.page.shape or other.dtype != self.page.dtype:
            raise Unreadable("its pages differ in size or color", "Use `pages: first`.")
        return self._picture(other, other.asarray(), 0)

    def _stored(self, number: int) -> tuple[TiffPage, np.ndarray]:
        """Read a plane as it is stored, in the shape of a page; return its page, too."""
        if len(self.series.pages) == 1 and prod(self.sizes) > 1:
            dtype = np.dtype(self.file.byteorder + self.page.dtype.char)
            offset = self.series.dataoffset + number * self._bytes
            flat = self.file.filehandle.read_array(dtype, prod(self.page.shape), offset)
            return self.page, flat.reshape(self.page.shape)
        page = self.series.pages[number]
        if page is not self.page:
            if not isinstance(page, TiffPage):
                # A frame is decoded as the first page is, however it is stored.
                page = page.aspage()
            if page.shape != self.page.shape or page.dtype != self.page.dtype:
                raise Unreadable(
                    "its planes are stored as different numbers or sizes",
                    "Save it again with the program that opens it, such as Fiji.",
                )
            self._check_segments(page)
        return page, page.asarray()

    def _picture(self, page: TiffPage, stored: np.ndarray, sample: int) -> np.ndarray:
        """Return the picture of a page: (height, width) or (height, width, 3), upright."""
        kept = [n for a, n in zip(page.axes, stored.shape, strict=True) if a in "YXS"]
        array = stored.reshape(kept)
        if "S" in page.axes and page.axes.index("S") == 0:
            array = np.moveaxis(array, 0, -1)
        if self.channels_in_page > 1:
            array = array[..., sample]
        array = tiff_colors.colors(page, array)
        if page.photometric != PHOTOMETRIC.PALETTE:
            array = tiff_colors.numbers(array, page.bitspersample)
        if self.is_signed:
            # ImageJ keeps signed numbers as unsigned ones, shifted.
            array = (array.astype(np.int32) - 2**15).astype(np.int16)
        turned = upright(array, tiff_colors.orientation_of(page))
        return np.ascontiguousarray(turned.astype(turned.dtype.newbyteorder("="), copy=False))


def _is_stack(series: TiffPageSeries) -> bool:
    """Return whether a series was written as an array of several planes."""
    return series.kind.lower() == "shaped" and len(series.shape) > len(series.keyframe.shape)


def _is_plain(page: TiffPage) -> bool:
    """Return whether a page has no tags but those of TIFF itself."""
    return all(tag.code in _TAGS for tag in page.tags)


class _Catcher(logging.Handler):
    """Keeps the errors of a log, and the warning that pages are missing."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.faults: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        tag = re.search(r"TiffTag (\d+) .*invalid data type", message)
        if tag and int(tag[1]) >= _REUSABLE:
            # Of some program's own; no picture here depends on it.
            return
        if "OME series contains index out of range" in message:
            self.faults.append("pages are missing that its OME metadata say it has")
        elif record.levelno >= logging.ERROR:
            # The message begins with the object that it is about.
            self.faults.append(message.split("> ", 1)[-1])


# tifffile only logs where it cannot go on as the file says. Here it is raised, once.
_CATCHER = _Catcher()
logging.getLogger("tifffile").addHandler(_CATCHER)
logging.getLogger("tifffile").propagate = False


@contextmanager
def _faults_raised() -> Iterator[None]:
    """Raise what tifffile only logs."""
    _CATCHER.faults.clear()
    yield
    if _CATCHER.faults:
        raise Damaged(_CATCHER.faults[0])
