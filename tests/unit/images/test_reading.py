import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from manyseeds.errors import InputError
from manyseeds.images import reading
from manyseeds.images.selection import Selection
from manyseeds.sources.phantoms import is_phantom

RAMP = np.arange(12, dtype=np.uint16).reshape(3, 4) * 300 + 7  # 7 ... 3307: a 12-bit camera


def png16(array):
    """Write a 16-bit color PNG, which Pillow cannot, after the PNG specification."""
    height, width, channels = array.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in array)
    kind = {2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def tiff16(array, order, deflate):
    """Write a 16-bit color TIFF, which Pillow cannot, after the TIFF 6.0 specification."""
    height, width, channels = array.shape
    data = array.astype(order + "u2").tobytes()
    data = zlib.compress(data) if deflate else data
    entries = [(256, width), (257, height), (258, None), (259, 8 if deflate else 1), (262, 2)]
    entries += [(273, None), (277, channels), (278, height), (279, len(data))]
    after = 8 + 2 + 12 * len(entries) + 4
    body = struct.pack(order + "H", len(entries))
    for tag, value in entries:
        count = channels if tag == 258 else 1
        value = {258: after, 273: after + 2 * channels}.get(tag, value)
        long = tag in (258, 273, 279)
        kind = 3 if tag == 258 else 4 if long else 3
        packed = struct.pack(order + "I", value) if long else struct.pack(order + "HH", value, 0)
        body += struct.pack(order + "HHI", tag, kind, count) + packed
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8)
    return head + body + bytes(4) + struct.pack(f"{order}{channels}H", *[16] * channels) + data


def big_endian_tiff(path, array):
    Image.frombytes("I;16B", array.shape[::-1], array.astype(">u2").tobytes()).save(path)


# phantoms


@pytest.mark.parametrize(
    "path", [".DS_Store", "a/.DS_Store", "a/._b.png", "a/thumbs.DB", "__MACOSX/a/b.png"]
)
def test_leftovers_of_file_browsers_are_phantoms(path):
    assert is_phantom(path)


@pytest.mark.parametrize("path", ["a/b.png", "DS_Store.png", "a/my_thumbs.db.png", "a.b/c.tif"])
def test_images_are_no_phantoms(path):
    assert not is_phantom(path)


# reading


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_eight_bits_are_read_as_they_are(tmp_path, mode):
    stored = np.arange(60, dtype=np.uint8).reshape((4, 5, 3))
    stored = stored if mode == "RGB" else stored[..., 0]
    Image.fromarray(stored).save(tmp_path / "a.png")
    np.testing.assert_array_equal(reading.read(tmp_path / "a.png"), stored)


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_read_as_they_are(tmp_path, suffix):
    Image.fromarray(RAMP).save(tmp_path / f"a.{suffix}")
    array = reading.read(tmp_path / f"a.{suffix}")
    assert array.dtype == np.dtype("=u2")
    np.testing.assert_array_equal(array, RAMP)


def test_big_endian_tiff_is_read_in_native_order(tmp_path):
    big_endian_tiff(tmp_path / "a.tif", RAMP)
    assert (tmp_path / "a.tif").read_bytes()[:2] == b"MM"
    array = reading.read(tmp_path / "a.tif")
    assert array.dtype == np.dtype("=u2")
    np.testing.assert_array_equal(array, RAMP)


@pytest.mark.parametrize("channels", [3, 4])
@pytest.mark.parametrize(
    "write",
    [
        png16,
        lambda array: tiff16(array[..., :3], "<", False),
        lambda array: tiff16(array[..., :3], ">", False),
        lambda array: tiff16(array[..., :3], "<", True),
        lambda array: tiff16(array[..., :3], ">", True),
    ],
    ids=["png", "tiff little", "tiff big", "deflated little", "deflated big"],
)
def test_all_sixteen_bits_of_color_are_kept(tmp_path, write, channels):
    stored = np.random.default_rng(0).integers(0, 2**16, (5, 7, channels), dtype=np.uint16)
    (tmp_path / "a.img").write_bytes(write(stored))
    np.testing.assert_array_equal(reading.read(tmp_path / "a.img"), stored[..., :3])
    assert reading.inspect(tmp_path / "a.img")[0]["bit_depth"] == 16


def test_alpha_of_sixteen_bit_gray_is_dropped(tmp_path):
    stored = np.array([[[700, 1], [65_000, 2]]], np.uint16)
    (tmp_path / "a.png").write_bytes(png16(stored))
    np.testing.assert_array_equal(reading.read(tmp_path / "a.png"), stored[..., 0])


def test_palette_becomes_its_colors(tmp_path):
    image = Image.fromarray(np.array([[0, 1], [2, 1]], np.uint8))
    image.putpalette([255, 0, 0, 0, 255, 0, 9, 8, 7])
    image.save(tmp_path / "a.png")
    expected = [[[255, 0, 0], [0, 255, 0]], [[9, 8, 7], [0, 255, 0]]]
    np.testing.assert_array_equal(reading.read(tmp_path / "a.png"), expected)


def test_one_bit_becomes_black_and_white(tmp_path):
    Image.fromarray(np.array([[True, False]])).save(tmp_path / "a.png")
    np.testing.assert_array_equal(reading.read(tmp_path / "a.png"), [[255, 0]])
    assert reading.inspect(tmp_path / "a.png")[0]["bit_depth"] == 1


@pytest.mark.parametrize(("mode", "kept"), [("LA", 1), ("RGBA", 3)])
def test_alpha_is_dropped_and_colors_stay(tmp_path, mode, kept):
    stored = np.arange(8 * (kept + 1), dtype=np.uint8).reshape(2, 4, kept + 1)
    Image.fromarray(stored, mode).save(tmp_path / "a.png")
    np.testing.assert_array_equal(
        reading.read(tmp_path / "a.png"), stored[..., :3] if kept == 3 else stored[..., 0]
    )


def test_cmyk_becomes_rgb(tmp_path):
    Image.new("CMYK", (2, 2), (0, 255, 255, 0)).save(tmp_path / "a.tif")
    np.testing.assert_array_equal(reading.read(tmp_path / "a.tif")[0, 0], [255, 0, 0])


@pytest.mark.parametrize("dtype", [np.int32, np.float32])
def test_thirty_two_bits_are_read_as_they_are(tmp_path, dtype):
    stored = np.array([[0, 70_000], [3, 5]], dtype) / (1 if dtype == np.int32 else 8)
    Image.fromarray(stored.astype(dtype)).save(tmp_path / "a.tif")
    array = reading.read(tmp_path / "a.tif")
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, stored)


def test_exif_orientation_is_obeyed(tmp_path):
    stored = np.arange(6, dtype=np.uint8).reshape(2, 3)
    exif = Image.Exif()
    exif[274] = 6  # to be shown rotated by 90 degrees clockwise
    Image.fromarray(stored).save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(reading.read(tmp_path / "a.png"), np.rot90(stored, -1))
    (facts,) = reading.inspect(tmp_path / "a.png")
    assert (facts["width"], facts["height"]) == (2, 3)


# pages


@pytest.fixture
def two_pages(tmp_path):
    pages = [np.array([[100, 4000]], np.uint16), np.array([[300, 200]], np.uint16)]
    first, second = (Image.fromarray(page) for page in pages)
    first.save(tmp_path / "pages.tif", save_all=True, append_images=[second])
    return tmp_path / "pages.tif"


@pytest.mark.parametrize(
    ("pages", "expected"),
    [
        ("first", [[100, 4000]]),
        ("max", [[300, 4000]]),
        (["blue", "green"], [[[0, 300, 100], [0, 200, 4000]]]),
        (["gray", "red"], [[[400, 100, 100], [4200, 4000, 4000]]]),
    ],
)
def test_pages(two_pages, pages, expected):
    array = reading.read(two_pages, Selection(pages))
    assert array.dtype == np.uint16
    np.testing.assert_array_equal(array, expected)


def test_composed_pages_saturate(tmp_path):
    page = Image.fromarray(np.array([[200]], np.uint8))
    page.save(tmp_path / "a.tif", save_all=True, append_images=[page])
    np.testing.assert_array_equal(
        reading.read(tmp_path / "a.tif", Selection(["red", "yellow"])), [[[255, 200, 0]]]
    )


def test_page_colors_must_fit_the_pages(two_pages):
    with pytest.raises(InputError, match=r"pages\.tif: pages: names 3 colors.*first"):
        reading.read(two_pages, Selection(["red", "green", "blue"]))
    with pytest.raises(InputError, match="unknown color pink"):
        Selection(["red", "pink"])


@pytest.mark.parametrize(
    ("pages", "ends", "unused"),
    [("first", (100, 4000), "2 pages"), ("max", (300, 4000), ""), (["red", "blue"], (0, 4000), "")],
)
def test_the_pages_in_use_are_inspected(two_pages, pages, ends, unused):
    (facts,) = reading.inspect(two_pages, Selection(pages))
    assert (facts["minimum"], facts["maximum"]) == ends
    assert (facts["pages"], facts["planes"], facts["bit_depth"]) == (2, "2 pages", 16)
    assert facts["unused"] == unused


# bad files


def test_a_truncated_jpeg_is_named(tmp_path):
    file = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(file, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(file.getvalue()[:2000])
    with pytest.raises(InputError, match=r"cut\.jpg.*truncated.*replace or delete"):
        reading.inspect(tmp_path / "cut.jpg")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "empty"), (b"well, 1 2 3\n", "not an image")],
    ids=["empty", "text"],
)
def test_a_file_that_is_no_image_is_named(tmp_path, content, message):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=rf"a\.png.*{message}.*Replace or delete"):
        reading.inspect(tmp_path / "a.png")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.png.*No such file"):
        reading.read(tmp_path / "gone.png")


def test_values_that_are_not_finite_are_refused(tmp_path):
    Image.fromarray(np.array([[1, np.nan]], np.float32)).save(tmp_path / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif.*not finite"):
        reading.inspect(tmp_path / "a.tif")


# color and size


def test_gray_is_pillows_luminance():
    array = np.random.default_rng(0).integers(0, 256, (9, 8, 3), dtype=np.uint8)
    expected = np.asarray(Image.fromarray(array).convert("L"))
    np.testing.assert_array_equal(reading.to_color(array, "gray"), expected[..., None])


def test_gray_to_rgb_and_back_is_the_same():
    array = np.arange(256, dtype=np.uint8).reshape(16, 16)
    rgb = reading.to_color(array, "rgb")
    assert rgb.shape == (16, 16, 3)
    np.testing.assert_array_equal(reading.to_color(rgb, "gray")[..., 0], array)


@pytest.mark.parametrize("channels", [1, 3])
def test_halving_a_plain_picture_keeps_its_color_and_channels(channels):
    color = np.array([10, 20, 30], np.uint8)[:channels]
    array = np.broadcast_to(color, (8, 12, channels))
    np.testing.assert_array_equal(
        reading.resize(array, 4, 3), np.broadcast_to(color, (3, 4, channels))
    )


def test_resizing_is_antialiased():
    checks = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)[..., None]
    inner = reading.resize(checks, 16, 16)[2:-2, 2:-2]
    assert abs(inner.astype(float) - 127.5).max() < 3
