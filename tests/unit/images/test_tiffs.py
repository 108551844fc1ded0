"""Pictures in TIFF of every kind, against the arrays that were written or another decoder."""

import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image

from manyseeds.errors import BadImage
from manyseeds.images import reading
from manyseeds.images.opening import opened
from manyseeds.images.selection import Selection
from tiff_files import one_page, packed, random

LEVELS = np.arange(256)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.tif"


def layout_of(path):
    with opened(path) as file:
        (layout,) = file.layouts
    return layout


def same(path, expected):
    """Expect the pixels, to the last bit and in their own dtype."""
    array = reading.read(path)
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array, expected)


# how pixels lie in the file


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize(
    "options",
    [{}, {"bigtiff": True}, {"tile": (16, 16)}, {"rowsperstrip": 7}],
    ids=["one strip", "BigTIFF", "tiles", "strips"],
)
@pytest.mark.parametrize("planar", [False, True])
def test_color(path, order, dtype, options, planar):
    pixels = random((20, 24, 3), dtype)
    stored = np.moveaxis(pixels, -1, 0) if planar else pixels
    config = "separate" if planar else "contig"
    tifffile.imwrite(
        path, stored, byteorder=order, photometric="rgb", planarconfig=config, **options
    )
    same(path, pixels)
    assert layout_of(path).color


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    "dtype", ["i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8"]
)  # fmt: skip
@pytest.mark.parametrize("predictor", [False, True])
def test_numbers_of_every_kind(path, order, dtype, predictor):
    pixels = random((5, 7), dtype)
    # One predictor is for integers, the other for decimal numbers.
    kind = 3 if dtype[0] == "f" else 2
    packing = {"compression": "deflate", "predictor": kind} if predictor else {}
    tifffile.imwrite(path, pixels, byteorder=order, **packing)
    same(path, pixels.astype(np.float32) if dtype == "f2" else pixels)


LOSSLESS = ["deflate", "lzw", "zstd", "packbits", "lzma", "png", "jpeg2000", "jpegxl", "lerc"]


@pytest.mark.parametrize("compression", LOSSLESS)
@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("shape", [(20, 24), (20, 24, 3)], ids=["gray", "color"])
@pytest.mark.parametrize("strips", [{}, {"rowsperstrip": 9}], ids=["one strip", "strips"])
def test_compression_without_loss(path, compression, dtype, shape, strips):
    pixels = random(shape, dtype)
    kind = "rgb" if len(shape) == 3 else "minisblack"
    tifffile.imwrite(path, pixels, photometric=kind, compression=compression, **strips)
    same(path, pixels)


def test_webp(path):
    pixels = random((20, 24, 3), "u1")
    lossless = {"lossless": True}
    tifffile.imwrite(path, pixels, photometric="rgb", compression="webp", compressionargs=lossless)
    same(path, pixels)


@pytest.mark.parametrize("mode", ["L", "RGB", "YCbCr", "CMYK"])
def test_jpeg_within_is_decoded_as_by_libtiff(path, mode):
    pixels = random((24, 24, 3), "u1")
    Image.fromarray(pixels).convert(mode).save(path, compression="jpeg")
    expected = Image.open(path)
    same(path, np.asarray(expected if mode == "L" else expected.convert("RGB")))


@pytest.mark.parametrize("compression", ["group3", "group4", "tiff_ccitt"])
def test_fax(path, compression):
    pixels = random((24, 40), bool)
    Image.fromarray(pixels).save(path, compression=compression)
    same(path, pixels.astype(np.uint8) * 255)


@pytest.mark.parametrize("shape", [(1, 9), (9, 1), (1, 1), (1, 1, 6, 7)])
def test_axes_of_length_one(path, shape):
    pixels = random(shape, "u2")
    tifffile.imwrite(path, pixels, photometric="minisblack")
    same(path, pixels.reshape(shape[-2:]))


# few bits


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("bits", [1, 2, 4, 6, 8, 10, 12, 14])
@pytest.mark.parametrize("kind", ["white is zero", "black is zero", "color"])
def test_packed_bits(path, order, bits, kind):
    shape = (6, 7, 3) if kind == "color" else (6, 7)
    values = np.random.default_rng(bits).integers(0, 2**bits, shape)
    number = ["white is zero", "black is zero", "color"].index(kind)
    path.write_bytes(one_page(packed(values, bits), shape, bits, number, order))
    values = 2**bits - 1 - values if kind == "white is zero" else values
    # Fewer than 8 bits are spread over 0 to 255; more are the counts of a camera.
    expected = values * 255 // (2**bits - 1) if bits < 8 else values
    same(path, expected.astype(np.uint8 if bits <= 8 else np.uint16))
    assert layout_of(path).bits == (bits if bits < 8 else 8 if bits == 8 else 16)


def test_white_is_zero_in_sixteen_bits(path):
    tifffile.imwrite(path, np.array([[0, 7, 65_535]], np.uint16), photometric="miniswhite")
    same(path, np.array([[65_535, 65_528, 0]], np.uint16))


# colors


def in_hue(red, green, blue, depth=257):
    """Return a palette of 16 bits, (3, 256), that shows gray values in a color."""
    return (np.outer([red, green, blue], LEVELS) * depth // 255).astype(np.uint16)


@pytest.mark.parametrize(
    ("table", "described"),
    [
        (in_hue(255, 255, 255), "gray"),
        (in_hue(0, 255, 0), "#00ff00"),
        (in_hue(0, 255, 0, depth=256), "#00ff00"),
        (in_hue(255, 128, 0), "#ff8000"),
        (in_hue(0, 255, 0, depth=1), "#00ff00"),
    ],
    ids=["identity", "green", "green of 8 bits times 256", "orange", "8 bits filled"],
)
def test_a_palette_of_one_hue_is_undone(path, table, described):
    pixels = random((9, 9), "u1")
    tifffile.imwrite(path, pixels, photometric="palette", colormap=table)
    same(path, pixels)
    layout = layout_of(path)
    assert (layout.mode, layout.color, layout.color_table) == ("P", False, described)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("filled", [8, 16])
def test_any_other_palette_becomes_its_colors(path, bits, filled):
    table = random((3, 2**bits), "u2") >> (16 - filled)
    pixels = np.random.default_rng(bits).integers(0, 2**bits, (6, 7))
    colormap = [(320, table.ravel().tolist())]
    path.write_bytes(one_page(packed(pixels, bits), (6, 7), bits, 3, tags=colormap))
    same(path, (table >> (filled - 8)).T[pixels].astype(np.uint8))
    layout = layout_of(path)
    assert (layout.mode, layout.color, layout.channels) == ("P", True, ("",))


def test_equal_palettes_have_equal_descriptions(path, tmp_path):
    tables = [random((3, 256), "u2", seed) for seed in (0, 0, 1)]
    for number, table in enumerate(tables):
        pixels = random((4, 4), "u1", number)
        tifffile.imwrite(tmp_path / f"{number}.tif", pixels, photometric="palette", colormap=table)
    a, b, c = (layout_of(tmp_path / f"{number}.tif").color_table for number in range(3))
    assert a == b != c


def test_cmyk_becomes_rgb_as_by_pillow(path):
    inks = random((6, 7, 4), "u1")
    tifffile.imwrite(path, inks, photometric="separated")
    same(path, np.asarray(Image.fromarray(inks, "CMYK").convert("RGB")))


@pytest.mark.parametrize(("photometric", "samples"), [("minisblack", 2), ("rgb", 4)])
@pytest.mark.parametrize("alpha", ["unassalpha", "assocalpha"])
@pytest.mark.parametrize("planar", [False, True])
def test_alpha_is_dropped(path, photometric, samples, alpha, planar):
    pixels = random((6, 7, samples), "u2")
    tifffile.imwrite(
        path, np.moveaxis(pixels, -1, 0) if planar else pixels, photometric=photometric,
        extrasamples=[alpha], planarconfig="separate" if planar else "contig",
    )  # fmt: skip
    same(path, pixels[..., :3] if samples == 4 else pixels[..., 0])
    assert layout_of(path).planes == 1


@pytest.mark.parametrize(
    ("photometric", "samples", "names"),
    [
        ("minisblack", 2, ("", "")),
        ("minisblack", 5, ("",) * 5),
        ("rgb", 4, ("red", "green", "blue", "")),
    ],
)
@pytest.mark.parametrize("planar", [False, True])
def test_samples_that_are_no_color_are_channels(path, photometric, samples, names, planar):
    pixels = random((6, 7, samples), "u2")
    more = ["unspecified"] if photometric == "rgb" else None
    tifffile.imwrite(
        path, np.moveaxis(pixels, -1, 0) if planar else pixels, photometric=photometric,
        extrasamples=more, planarconfig="separate" if planar else "contig",
    )  # fmt: skip
    layout = layout_of(path)
    assert (layout.several, layout.channels) == ({"C": samples}, names)
    for number in range(samples):
        picture = reading.read(path, Selection(channels=number + 1))
        np.testing.assert_array_equal(picture, pixels[..., number])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)], ids=["gray", "color"])
def test_pictures_are_put_upright(path, orientation, shape):
    pixels = random(shape, "u1")
    kind = "rgb" if len(shape) == 3 else "minisblack"
    tag = (274, 3, 1, orientation, True)
    tifffile.imwrite(path, pixels, photometric=kind, extratags=[tag])
    # Row 0 and column 0 of what is stored are, by the TIFF specification, the visible ...
    sides = {
        1: ("top", "left"), 2: ("top", "right"), 3: ("bottom", "right"), 4: ("bottom", "left"),
        5: ("left", "top"), 6: ("right", "top"), 7: ("right", "bottom"), 8: ("left", "bottom"),
    }  # fmt: skip
    row, column = sides[orientation]
    upright = reading.read(path)
    if row in ("left", "right"):
        upright = upright.swapaxes(0, 1)
    flip_rows, flip_columns = row in ("bottom", "right"), column in ("bottom", "right")
    seen = upright[:: -1 if flip_rows else 1, :: -1 if flip_columns else 1]
    np.testing.assert_array_equal(seen, pixels)


# what is not read

REFUSED = {
    "complex": (lambda path: tifffile.imwrite(path, np.ones((4, 5), "c8")), "complex numbers"),
    "CIELab": (lambda path: lab(path), r"stored as CIELAB \(3 a pixel\)"),
    "LogLuv": (
        lambda path: tifffile.imwrite(path, np.ones((4, 5, 3), "u1"), photometric="logluv"),
        "stored as LOGLUV",
    ),
    "CMYK of 16 bits": (
        lambda path: tifffile.imwrite(path, np.ones((4, 5, 4), "u2"), photometric="separated"),
        "other inks than CMYK of 8 bits",
    ),
    "palette of 16 bits": (
        lambda path: tifffile.imwrite(
            path, np.ones((4, 5), "u2"), photometric="palette", colormap=np.ones((3, 65_536), "u2")
        ),
        "palette of more than 8 bits",
    ),
    "signed white is zero": (
        lambda path: tifffile.imwrite(path, np.ones((4, 5), "i2"), photometric="miniswhite"),
        "int16 in which white is zero",
    ),
    "YCbCr": (
        lambda path: Image.new("YCbCr", (8, 8)).save(path),
        "stored as YCBCR",
    ),
}


def lab(path):
    Image.new("LAB", (5, 4)).save(path)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_whole_but_not_read_is_refused_with_a_remedy(path, kind):
    write, message = REFUSED[kind]
    write(path)
    with pytest.raises(BadImage, match=rf"a\.tif: a TIFF .*{message}.*not read\. Save it") as error:
        reading.inspect(path)
    assert "elete" not in str(error.value)


def test_a_small_file_cannot_claim_a_large_picture(path):
    data = one_page(zlib.compress(bytes(2**20)), (2**16 - 1, 2**16 - 1), 8, tags=[(259, [8])])
    path.write_bytes(data)
    with pytest.raises(BadImage, match=r"a\.tif: claims more pixels than the 268,435,456"):
        reading.inspect(path)
