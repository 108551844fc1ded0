import numpy as np
import pandas as pd
import plotnine as p9
import pytest

from manyseeds.figures import style
from manyseeds.figures.accuracy import accuracy_boxplot
from manyseeds.statistics.comparisons import accuracy_table
from plotted import evaluations, layer, words


def boxplot(table, **more):
    return accuracy_boxplot(table, accuracy_table(table), **more)


def test_boxplot_says_percent_runs_and_references():
    plot = boxplot(
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
    plot = boxplot(table)
    (points,) = layer(plot, "geom_point")
    tested = table[table["split"] == "test"]["accuracy"]
    assert sorted(points["y"]) == pytest.approx(sorted(tested))
    assert np.abs(points["x"] - points["x"].round()).max() <= 0.13


def test_architectures_stand_in_the_order_of_the_table():
    """That of the study, not of the alphabet."""
    drawn = words(boxplot(evaluations(architectures=("logistic", "convnet"))))
    assert [word for word in drawn if word in ("logistic", "convnet")] == ["logistic", "convnet"]


def of(n):
    return [f"kind-{number}" for number in range(n)]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("datasets", "second", "on_their_side"), [(6, 0, False), (7, 0, True), (4, 4, True)]
)
def test_many_boxes_lie_on_their_side(datasets, second, on_their_side):
    """Counted are datasets and test sets; the first is at the top."""
    table = evaluations(datasets=of(datasets), architectures=["logistic", "convnet"])
    if second:
        tested = table[table["split"] == "test"]
        table = pd.concat([table, tested.assign(split="test2")])
    plot = boxplot(table, experts={"kind-3": 0.9}, labels={"kind-0": "A name " * 9})
    found = words(plot)
    if on_their_side:
        ticks = {
            one.get_text(): one.get_position()[1] for one in plot.draw().axes[0].get_yticklabels()
        }
        assert max(len(line) for tick in ticks for line in tick.split("\n")) <= style.LONG
        assert max(ticks, key=ticks.get).startswith("A name")
        assert {"chance", "expert"} <= set(found) and "90 %" not in found
    assert isinstance(plot.coordinates, p9.coord_flip) is on_their_side
    (points,) = layer(plot, "geom_point")
    tested = table.loc[table["split"] != "train", "accuracy"]
    assert sorted(points["y"]) == pytest.approx(sorted(tested))
    assert sum("n = 4" in word for word in found) == 2 * (datasets + second)
    drawn = [word for word in found if word in ("logistic", "convnet")]
    assert drawn == ["logistic", "convnet"]


def test_boxplot_of_one_run_and_no_expert():
    found = words(boxplot(evaluations(seeds=1, datasets=["flowers"])))
    assert sum("n = 1" in word for word in found) == 2
    assert "expert" not in found


def test_a_second_test_set_is_named():
    table = evaluations()
    second = table[table["split"] == "test"].assign(split="test2")
    found = words(boxplot(pd.concat([table, second])))
    assert "flowers" in found and "flowers\n(test2)" in found


def test_boxplot_needs_a_test_split():
    table = evaluations()
    with pytest.raises(ValueError, match="test split"):
        boxplot(table[table["split"] == "train"])


@pytest.mark.parametrize("datasets", [2, 7])
def test_what_is_written_are_the_means_of_the_table(datasets):
    """Nothing is averaged here; rows of means in any order find their boxes."""
    table = evaluations(datasets=of(datasets))
    means = accuracy_table(table)
    means["mean"] = [0.001 * number for number in range(len(means))]
    means["n"] = 100
    plot = accuracy_boxplot(table, means.sample(frac=1, random_state=0))
    (drawn, *_) = layer(plot, "geom_text")
    panels = dict(enumerate(["deep", "deep_50"], start=1))
    for _, text in drawn.iterrows():
        row = means[
            (means["dataset"] == f"kind-{abs(round(text['x'])) - 1}")
            & (means["architecture"] == panels[text["PANEL"]])
        ]
        shown = " ".join(text["label"].replace(",", "").split())
        assert shown == f"mean {100 * row['mean'].item():.1f} % n = 100"
    assert len(drawn) == 2 * datasets
