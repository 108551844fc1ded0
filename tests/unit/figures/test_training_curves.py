import re

import numpy as np
import pandas as pd
import pytest

from manyseeds.figures import style, training_curves
from plotted import histories, layer, words


@pytest.mark.parametrize("n", [6, 7])
def test_of_many_datasets_each_has_a_panel_of_curves(n):
    """And the legend says which network is which."""
    networks = ["logistic", "alexnet", "convnet"]
    table = pd.concat(
        histories(epochs=2, datasets=[f"kind-{number}" for number in range(n)]).assign(
            architecture=network
        )
        for network in networks
    )
    plot = training_curves.training_curves(table, labels={"kind-0": "The first"})
    figure = plot.draw()
    assert len(figure.axes) == (n if n > style.MANY else 3)
    assert {"The first", "kind-1", *networks} <= set(words(plot))
    if n > style.MANY:
        scale = plot.scales.get_scales("color")
        assert [scale.labels[name] for name in networks] == networks


@pytest.mark.parametrize(
    ("seeds", "epochs", "smoothed"), [(4, 9, True), (2, 5, True), (4, 4, False), (1, 9, False)]
)
def test_loess_only_where_it_has_enough_to_fit(seeds, epochs, smoothed):
    table = histories(seeds, epochs)
    assert training_curves.is_smoothed(table) is smoothed
    plot = training_curves.training_curves(table)
    if smoothed:
        assert len(layer(plot, "geom_smooth")) == 1
    else:
        (line,) = layer(plot, "geom_line")
        means = table.groupby(["dataset", "epoch"])["train_accuracy"].mean()
        assert sorted(line["y"]) == pytest.approx(sorted(means))


def test_smooth_and_band_stay_within_what_an_accuracy_can_be():
    (smooth,) = layer(training_curves.training_curves(histories()), "geom_smooth")
    assert smooth["y"].max() == 1.0  # these curves overshoot when not cut
    assert smooth[["y", "ymin", "ymax"]].to_numpy().max() <= 1
    assert smooth["x"].min() == 1 and smooth["x"].max() == 9
    assert len(smooth) > 100


def test_smooth_of_a_parabola_is_the_parabola():
    table = histories(datasets=["flowers"])
    table["train_accuracy"] = 0.9 - 0.005 * (table["epoch"] - 9) ** 2
    generator = np.random.default_rng(0)
    table["train_accuracy"] += generator.normal(0, 1e-4, len(table))
    (smooth,) = layer(training_curves.training_curves(table), "geom_smooth")
    np.testing.assert_allclose(smooth["y"], 0.9 - 0.005 * (smooth["x"] - 9) ** 2, atol=3e-4)


def test_local_fits_hold_about_five_epochs():
    assert training_curves.loess_span(histories(epochs=9)) == pytest.approx(0.6)
    assert training_curves.loess_span(histories(epochs=5)) == 1
    assert training_curves.loess_span(histories(epochs=200)) == training_curves.LOESS_SPAN


@pytest.mark.parametrize("epochs", [1, 2, 9])
def test_epochs_are_whole_numbers(epochs):
    plot = training_curves.training_curves(
        histories(epochs=epochs), labels={"snap29-sim": "Snap29 (simulated)"}
    )
    found = words(plot)
    assert [word for word in map(str, range(1, epochs + 1)) if word not in found] == []
    assert not [word for word in found if re.fullmatch(r"\d+\.\d+", word)]
    assert "Snap29 (simulated)" in found and "Training accuracy (%)" in found


def test_long_runs_have_few_epoch_labels():
    found = words(training_curves.training_curves(histories(epochs=60)))
    assert "60" in found and "7" not in found


def test_curves_of_nothing_are_refused():
    with pytest.raises(ValueError, match="at least one epoch"):
        training_curves.training_curves(histories(0))
