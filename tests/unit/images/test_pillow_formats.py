"""PNG, GIF, JPEG, HEIC, JPEG 2000, WebP and PNM, against what was written or another decoder."""

import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from manyseeds.errors import BadImage
from manyseeds.images import reading
from manyseeds.images.opening import opened
from manyseeds.images.selection import Selection
from tiff_files import packed, random


@pytest.fixture
def path(tmp_path):
    # Formats are told by what is in a file.
    return tmp_path / "a.img"


def same(path, expected):
    array = reading.read(path)
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array, expected)


def facts_of(path):
    (facts,) = reading.inspect(path)
    return facts


def png(rows, shape, bits, kind, chunks=()):
    """Write a PNG after its specification, from the bytes of its rows."""
    height, width = shape
    header = struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)
    step = len(rows) // height
    lines = b"".join(b"\0" + rows[start : start + step] for start in range(0, len(rows), step))
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def exif(orientation):
    """Return what an eXIf chunk holds: a TIFF with one field."""
    return b"MM\0*" + struct.pack(">IHHHIHHI", 8, 1, 274, 3, 1, orientation, 0, 0)


# PNG


@pytest.mark.parametrize(("kind", "samples"), [(0, 1), (2, 3), (4, 2), (6, 4)])
def test_png_of_sixteen_bits_keeps_them_without_alpha(path, kind, samples):
    pixels = random((6, 7, samples), "u2")
    path.write_bytes(png(pixels.astype(">u2").tobytes(), (6, 7), 16, kind))
    same(path, pixels[..., :3] if samples > 2 else pixels[..., 0])
    assert facts_of(path)["bit_depth"] == 16


@pytest.mark.parametrize("bits", [1, 2, 4])
def test_gray_png_of_few_bits_fills_eight(path, bits):
    values = np.random.default_rng(bits).integers(0, 2**bits, (6, 7))
    path.write_bytes(png(packed(values, bits), (6, 7), bits, 0))
    same(path, (values * 255 // (2**bits - 1)).astype(np.uint8))


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_palette_png_becomes_its_colors(path, bits):
    table = random((2**bits, 3), "u1")
    values = np.random.default_rng(bits).integers(0, 2**bits, (6, 7))
    chunks = [(b"PLTE", table.tobytes())]
    path.write_bytes(png(packed(values, bits), (6, 7), bits, 3, chunks))
    same(path, table[values])


@pytest.mark.parametrize("transparent", [False, True])
@pytest.mark.parametrize(("hue", "described"), [((0, 1, 0), "#00ff00"), ((1, 1, 1), "gray")])
def test_a_palette_of_one_hue_is_undone(path, transparent, hue, described):
    table = np.outer(np.arange(256), hue).astype(np.uint8)
    pixels = random((6, 7), "u1")
    chunks = [(b"PLTE", table.tobytes())] + [(b"tRNS", b"\0")] * transparent
    path.write_bytes(png(pixels.tobytes(), (6, 7), 8, 3, chunks))
    same(path, pixels)
    assert facts_of(path)["color_table"] == described


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    ("orientation", "undo"),
    [
        (1, lambda a: a),
        (2, np.fliplr),
        (3, lambda a: np.rot90(a, 2)),
        (4, np.flipud),
        (6, lambda a: np.rot90(a, -1)),
        (8, np.rot90),
    ],
)
def test_exif_puts_pictures_upright(path, bits, orientation, undo):
    pixels = random((6, 7, 3), f"u{bits // 8}")
    chunks = [(b"eXIf", exif(orientation))]
    path.write_bytes(png(pixels.astype(f">u{bits // 8}").tobytes(), (6, 7), bits, 2, chunks))
    same(path, undo(pixels))
    facts = facts_of(path)
    assert (facts["height"], facts["width"]) == undo(pixels).shape[:2]


# several pictures


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_the_pictures_of_an_animated_png_are_pages(path, mode):
    frames = random((3, 6, 7, 3), "u1")
    frames = frames if mode == "RGB" else frames[..., 0]
    first, *more = map(Image.fromarray, frames)
    first.save(path, "PNG", save_all=True, append_images=more)
    assert facts_of(path)["planes"] == "3 pages"
    same(path, frames[0])
    np.testing.assert_array_equal(reading.read(path, Selection(pages="max")), frames.max(axis=0))


def test_the_pictures_of_a_gif_are_pages(path):
    frames = random((3, 6, 7), "u1")
    first, *more = map(Image.fromarray, frames)
    first.save(path, "GIF", save_all=True, append_images=more)
    assert facts_of(path)["planes"] == "3 pages"
    found = reading.read(path, Selection(pages="max"))
    found = found[..., 0] if found.ndim == 3 else found
    np.testing.assert_array_equal(found, frames.max(axis=0))


def jpegs_in_one(stripped):
    """Return an MPO of two pictures, or what is left of it without the second."""
    stream = io.BytesIO()
    first, second = (Image.fromarray(random((16, 24, 3), "u1", seed)) for seed in (0, 1))
    first.save(stream, "MPO", save_all=True, append_images=[second])
    data = stream.getvalue()
    return data[: data.rindex(b"\xff\xd8\xff")] if stripped else data


@pytest.mark.parametrize("stripped", [False, True])
def test_of_the_pictures_in_a_jpeg_only_the_first_counts(path, stripped):
    path.write_bytes(jpegs_in_one(stripped))
    facts = facts_of(path)
    assert (facts["pages"], facts["quality"], facts["bit_depth"]) == (1, 75, 8)
    same(path, np.asarray(Image.open(io.BytesIO(jpegs_in_one(stripped=False)))))


# other formats


def test_heic(path):
    heif = pytest.importorskip("pillow_heif")
    ramp = np.add.outer(np.arange(64), np.arange(0, 128, 2)).astype(np.uint8)
    pixels = np.dstack([ramp, ramp, ramp])
    heif.from_pillow(Image.fromarray(pixels)).save(path, quality=95)
    same(path, np.asarray(heif.open_heif(path).to_pillow()))
    assert (facts_of(path)["format"], facts_of(path)["pages"]) == ("HEIF", 1)
    assert np.abs(reading.read(path).astype(int) - pixels).max() < 8


@pytest.mark.parametrize("dtype", ["u1", "u2"])
@pytest.mark.parametrize("samples", [1, 2, 3, 4])
def test_jpeg_2000_keeps_all_bits_without_alpha(path, dtype, samples):
    pixels = random((16, 24, samples), dtype)
    path.write_bytes(imagecodecs.jpeg2k_encode(pixels.squeeze(), level=0, reversible=True))
    same(path, pixels[..., :3] if samples > 2 else pixels[..., 0])


def test_jpeg_2000_of_twelve_bits_keeps_its_counts(path):
    pixels = random((16, 24), "u2") >> 4
    path.write_bytes(imagecodecs.jpeg2k_encode(pixels, level=0, reversible=True, bitspersample=12))
    same(path, pixels)


@pytest.mark.parametrize("samples", [3, 4])
def test_webp_without_loss(path, samples):
    pixels = random((16, 24, samples), "u1")
    Image.fromarray(pixels).save(path, "WEBP", lossless=True, exact=True)
    same(path, pixels[..., :3])


# PNM


@pytest.mark.parametrize("maximum", [255, 256, 4095, 65_535])
@pytest.mark.parametrize("kind", ["P2", "P3", "P5", "P6"])
def test_pnm_keeps_its_counts(path, maximum, kind):
    shape = (4, 5, 3) if kind in {"P3", "P6"} else (4, 5)
    values = np.random.default_rng(maximum).integers(0, maximum, shape, endpoint=True)
    header = f"{kind}\n# a remark\n5 4\n{maximum}\n".encode()
    if kind in {"P2", "P3"}:
        body = b"# 1 2 3\n" + "\n".join(map(str, values.ravel())).encode() + b"\n"
    else:
        body = values.astype(">u2" if maximum > 255 else "u1").tobytes()
    path.write_bytes(header + body)
    same(path, values.astype(np.uint8 if maximum == 255 else np.uint16))
    assert facts_of(path)["bit_depth"] == (8 if maximum == 255 else 16)


def test_one_bit_pnm(path):
    black = random((4, 16), bool)
    path.write_bytes(b"P4\n16 4\n" + np.packbits(black, axis=1).tobytes())
    same(path, np.where(black, 0, 255).astype(np.uint8))


def test_pnm_with_values_above_its_largest_is_refused(path):
    path.write_bytes(b"P2\n2 1\n4095\n12 4096\n")
    with pytest.raises(BadImage, match=r"a\.img: damaged: it has values above 4095"):
        reading.inspect(path)


# damage


def in_format(pixels, name, **options):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, name, **options)
    return stream.getvalue()


COLOR, GRAY = random((32, 32, 3), "u1"), random((32, 32), "u1")
KINDS = {
    "PNG": in_format(COLOR, "PNG"),
    "PNG of 16 bits": imagecodecs.png_encode(random((32, 32, 3), "u2")),
    "animated PNG": in_format(
        GRAY, "PNG", save_all=True, append_images=[Image.fromarray(255 - GRAY)]
    ),
    "JPEG": in_format(COLOR, "JPEG"),
    "progressive JPEG": in_format(COLOR, "JPEG", progressive=True),
    "GIF": in_format(GRAY, "GIF"),
    "BMP": in_format(COLOR, "BMP"),
    "WebP": in_format(COLOR, "WEBP"),
    "JPEG 2000": in_format(COLOR, "JPEG2000"),
    "JPEG 2000 of 16 bits": imagecodecs.jpeg2k_encode(random((32, 32), "u2")),
    "PPM": in_format(COLOR, "PPM"),
    "PGM of 12 bits": b"P5\n32 32\n4095\n" + (random((32, 32), "u2") >> 4).astype(">u2").tobytes(),
}


def pages_of(data):
    with opened("a.img", data) as file:
        return [file.plane(0, {"pages": n}) for n in range(file.layouts[0].size("pages"))]


@pytest.mark.parametrize("kind", KINDS)
@given(share=st.floats(0, 1, exclude_max=True))
@settings(max_examples=40, deadline=None)
def test_a_file_that_is_cut_short_is_refused_or_has_all_its_pixels(kind, share):
    data = KINDS[kind]
    try:
        found = pages_of(data[: max(1, int(share * len(data)))])
    except BadImage as error:
        assert str(error).startswith("a.img: ")
        return
    np.testing.assert_array_equal(found, pages_of(data))


@pytest.mark.parametrize("kind", KINDS)
def test_half_a_file_is_refused(kind):
    with pytest.raises(BadImage, match=r"^a\.img: "):
        reading.inspect("a.img", data=KINDS[kind][: len(KINDS[kind]) // 2])


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (b"\x89HDF\r\n\x1a\n", r"an HDF5 file .* not read\. Export it as TIFF"),
        (b"\xd0\xcf\x11\xe0", r"a compound document .* not read\. Export it as TIFF"),
        (b"PK\x03\x04", r"a zip archive, which is not read\. Unpack it"),
        (b"%PDF-1.4", r"a PDF document, which is not read\. Save its pictures"),
        (b"\0\0\0\x18ftypmp42", r"a HEIF or video file .* not read\. Convert it to JPEG"),
    ],
)
def test_files_of_other_kinds_are_called_by_their_names(path, head, message):
    path.write_bytes(head + bytes(64))
    with pytest.raises(BadImage, match=rf"a\.img: {message}") as error:
        reading.inspect(path)
    assert "elete" not in str(error.value)


@pytest.mark.parametrize(
    ("head", "says"),
    [
        (b"\xff\x0a", "a JPEG XL file"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL file"),
        (b"v/1\x01\2\0\0\0", "an OpenEXR file"),
        (b"FUJIFILMCCD-RAW 0201", "a camera's raw file"),
        (b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "a compound document"),
        (b"%PDF-1.7", "a PDF document"),
        (b"PK\3\4\x14\0", "a zip archive"),
        (b"\0" * 128 + b"DICM", "a DICOM file"),
    ],
)
def test_a_format_that_is_not_read_is_named_and_not_to_be_deleted(tmp_path, head, says):
    path = tmp_path / "a.png"
    path.write_bytes(head + bytes(300))
    with pytest.raises(BadImage, match=rf"a\.png: {says}.*which is not read\. ") as raised:
        reading.inspect(path)
    assert "delete" not in str(raised.value).lower()
