import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from manyseeds.figures import audit
from manyseeds.figures.style import SCREEN_PIXELS

SHORT = "No two tiles of different splits are identical."
LONG = "Of 10,000 tiles of a test set with a rather long name 313 look like one of train; so do "
LONG += "17 of 900 tiles of another test set, and some of them are of one group with it."


def verdicts(*results):
    return pd.DataFrame(
        [
            (f"check {number} of a name", result, LONG if result == "found" else SHORT)
            for number, result in enumerate(results)
        ],
        columns=["check", "result", "statement"],
    )


def shares(classes, splits=("train", "test")):
    rows = [
        (split, f"class{number}", 10 * (number + 1))
        for split in splits
        for number in range(classes)
    ]
    table = pd.DataFrame(rows, columns=["split", "class", "n"])
    return table.assign(share=table["n"] / table.groupby("split")["n"].transform("sum"))


def pairs(count, near):
    rows = [
        {
            "rank": n + 1, "angle": 10 * n, "distance": n, "correlation": 1 - n / 100,
            "near_duplicate": n < near, "identical": n == 0, "same_group": n == 1,
            **{f"{key}_{side}": f"{key}{side}" for key in ("tile", "class") for side in (1, 2)},
            "split_1": "test", "split_2": "train", "place_1": n, "place_2": n + 1,
        }
        for n in range(count)
    ]  # fmt: skip
    columns = ["near_duplicate"] if not rows else None
    return pd.DataFrame(rows, columns=columns)


def images():
    generator = np.random.default_rng(0)
    return {
        "train": generator.integers(0, 256, (20, 8, 8, 3), np.uint8),
        "test": generator.integers(0, 256, (20, 8, 8, 1), np.uint8),
    }


def texts(figure):
    return [text.get_text() for text in figure.texts]


def assert_inside_and_apart(figure):
    """All text lies on the page, and no two pieces of text overlap."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    width, height = canvas.get_width_height()
    boxes = [text.get_window_extent() for text in figure.texts]
    for axes in figure.axes:
        legend = axes.get_legend()
        boxes += [text.get_window_extent() for text in legend.get_texts()] if legend else []
        boxes += [axes.xaxis.label.get_window_extent()] if axes.axison else []
    for box in boxes:
        assert 0 <= box.x0 < box.x1 <= width, box
        assert 0 <= box.y0 < box.y1 <= height, box
    for number, box in enumerate(boxes):
        assert not any(box.shrunk(0.9, 0.7).overlaps(other.shrunk(0.9, 0.7))
                       for other in boxes[number + 1 :])  # fmt: skip


@pytest.mark.parametrize("classes", [2, 10, 40])
@pytest.mark.parametrize("splits", [("train", "test"), ("train", "test", "test2")])
def test_audit_figure_is_readable(classes, splits):
    figure = audit.audit_figure(
        verdicts(*["passed", "found", "not applicable"] * 5), shares(classes, splits), "Mine"
    )
    assert_inside_and_apart(figure)
    assert "Mine: 5 of 10 checks have findings" in texts(figure)
    assert texts(figure).count("✗") == 5
    assert texts(figure).count("✓") == 5


def test_shares_are_drawn_as_they_are():
    figure = audit.audit_figure(verdicts("passed"), shares(4), "Mine")
    (axes,) = figure.axes
    lines = {line.get_label(): line.get_xdata() for line in axes.lines}
    np.testing.assert_allclose(lines["train (n = 100 tiles)"], [10, 20, 30, 40])
    assert [tick.get_text() for tick in axes.get_yticklabels()] == [f"class{n}" for n in range(4)]
    assert "Mine: all 1 checks passed" in texts(figure)


@pytest.mark.parametrize(("count", "near"), [(10, 0), (10, 3), (30, 30), (1, 1)])
def test_pairs_are_side_by_side_with_what_is_known(count, near):
    figure = audit.pairs_panel(pairs(count, near), images(), "Mine")
    assert_inside_and_apart(figure)
    shown = min(count, 10)
    assert len(figure.axes) == 2 * shown
    told = texts(figure)
    assert sum(text.startswith("correlation") for text in told) == shown
    dashed = [patch for patch in figure.artists if patch.get_linestyle() not in ("-", "solid")]
    assert len(dashed) == 2 * min(near, shown)
    assert ("none is a near-duplicate" in told[0]) == (near == 0)
    for place, axes in enumerate(figure.axes):
        split = ("test", "train")[place % 2]
        row = place // 2 + place % 2
        np.testing.assert_array_equal(
            axes.images[0].get_array()[..., :1], images()[split][row][..., :1]
        )


def test_no_pairs_at_all():
    figure = audit.pairs_panel(pairs(0, 0), images(), "Mine")
    assert_inside_and_apart(figure)
    assert "no two tiles" in texts(figure)[0]


@pytest.mark.parametrize("figure", [
    audit.audit_figure(verdicts(*["found"] * 6, *["passed"] * 7), shares(40)),
    audit.pairs_panel(pairs(10, 10), images()),
])  # fmt: skip
def test_text_can_be_read_on_the_screen(figure):
    """The screen version has at least nine pixels for a line of text."""
    width, height = figure.get_size_inches()
    dpi = min(SCREEN_PIXELS[0] / width, SCREEN_PIXELS[1] / height)
    assert dpi * audit.SMALL_TEXT / 72 >= 9
