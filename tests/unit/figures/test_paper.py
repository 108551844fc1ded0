import doctest
import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from manyseeds.figures import paper
from manyseeds.figures.paper import Paper, as_rgb, fit_text, text_width, wrap_text

LONG = "a class of cells with a name of many words"


def pixels(canvas, dots=10):
    """The first channel of a paper, so many dots a millimeter."""
    canvas.figure.set_dpi(25.4 * dots)
    agg = FigureCanvasAgg(canvas.figure)
    agg.draw()
    return np.asarray(agg.buffer_rgba())[..., 0]


def black(height, width, rows, columns):
    """White pixels with a black box."""
    expected = np.full((height, width), 255, np.uint8)
    expected[rows, columns] = 0
    return expected


def test_the_example_holds():
    assert doctest.testmod(paper).failed == 0


@pytest.mark.parametrize("cut", [False, True])
def test_millimeters_are_from_the_top_left(cut):
    """Whether the height is known from the beginning or not."""
    sheet = Paper(30, None if cut else 20)
    sheet.rectangle(4, 2, 5, 3, facecolor="black", edgecolor="none")
    if cut:
        sheet.cut(20)
    np.testing.assert_array_equal(pixels(sheet), black(200, 300, slice(20, 50), slice(40, 90)))


@pytest.mark.parametrize("cut", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_an_image_fills_its_box_by_whole_pixels(channels, cut):
    image = np.arange(16, dtype=np.uint8).reshape(4, 4, 1).repeat(channels, -1) * 16
    sheet = Paper(30, None if cut else 20)
    sheet.image(4, 2, 8, 8, image)
    if cut:
        sheet.cut(20)
    found = pixels(sheet)[20:100, 40:120]
    np.testing.assert_array_equal(found, image[..., 0].repeat(20, 0).repeat(20, 1))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [28, 256])
def test_images_are_handed_on_unchanged(size, channels):
    image = np.random.default_rng(0).integers(0, 256, (size, size, channels), np.uint8)
    shown = Paper(30, 30).image(2, 2, 20, 20, image).images[0].get_array()
    np.testing.assert_array_equal(shown, np.broadcast_to(image, (size, size, 3)))


def test_lines_frames_and_arrows_go_where_they_are_said_to():
    sheet = Paper(30, 20)
    sheet.line([(5, 10), (25, 10)], color="black", lw=72 / 25.4)  # a millimeter wide
    found = pixels(sheet)
    assert (found[96:104, 55:245] == 0).all()
    assert (found[:94] == 255).all() and (found[106:] == 255).all()

    sheet = Paper(30, 20)
    sheet.frame(5, 4, 20, 10, "black", lw=72 / 25.4)
    found = pixels(sheet)
    assert (found[36:44, 60:240] == 0).all() and (found[136:144, 60:240] == 0).all()
    assert (found[50:130, 60:240] == 255).all() and (found[:34] == 255).all()

    sheet = Paper(30, 20)
    sheet.arrow([(5, 10), (25, 10)], "black")
    rows, columns = np.nonzero(pixels(sheet) < 128)
    assert abs(rows.mean() - 99.5) < 1
    assert 47 <= columns.min() <= 53 and 247 <= columns.max() <= 253


def test_a_dashed_frame_has_gaps():
    whole, dashed = Paper(30, 20), Paper(30, 20)
    whole.frame(5, 4, 20, 10, "black")
    dashed.frame(5, 4, 20, 10, "black", dashed=True)
    share = (pixels(dashed) < 128).sum() / (pixels(whole) < 128).sum()
    assert 0.5 < share < 0.8  # dashes of 3 and gaps of 1.5


@pytest.mark.parametrize(("ha", "left"), [("left", 10), ("center", 10 - 4), ("right", 10 - 8)])
def test_text_stands_where_it_is_written(ha, left):
    """Eight millimeters of it, measured and drawn alike."""
    size = 7 * 8 / text_width("HHHHHH", 7)
    sheet = Paper(30, 20)
    sheet.write(10, 5, "HHHHHH", size=size, ha=ha)
    rows, columns = np.nonzero(pixels(sheet, 40) < 128)
    assert columns.min() / 40 == pytest.approx(left, abs=0.3)
    assert columns.max() / 40 == pytest.approx(left + 8, abs=0.4)
    assert (rows.min() + rows.max()) / 80 == pytest.approx(5, abs=0.3)


def test_text_lies_above_shapes_and_shapes_above_images():
    sheet = Paper(30, 20)
    sheet.write(4, 5, "|||", size=20, color="white")
    sheet.rectangle(2, 2, 10, 6, facecolor="black", edgecolor="none")
    sheet.image(0, 0, 20, 20, np.full((2, 2, 1), 128, np.uint8))
    found = pixels(sheet)
    assert set(np.unique(found[:, :200])) >= {0, 128, 255}
    assert (found[30:70, 30:120] == 255).any()


def test_text_is_set_smaller_before_it_is_shortened():
    width = text_width(LONG, 7)
    assert fit_text(LONG, width + 1) == (LONG, 7)
    assert fit_text(LONG, width + 1, largest=6.5) == (LONG, 6.5)
    text, size = fit_text(LONG, 0.9 * width)
    assert text == LONG and size == pytest.approx(0.9 * 7)
    text, size = fit_text(LONG, 0.5 * width)
    assert LONG.startswith(text.removesuffix("…")) and size == 5
    assert 0.45 * width < text_width(text, size) <= 0.5 * width
    text, size = fit_text(LONG, 0.5 * width, largest=8, smallest=6)
    assert size == 6 and text_width(text, 6) <= 0.5 * width


def test_only_the_name_is_shortened():
    text, size = fit_text(LONG, 26, ending=" 97 %")
    assert text.startswith("a class") and text.endswith("… 97 %")
    assert size == 5
    assert fit_text("Bag", 26, ending=" 97 %") == ("Bag 97 %", 7)


def test_written_text_fits_its_room():
    sheet = Paper(60, 20)
    sheet.write(2, 5, LONG, room=26, weight="bold")
    _, columns = np.nonzero(pixels(sheet) < 200)
    assert columns.min() >= 20 and columns.max() <= 285


def test_text_is_wrapped_between_words():
    lines = wrap_text(f"{LONG}  {LONG}", 40, 6.5)
    assert " ".join(lines) == f"{LONG} {LONG}"
    assert len(lines) > 1 and all(1.1 * text_width(line, 6.5) <= 40 for line in lines)
    for line, following in itertools.pairwise(lines):
        assert 1.1 * text_width(f"{line} {following.split()[0]}", 6.5) > 40
    assert wrap_text("Donaudampfschiffahrt", 1, 6.5) == ["Donaudampfschiffahrt"]


def test_gray_becomes_three_equal_channels_and_color_stays():
    gray = np.arange(12, dtype=np.uint8).reshape(3, 4, 1)
    assert as_rgb(gray).shape == (3, 4, 3)
    assert all((as_rgb(gray)[..., channel] == gray[..., 0]).all() for channel in range(3))
    color = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    np.testing.assert_array_equal(as_rgb(color), color)


@pytest.mark.parametrize("text", ["", "  "])
def test_nothing_to_write_has_no_width(text):
    assert paper.text_width(text, 7.0) == 0
    assert paper.fit_text(text, 10.0) == (text, paper.TEXT_SIZE)
