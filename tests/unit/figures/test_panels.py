import matplotlib.colors
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg

from manyseeds.figures import panels


def images(n, size=8, channels=3):
    return np.random.default_rng(0).integers(0, 256, (n, size, size, channels), np.uint8)


def texts(figure):
    return [text.get_text() for text in figure.texts]


def frames(figure):
    return [
        (matplotlib.colors.to_hex(patch.get_edgecolor()).upper(), patch.get_linestyle())
        for patch in figure.artists
    ]


@given(st.lists(st.integers(0, 3), min_size=1, max_size=60), st.integers(1, 30), st.integers(0, 9))
def test_balanced_choice(labels, count, seed):
    rows = panels.choose_balanced(labels, count, np.random.default_rng(seed))
    assert len(rows) == len(set(rows)) == min(count, len(labels))
    chosen, there = (
        np.bincount(np.take(labels, rows), minlength=4),
        np.bincount(labels, minlength=4),
    )
    # A class lags behind another by more than one only when all its images are taken.
    for label in range(4):
        assert chosen[label] == there[label] or chosen[label] >= chosen.max() - 1


def test_balanced_choice_shows_a_tile_at_one_angle_only():
    tiles = np.repeat(["a", "b", "c", "d"], 10)
    labels = np.repeat([0, 0, 1, 1], 10)
    rows = panels.choose_balanced(labels, 25, np.random.default_rng(0), units=tiles)
    assert sorted(tiles[rows]) == ["a", "b", "c", "d"]
    assert labels[rows].tolist() == [0, 1, 0, 1]


def test_choices_depend_on_the_generator_alone():
    labels = np.arange(1000) % 5

    def both(seed):
        balanced = panels.choose_balanced(labels, 25, np.random.default_rng(seed))
        return [*balanced, *panels.choose_sample(1000, 24, np.random.default_rng(seed))]

    assert both(1) == both(1)
    assert both(1) != both(2)


def test_sample_is_without_repeats_and_no_longer_than_what_is_there():
    assert panels.choose_sample(5, 24, np.random.default_rng(0)).tolist() == [0, 1, 2, 3, 4]
    assert len(set(panels.choose_sample(100, 24, np.random.default_rng(0)))) == 24


def predictions():
    return pd.DataFrame(
        {
            "seed": [1, 1, 0, 0, 0, 0],
            "split": ["test", "test", "train", "train", "test", "test"],
            "tile": ["a", "b", "c", "d", "a", "b"],
            "confidence": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
        }
    )


def test_predictions_of_the_lowest_seed_in_the_pack_s_split():
    index = pd.DataFrame({"tile": ["a", "b"], "split": "test"})
    assert panels.predictions_of(predictions(), index)["confidence"].tolist() == [0.5, 0.6]
    assert panels.predictions_of(predictions(), index, 1)["confidence"].tolist() == [0.1, 0.2]


def test_predictions_of_another_pack_are_refused():
    index = pd.DataFrame({"tile": ["b", "a"], "split": "test"})
    with pytest.raises(ValueError, match="not of the pack's tiles"):
        panels.predictions_of(predictions(), index)


def test_training_panel_names_the_class_above_each_image():
    figure = panels.training_panel(images(3), [1, 0, 1], ["bag", "coat"], title="Clothes")
    assert texts(figure) == ["Clothes", "coat", "bag", "coat"]
    renderer = FigureCanvasAgg(figure).get_renderer()
    for axes, text in zip(figure.axes, figure.texts[1:], strict=True):
        box, name = axes.get_window_extent(), text.get_window_extent(renderer)
        assert box.x0 < name.x0 < name.x1 < box.x1
        assert name.y0 > box.y1


def test_right_and_wrong_differ_in_color_mark_and_frame():
    figure = panels.predictions_panel(
        images(2), [0, 0], [0, 1], [0.934, 0.51], ["control", "snap29"]
    )
    assert texts(figure) == [
        "✓ control 93 %", "true: control",
        "✗ snap29 51 %", "true: control",
        "✓ right (1)", "✗ wrong (1)",
    ]  # fmt: skip
    (right, solid), (wrong, dashed) = frames(figure)
    assert (right, wrong) == ("#009E73", "#D55E00")
    assert solid != dashed
    assert [text.get_color() for text in figure.texts[::2]] == [right, wrong, right]


def test_panel_shrinks_to_the_images_there_are():
    whole = panels.predictions_panel(images(24), [0] * 24, [0] * 24, [0.9] * 24, ["a", "b"])
    few = panels.predictions_panel(images(7), [0] * 7, [0] * 7, [0.9] * 7, ["a", "b"])
    assert len(whole.axes) == 24 and len(few.axes) == 7
    assert few.get_size_inches()[0] == whole.get_size_inches()[0] <= 183 / 25.4
    assert few.get_size_inches()[1] < whole.get_size_inches()[1]


LONG = "a class of cells with a name of many words"


@pytest.mark.parametrize("n", [1, 24])
@pytest.mark.parametrize("name", ["Ankle boot", LONG])
def test_text_stays_within_its_tile_and_the_figure(n, name):
    figure = panels.predictions_panel(
        images(n), [1] * n, [1] * n, [0.9999] * n, ["a", name], title="Seed 0 of Fashion-MNIST"
    )
    renderer = FigureCanvasAgg(figure).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in figure.texts]
    assert all(figure.bbox.x0 <= box.x0 and box.x1 <= figure.bbox.x1 for box in boxes)
    assert all(figure.bbox.y0 <= box.y0 and box.y1 <= figure.bbox.y1 for box in boxes)
    overlapping = [
        (a, b) for a in range(len(boxes)) for b in range(a) if boxes[a].overlaps(boxes[b])
    ]
    assert not overlapping
    assert all(text.get_fontsize() >= 5 for text in figure.texts)
