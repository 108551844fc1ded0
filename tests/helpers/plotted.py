"""Tables to plot, and what a plot shows of them."""

from copy import deepcopy

import numpy as np
import pandas as pd


def evaluations(seeds=4, datasets=("snap29-sim", "flowers"), architectures=("deep", "deep_50")):
    """Accuracies of every seed on train and test; chance is 0.2 with flowers, else 0.5."""
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
    """Training accuracies by epoch, which reach 1 in the third."""
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
