import pandas as pd
import pytest

from manyseeds.figures.leakage import leakage_plot
from plotted import layer, words

NAN = float("nan")


def tables(networks=("deep",), seeds=3):
    """Runs and the table of their means; the means are none, so that they show where they go."""
    runs = [("flowers", network, seed, 0.5 + seed / 10, 0.9)
            for network in networks for seed in range(seeds)]  # fmt: skip
    low, high = (0.01, 0.02) if seeds > 1 else (NAN, NAN)
    numbers = [end for mean in (0.61, 0.72, 0.1234) for end in (mean, mean - low, mean + high)]
    means = [("flowers", network, seeds, *numbers) for network in networks]
    limits = [
        f"{of}{end}" for of in ("honest", "leaky", "difference") for end in ("", "_low", "_high")
    ]
    compared = ["dataset", "architecture"]
    return (
        pd.DataFrame(runs, columns=[*compared, "seed", "honest", "leaky"]),
        pd.DataFrame(means, columns=[*compared, "n", *limits]),
    )


def test_the_figure_says_the_difference_of_the_table():
    plot = leakage_plot(*tables(), {"flowers": "Flowers"}, {"flowers": "field"})
    found = words(plot)
    assert "+12.3 points [+11.3, +14.3]\nn = 3 seeds" in found
    assert "Flowers\ndeep" in found and "whole fields,\nthen rotated" in found


def test_one_seed_has_a_difference_without_limits():
    plot = leakage_plot(*tables(seeds=1), {}, {"flowers": "group"})
    assert "+12.3 points\nn = 1 seeds" in words(plot)


def test_runs_and_means_are_drawn_as_they_are():
    plot = leakage_plot(*tables(["deep", "alexnet"]), {}, {"flowers": "field"})
    (points,), (means,) = layer(plot, "geom_point"), layer(plot, "geom_pointrange")
    assert sorted(points["y"]) == pytest.approx(sorted([0.5, 0.6, 0.7, 0.9, 0.9, 0.9] * 2))
    assert sorted(means["y"]) == [0.61, 0.61, 0.72, 0.72]
    assert sorted(means["ymax"]) == pytest.approx([0.63, 0.63, 0.74, 0.74])
    facets = [word for word in words(plot) if word.startswith("flowers")]
    assert facets == ["flowers\ndeep", "flowers\nalexnet"]
