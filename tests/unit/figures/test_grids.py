import doctest

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from manyseeds.figures import grids
from manyseeds.figures.grids import Grid

GRAY = np.full((8, 8, 1), 100, np.uint8)
LONG = "a class of cells with a name of many words"


def placed(figure):
    """Boxes of the texts and of the images, in pixels from the bottom left."""
    renderer = FigureCanvasAgg(figure).get_renderer()
    texts = {text.get_text(): text.get_window_extent(renderer) for text in figure.texts}
    return texts, [axes.get_window_extent() for axes in figure.axes]


def test_the_example_holds():
    assert doctest.testmod(grids).failed == 0


def test_cells_follow_one_another_row_by_row():
    grid = Grid(5, columns=3, tile=20, lines_above=1, lines_below=2)
    corners = [(cell.left, cell.top) for cell in grid.cells]
    # From the margin of 2; tiles of 20 and gaps of 2.4; three lines of 3.2 a row, one above.
    expected = [(2 + 22.4 * column, 5.2 + 32 * row) for row in (0, 1) for column in (0, 1, 2)]
    np.testing.assert_allclose(corners, expected[:5])
    for cell in grid.cells:
        cell.show(GRAY)
    width, height = (25.4 * size for size in grid.figure.get_size_inches())
    boxes = [axes.get_position() for axes in grid.figure.axes]
    shown = [(box.x0 * width, (1 - box.y1) * height) for box in boxes]
    np.testing.assert_allclose(shown, expected[:5])
    np.testing.assert_allclose([box.width * width for box in boxes], 20)
    np.testing.assert_allclose([box.height * height for box in boxes], 20)


def test_lines_are_written_from_the_top_on_their_side_of_the_image():
    grid = Grid(1, columns=1, tile=40, lines_above=2, lines_below=2, title="title", legend=True)
    (cell,) = grid.cells
    cell.show(GRAY)
    for text in ("first", "second"):
        cell.write_above(text)
    for text in ("third", "fourth"):
        cell.write_below(text, weight="bold")
    grid.legend([("legend", "black"), ("beside", "red")])
    texts, (image,) = placed(grid.figure)
    middles = {name: (box.y0 + box.y1) / 2 for name, box in texts.items()}
    order = ["title", "first", "second", "third", "fourth", "legend"]
    assert sorted(order, key=middles.get, reverse=True) == order
    assert texts["second"].y0 > image.y1 and texts["third"].y1 < image.y0
    assert texts["legend"].x1 < texts["beside"].x0
    for name in order[1:-1]:
        assert (texts[name].x0 + texts[name].x1) / 2 == pytest.approx(
            (image.x0 + image.x1) / 2, 0.01
        )


def test_a_line_more_than_there_is_room_for_is_refused():
    cell = Grid(1, columns=1, tile=20, lines_below=1).cells[0]
    cell.write_below("once")
    with pytest.raises(ValueError, match="lines_below=1"):
        cell.write_below("twice")
    with pytest.raises(ValueError, match="lines_above=0"):
        cell.write_above("at all")


def test_text_stays_within_its_cell():
    grid = Grid(2, columns=2, tile=26, lines_below=1, title=LONG * 3)
    for cell in grid.cells:
        cell.show(GRAY)
        cell.write_below(LONG, f" {len(grid.figure.axes)} %")
    texts, images = placed(grid.figure)
    title, left, right = texts.values()
    assert left.x1 < right.x0
    assert abs((left.x0 + left.x1) - (images[0].x0 + images[0].x1)) < 2
    assert all(text.endswith((" 1 %", " 2 %")) for text in list(texts)[1:])
    assert title.x1 <= grid.figure.bbox.x1 and next(iter(texts)).endswith("…")


def test_a_frame_is_around_the_image():
    grid = Grid(1, columns=1, tile=20)
    grid.cells[0].show(GRAY)
    grid.cells[0].frame("red", dashed=True)
    frame, (image,) = grid.figure.artists[0].get_window_extent(), placed(grid.figure)[1]
    assert frame.x0 < image.x0 and image.x1 < frame.x1
    assert frame.y0 < image.y0 and image.y1 < frame.y1


def test_a_grid_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one image"):
        Grid(0, columns=3, tile=20)
