import functools
from itertools import pairwise

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from manyseeds.figures import drawings
from manyseeds.figures.boxes import COLORS, SIDE, SIDE_STEP
from manyseeds.figures.style import DOUBLE_COLUMN, SINGLE_COLUMN
from manyseeds.networks.architectures import ARCHITECTURES, NAMES, build


@functools.cache
def drawn(name, images=None, classes=None, dataset="Snap29 (simulated)"):
    made_for = ARCHITECTURES[name]
    layers = build(name, images or made_for.images, classes or made_for.classes)
    return drawings.draw(name, layers, dataset)


def texts(figure):
    return [text.get_text().replace("\u2009", " ") for text in figure.texts]


def boxes(figure, *kinds):
    """Left, right, height and line style of the boxes of some kinds, from left to right."""
    faces = [patch for patch in figure.artists if patch.get_gid() in kinds]
    found = []
    for front, top, side in zip(faces[::3], faces[1::3], faces[2::3], strict=True):
        left, right = (min(face.get_xy()[:, 0].min() for face in (front, top, side)),
                       max(face.get_xy()[:, 0].max() for face in (front, top, side)))  # fmt: skip
        height = front.get_xy()[:, 1].max() - front.get_xy()[:, 1].min()
        found.append((left, right, height, front.get_linestyle()))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "images"),
    [*((name, size) for name in NAMES for size in [(3, 256, 256), (1, 28, 28)]),
     ("deep_50", (3, 1024, 1024)), ("linear_relu", (3, 1024, 1024))],
)  # fmt: skip
def test_texts_are_large_enough_and_apart_and_on_the_page(name, images):
    figure = drawn(name, images, 10)
    figure.set_dpi(150)  # about that of the screen versions
    FigureCanvasAgg(figure).draw()
    found = [(text, text.get_window_extent()) for text in figure.texts]
    for number, (text, box) in enumerate(found):
        assert text.get_fontsize() >= (6 if images[1] <= 256 else 5), text
        assert figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1, text
        assert figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1, text
        for other, beside in found[number + 1 :]:
            assert not box.padded(-0.5).overlaps(beside.padded(-0.5)), (text, other)


@pytest.mark.parametrize("name", NAMES)
def test_boxes_stay_in_their_columns(name):
    """With the largest images: no block's boxes reach into the next block's."""
    figure = drawn(name, (3, 1024, 1024), 10)
    blocks = [patch for patch in figure.texts if patch.get_weight() == "bold"][1:]
    pitch = blocks[1].get_position()[0] - blocks[0].get_position()[0]
    for left, right, _, _ in boxes(figure, *COLORS):
        column = min(blocks, key=lambda text: abs(text.get_position()[0] - (left + right) / 2))
        assert abs(left - column.get_position()[0]) < pitch / 2
        assert abs(right - column.get_position()[0]) < pitch / 2


def test_every_layer_of_alexnet_has_its_box():
    figure = drawn("alexnet")
    counts = {kind: len(boxes(figure, kind)) for kind in COLORS}
    assert counts == {
        "image": 1, "convolution": 5, "max-pooling": 3, "batch normalisation": 2, "dense": 3,
    }  # fmt: skip


def test_each_halving_of_the_maps_takes_the_same_from_the_height():
    heights = [height for _, _, height, _ in boxes(drawn("deep"), "max-pooling")]
    # 128, 64, 32, 16, 8, 4, 2 and 1 pixels; vertical sizes are the front face's.
    steps = [a - b for a, b in pairwise(heights)]
    assert steps == pytest.approx([SIDE_STEP] * 7)
    assert heights[-1] == pytest.approx(SIDE)


def test_one_measure_for_all_drawings():
    conv28 = boxes(drawn("deep", (1, 28, 28), 10), "image")[0]
    conv256 = boxes(drawn("deep"), "image")[0]
    assert conv256[2] / conv28[2] == pytest.approx((2.2 + 3.2 * 8) / (2.2 + 3.2 * 4.807), rel=1e-3)


def test_layers_used_again_are_dashed_and_tied():
    figure = drawn("deep_tied")
    dashed = [style != "-" and style != "solid" for _, _, _, style in boxes(figure, "convolution")]
    assert dashed == [False, False, True, False, False, True, False, False, True]
    assert texts(figure).count("same weights") == 3
    assert [text for text in texts(figure) if text.startswith("as ")] == [
        "as conv2", "as conv5", "as conv8",
    ]  # fmt: skip
    assert "same weights" not in texts(drawn("deep"))


def test_the_drawing_says_what_is_what():
    said = texts(drawn("alexnet"))
    assert said[:2] == [
        "alexnet for Snap29 (simulated)",
        "Images of 3 × 256 × 256, 2 classes; 26 824 770 learned parameters and 704 moving averages",
    ]
    for text in (
        "11 × 11, 96", "stride 4", "not padded", "max-pool 3 × 3", "stride 2", "batch norm",
        "30 × 30", "dropout 0.5", "dense, 2048", "logits", "18 876 416",
        "Learned parameters: 26 824 770", "Multiplications for one image: 1.32 G", "553 M",
    ):  # fmt: skip
        assert text in said


def test_a_long_name_is_shortened():
    figure = drawn("logistic", dataset="a dataset with a very long label " * 5)
    FigureCanvasAgg(figure).draw()
    title = figure.texts[0]
    assert title.get_window_extent().x1 <= figure.bbox.x1
    assert title.get_text().endswith("…")


def test_widths_are_those_of_a_journal():
    assert drawn("logistic").get_figwidth() == pytest.approx(SINGLE_COLUMN)
    for name in NAMES:
        assert drawn(name).get_figwidth() <= DOUBLE_COLUMN + 1e-9


@pytest.mark.parametrize(
    ("number", "text"),
    [(7, "7"), (999, "999"), (1000, "1.00 k"), (41_472, "41.5 k"), (999_400, "999 k"),
     (999_600, "1.00 M"), (589_824, "590 k"), (150_994_944, "151 M"), (1_316_000_000, "1.32 G")],
)  # fmt: skip
def test_numbers_to_three_digits(number, text):
    assert drawings._three_digits(number) == text
