"""TIFF files that are not whole are refused by name. They never give other pixels."""

import io
import struct

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from manyseeds.errors import BadImage
from manyseeds.images import reading
from manyseeds.images.opening import opened
from manyseeds.images.selection import Selection
from tiff_files import one_page, random

PAGE = random((32, 32), "u1")
COLOR = random((32, 32, 3), "u1")
STACK = random((4, 8, 9), "u2")


def written(array, **options):
    stream = io.BytesIO()
    tifffile.imwrite(stream, array, **options)
    return stream.getvalue()


def by_pillow(*planes, **options):
    stream = io.BytesIO()
    first, *more = map(Image.fromarray, planes)
    first.save(stream, "TIFF", save_all=True, append_images=more, **options)
    return stream.getvalue()


def imagej_of_one_page():
    about = b"ImageJ=1.53t\nimages=4\nslices=4\n\0"
    first = one_page(b"", (8, 9), 16, tags=[(270, about)])
    # The strip's length is that of the first plane.
    first = first.replace(struct.pack("<HHII", 279, 4, 1, 0), struct.pack("<HHII", 279, 4, 1, 144))
    return first + STACK.tobytes()


CODECS = [None, "deflate", "lzw", "zstd", "packbits", "lzma", "jpeg", "jpeg2000", "png", "jpegxl"]
CODECS += ["jpegxr"]
PARTS = {"one strip": {}, "strips": {"rowsperstrip": 8}, "tiles": {"tile": (16, 16)}}
KINDS = {
    **{
        f"{parts} {codec}": written(PAGE, compression=codec, **options)
        for parts, options in PARTS.items()
        for codec in CODECS
    },
    "webp": written(COLOR, photometric="rgb", compression="webp"),
    "planar": written(np.moveaxis(COLOR, -1, 0), photometric="rgb", planarconfig="separate"),
    "one bit": written(PAGE > 99),
    "twelve bits": written(STACK[0] >> 4, bitspersample=12),
    "plain stack": written(STACK, photometric="minisblack", metadata=None),
    "stack with a shape": written(STACK, photometric="minisblack"),
    "packed stack": written(STACK, photometric="minisblack", compression="deflate"),
    "BigTIFF": written(STACK, photometric="minisblack", bigtiff=True),
    "big-endian": written(STACK, photometric="minisblack", byteorder=">"),
    "ImageJ": written(STACK, imagej=True, metadata={"axes": "ZYX"}),
    "ImageJ, one page": imagej_of_one_page(),
    "OME": written(STACK, ome=True, metadata={"axes": "ZYX"}),
    "packed OME": written(STACK, ome=True, metadata={"axes": "CYX"}, compression="lzw"),
    "Pillow's": by_pillow(*STACK),
    "Pillow's, packed": by_pillow(*STACK, compression="tiff_lzw"),
    "fax": by_pillow(PAGE > 99, compression="group4"),
}


def planes_of(data):
    """Return every plane of a file."""
    with opened("a.tif", data) as file:
        return [
            file.plane(position, dict(zip(layout.sizes, index, strict=True)))
            for position, layout in enumerate(file.layouts)
            for index in np.ndindex(*layout.sizes.values())
        ]


def is_refused(data, message="", selection=None):
    with pytest.raises(BadImage, match=rf"^a\.tif: .*{message}"):
        reading.inspect("a.tif", selection, data)


@pytest.mark.parametrize("kind", KINDS)
@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, deadline=None)
def test_a_file_that_is_cut_short_is_refused_or_has_all_its_pixels(kind, share):
    data = KINDS[kind]
    length = max(1, int(share * len(data)))
    try:
        found = planes_of(data[:length])
    except BadImage as error:
        assert str(error).startswith("a.tif: ")
        return
    # What is lost may have been padding.
    expected = planes_of(data)
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_file_is_refused(kind):
    is_refused(KINDS[kind][: len(KINDS[kind]) // 2])


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_folder_the_file_is_named(kind, tmp_path):
    path = tmp_path / "cut.tif"
    path.write_bytes(KINDS[kind][: len(KINDS[kind]) // 2])
    with pytest.raises(BadImage) as error:
        reading.read(path)
    assert str(error.value).startswith(f"{path}: ")


# pages that follow each other


def next_page_at(data, number):
    """Return where a file of small offsets keeps the offset of the page after one."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        order = file.byteorder
        start = file.pages[number].offset
    (fields,) = struct.unpack_from(order + "H", data, start)
    return order, start + 2 + 12 * fields


CHAINS = [
    (kind, page)
    for kind in ("plain stack", "big-endian", "OME", "ImageJ", "Pillow's")
    for page in range(3)
]


@pytest.mark.parametrize(("kind", "page"), CHAINS)
def test_a_chain_of_pages_that_leads_beyond_the_end_is_refused(kind, page):
    data = bytearray(KINDS[kind])
    order, at = next_page_at(data, page)
    struct.pack_into(order + "I", data, at, len(data) + 1000)
    is_refused(bytes(data))


def test_a_single_page_with_a_chain_that_leads_nowhere_is_refused():
    data = bytearray(written(PAGE, metadata=None))
    _, at = next_page_at(data, 0)
    struct.pack_into("<I", data, at, len(data) + 1000)
    is_refused(bytes(data), "invalid page offset")


@pytest.mark.parametrize("back_to", [0, 1])
def test_a_chain_of_pages_that_leads_back_is_refused(back_to):
    data = bytearray(KINDS["plain stack"])
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        offset = file.pages[back_to].offset
    _, at = next_page_at(data, 1)
    struct.pack_into("<I", data, at, offset)
    is_refused(bytes(data), "circular")


@pytest.mark.parametrize("page", [0, 1, 2])
def test_an_ome_file_with_fewer_pages_than_it_says_is_refused(page):
    data = bytearray(KINDS["OME"])
    order, at = next_page_at(data, page)
    struct.pack_into(order + "I", data, at, 0)
    is_refused(bytes(data), "pages are missing that its OME metadata say it has")


def test_an_imagej_file_with_fewer_pages_than_it_says_is_refused():
    is_refused(KINDS["ImageJ, one page"].replace(b"=4\nslices=4", b"=5\nslices=5"), "ImageJ")


# parts of a page


def with_field(data, codes, number, value):
    """Return a file in which one number of a field, of offsets or counts, is another."""
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        (tag,) = [tag for code in codes if (tag := file.pages[0].tags.get(code))]
        code = {3: "H", 4: "I"}[int(tag.dtype)]
        at = tag.valueoffset + number * struct.calcsize(code)
        old = tag.value[number]
    changed = bytearray(data)
    struct.pack_into("<" + code, changed, at, value(old))
    return bytes(changed)


OFFSETS, COUNTS = (273, 324), (279, 325)
OF_SEVERAL_PARTS = [kind for kind in KINDS if kind.startswith(("strips", "tiles"))]


@pytest.mark.parametrize("kind", OF_SEVERAL_PARTS)
def test_missing_parts_are_refused(kind):
    for codes in (OFFSETS, COUNTS):
        data = with_field(KINDS[kind], codes, 1, lambda old: 0)
        is_refused(data, "damaged: parts of the picture are missing")


@pytest.mark.parametrize("kind", OF_SEVERAL_PARTS)
def test_parts_beyond_the_end_are_refused(kind):
    is_refused(with_field(KINDS[kind], OFFSETS, 2, lambda old: 60_000), "damaged: it is cut short")
    is_refused(with_field(KINDS[kind], COUNTS, 2, lambda old: 60_000), "damaged: it is cut short")


@pytest.mark.parametrize("kind", [kind for kind in OF_SEVERAL_PARTS if "jpegxr" not in kind])
def test_parts_that_end_early_are_refused(kind):
    is_refused(with_field(KINDS[kind], COUNTS, 1, lambda old: old * 3 // 4))


def test_a_jpeg_within_that_was_not_written_to_its_end_is_refused():
    data = written(random((256, 256), "u1"), compression="jpeg")
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        (start,), (count,) = file.pages[0].dataoffsets, file.pages[0].databytecounts
    half = start + count // 2
    is_refused(data[:half] + bytes(len(data) - half), "parts of the picture are missing")


@pytest.mark.parametrize("codes", [OFFSETS, COUNTS])
def test_too_few_offsets_or_counts_are_refused(codes):
    data = bytearray(KINDS["strips None"])
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        at = file.pages[0].tags[codes[0]].offset + 4
    struct.pack_into("<I", data, at, 3)
    is_refused(bytes(data), r"incorrect Strip\w+ count")


def test_a_later_page_that_is_not_whole_is_refused_where_it_is_used():
    data = bytearray(KINDS["packed stack"])
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        tag = file.pages[2].tags[273]
        struct.pack_into("<I", data, tag.valueoffset, 10**6)
    np.testing.assert_array_equal(planes_of(KINDS["packed stack"])[0], STACK[0])
    is_refused(bytes(data), "cut short", Selection(pages="max"))
