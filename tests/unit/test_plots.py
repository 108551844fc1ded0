import re
from copy import deepcopy

import numpy as np
import pandas as pd
import plotnine as p9
import pytest
from matplotlib.figure import Figure
from PIL import Image

from manyseeds import plots, style


def evaluations(seeds=4, datasets=("snap29-sim", "flowers"), architectures=("deep", "deep_50")):
    generator = np.random.default_rng(0)
    rows = [
        (dataset, architecture, seed, split, 0.7 + 0.2 * generator.random())
        for dataset in datasets
        for architecture in architectures
        for seed in range(seeds)
        for split in ("train", "test")
    ]
    table = pd.DataFrame(rows, columns=["dataset", "architecture", "seed", "split", "accuracy"])
    return table.assign(chance=table["dataset"].map({"flowers": 0.2}).fillna(0.5))


def histories(seeds=4, epochs=9, datasets=("snap29-sim", "flowers")):
    rows = [
        (dataset, "deep", seed, epoch, min(1.0, 0.5 + 0.2 * epoch + 0.01 * seed))
        for dataset in datasets
        for seed in range(seeds)
        for epoch in range(1, epochs + 1)
    ]
    return pd.DataFrame(
        rows, columns=["dataset", "architecture", "seed", "epoch", "train_accuracy"]
    )


def words(plot):
    """All text of a drawn plot."""
    return [text.get_text() for text in plot.draw().findobj(lambda a: hasattr(a, "get_text"))]


def layer(plot, geom):
    """The data that a plot draws with a kind of geom."""
    plot = deepcopy(plot)
    plot._build()
    return [one.data for one in plot.layers if type(one.geom).__name__ == geom]


def test_palette_does_not_depend_on_the_order_of_rows():
    assert style.palette(["b", "a", "b"]) == style.palette(["a", "b"])
    assert style.palette(["a", "b"]) == {"a": "#0072B2", "b": "#E69F00"}
    assert len(set(style.palette("abcdefgh").values())) == 8


def test_boxplot_says_percent_runs_and_references():
    plot = plots.accuracy_boxplot(
        evaluations(),
        experts={"snap29-sim": 0.93, "flowers": None},
        labels={"flowers": "Five flowers", "snap29-sim": "Snap29 (simulated)"},
    )
    found = words(plot)
    assert "Test accuracy (%)" in found and "100" in found
    assert "Snap29\n(simulated)" in found and "Five flowers" in found
    assert sum("n = 4" in word for word in found) == 4
    # one a facet: two architectures
    assert found.count("expert") == found.count("93 %") == 2
    assert found.count("chance") == 4 and found.count("20 %") == 2


def test_boxplot_shows_every_test_run_where_it_belongs():
    table = evaluations()
    plot = plots.accuracy_boxplot(table)
    (points,) = layer(plot, "geom_point")
    tested = table[table["split"] == "test"]["accuracy"]
    assert sorted(points["y"]) == pytest.approx(sorted(tested))
    assert np.abs(points["x"] - points["x"].round()).max() <= 0.13


def test_architectures_stand_in_the_order_of_the_table():
    """That of the study, not of the alphabet."""
    drawn = words(plots.accuracy_boxplot(evaluations(architectures=("logistic", "convnet"))))
    assert [word for word in drawn if word in ("logistic", "convnet")] == ["logistic", "convnet"]


def of(n):
    return [f"kind-{number}" for number in range(n)]


@pytest.mark.parametrize(
    ("datasets", "second", "on_their_side"), [(6, 0, False), (7, 0, True), (4, 4, True)]
)
def test_many_boxes_lie_on_their_side(datasets, second, on_their_side):
    """Counted are datasets and test sets; the first is at the top."""
    table = evaluations(datasets=of(datasets), architectures=["logistic", "convnet"])
    if second:
        tested = table[table["split"] == "test"]
        table = pd.concat([table, tested.assign(split="test2")])
    plot = plots.accuracy_boxplot(table, experts={"kind-3": 0.9}, labels={"kind-0": "A name " * 9})
    found = words(plot)
    if on_their_side:
        ticks = {
            one.get_text(): one.get_position()[1] for one in plot.draw().axes[0].get_yticklabels()
        }
        assert max(len(line) for tick in ticks for line in tick.split("\n")) <= plots.LONG
        assert max(ticks, key=ticks.get).startswith("A name")
        assert {"chance", "expert"} <= set(found) and "90 %" not in found
    assert isinstance(plot.coordinates, p9.coord_flip) is on_their_side
    (points,) = layer(plot, "geom_point")
    tested = table.loc[table["split"] != "train", "accuracy"]
    assert sorted(points["y"]) == pytest.approx(sorted(tested))
    assert sum("n = 4" in word for word in found) == 2 * (datasets + second)
    drawn = [word for word in found if word in ("logistic", "convnet")]
    assert drawn == ["logistic", "convnet"]


@pytest.mark.parametrize("n", [6, 7])
def test_of_many_datasets_each_has_a_panel_of_curves(n):
    """And the legend says which network is which."""
    networks = ["logistic", "alexnet", "convnet"]
    table = pd.concat(
        histories(epochs=2, datasets=of(n)).assign(architecture=network) for network in networks
    )
    plot = plots.training_curves(table, labels={"kind-0": "The first"})
    figure = plot.draw()
    assert len(figure.axes) == (n if n > plots.MANY else 3)
    assert {"The first", "kind-1", *networks} <= set(words(plot))
    if n > plots.MANY:
        scale = plot.scales.get_scales("color")
        assert [scale.labels[name] for name in networks] == networks


def test_boxplot_of_one_run_and_no_expert():
    found = words(plots.accuracy_boxplot(evaluations(seeds=1, datasets=["flowers"])))
    assert sum("n = 1" in word for word in found) == 2
    assert "expert" not in found


def test_a_second_test_set_is_named():
    table = evaluations()
    second = table[table["split"] == "test"].assign(split="test2")
    found = words(plots.accuracy_boxplot(pd.concat([table, second])))
    assert "flowers" in found and "flowers\n(test2)" in found


def test_boxplot_needs_a_test_split():
    table = evaluations()
    with pytest.raises(ValueError, match="test split"):
        plots.accuracy_boxplot(table[table["split"] == "train"])


def test_table_is_of_test_runs_only():
    table = evaluations()
    table.loc[table["split"] == "train", "accuracy"] = 0.0
    table.loc[table["split"] == "test", "accuracy"] = 0.9
    found = plots.accuracy_table(table)
    assert len(found) == 4
    assert found["mean"].tolist() == pytest.approx([0.9] * 4)
    assert found["n"].tolist() == [4] * 4


@pytest.mark.parametrize(
    ("seeds", "epochs", "smoothed"), [(4, 9, True), (2, 5, True), (4, 4, False), (1, 9, False)]
)
def test_loess_only_where_it_has_enough_to_fit(seeds, epochs, smoothed):
    table = histories(seeds, epochs)
    assert plots.is_smoothed(table) is smoothed
    plot = plots.training_curves(table)
    if smoothed:
        assert len(layer(plot, "geom_smooth")) == 1
    else:
        (line,) = layer(plot, "geom_line")
        means = table.groupby(["dataset", "epoch"])["train_accuracy"].mean()
        assert sorted(line["y"]) == pytest.approx(sorted(means))


def test_smooth_and_band_stay_within_what_an_accuracy_can_be():
    (smooth,) = layer(plots.training_curves(histories()), "geom_smooth")
    assert smooth["y"].max() == 1.0  # these curves overshoot when not cut
    assert smooth[["y", "ymin", "ymax"]].to_numpy().max() <= 1
    assert smooth["x"].min() == 1 and smooth["x"].max() == 9
    assert len(smooth) > 100


def test_smooth_of_a_parabola_is_the_parabola():
    table = histories(datasets=["flowers"])
    table["train_accuracy"] = 0.9 - 0.005 * (table["epoch"] - 9) ** 2
    generator = np.random.default_rng(0)
    table["train_accuracy"] += generator.normal(0, 1e-4, len(table))
    (smooth,) = layer(plots.training_curves(table), "geom_smooth")
    np.testing.assert_allclose(smooth["y"], 0.9 - 0.005 * (smooth["x"] - 9) ** 2, atol=3e-4)


def test_local_fits_hold_about_five_epochs():
    assert plots.loess_span(histories(epochs=9)) == pytest.approx(0.6)
    assert plots.loess_span(histories(epochs=5)) == 1
    assert plots.loess_span(histories(epochs=200)) == plots.LOESS_SPAN


@pytest.mark.parametrize("epochs", [1, 2, 9])
def test_epochs_are_whole_numbers(epochs):
    plot = plots.training_curves(
        histories(epochs=epochs), labels={"snap29-sim": "Snap29 (simulated)"}
    )
    found = words(plot)
    assert [word for word in map(str, range(1, epochs + 1)) if word not in found] == []
    assert not [word for word in found if re.fullmatch(r"\d+\.\d+", word)]
    assert "Snap29 (simulated)" in found and "Training accuracy (%)" in found


def test_long_runs_have_few_epoch_labels():
    found = words(plots.training_curves(histories(epochs=60)))
    assert "60" in found and "7" not in found


def test_curves_of_nothing_are_refused():
    with pytest.raises(ValueError, match="at least one epoch"):
        plots.training_curves(histories(0))


def figures():
    empty = Figure(figsize=(5, 8))
    empty.text(0.5, 0.5, "text")
    return {"plotnine": plots.accuracy_boxplot(evaluations()), "matplotlib": empty}


@pytest.mark.parametrize("kind", ["plotnine", "matplotlib"])
def test_saved_for_print_and_for_the_screen(kind, tmp_path):
    def save(folder):
        paths = [tmp_path / folder / name for name in ("a.png", "a.pdf", "a.screen.png", "a.svg")]
        style.save(figures()[kind], *paths)
        return paths

    png, pdf, screen, svg = save("one")
    with Image.open(png) as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        width = style.DOUBLE_COLUMN if kind == "plotnine" else 5
        assert picture.width == pytest.approx(300 * width, abs=1)
    with Image.open(screen) as picture:
        assert picture.width <= 1100 and picture.height <= 700
        assert picture.width > 1050 or picture.height > 650
    assert b"/Type3" not in pdf.read_bytes()
    assert b"/CIDFontType2" in pdf.read_bytes()
    again = save("two")
    assert [path.read_bytes() for path in again] == [
        path.read_bytes() for path in (png, pdf, screen, svg)
    ]
