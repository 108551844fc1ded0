"""Means by group, and differences between networks that share their seeds."""

from collections.abc import Mapping, Sequence

import pandas as pd

from manyseeds.statistics.intervals import mean_interval, paired_difference, summarise

COMPARED = ["dataset", "architecture"]
"""Columns that say what a row of the tables of leakage compares."""
SPLITS = ("honest", "leaky")
"""Columns of those tables that hold the accuracies with each split."""


def paired_runs(
    evaluations: pd.DataFrame,
    pairs: Sequence[tuple[str, str, str]],
    tested: Mapping[str, str],
) -> pd.DataFrame:
    """Return the test accuracies of seeds that were trained with both splits.

    Parameters
    ----------
    evaluations : pandas.DataFrame
        Rows of ``evaluation.csv``: columns dataset, architecture, seed, split and accuracy.
    pairs : sequence of (str, str, str)
        Honestly split dataset, its leaky twin, architecture.
    tested : mapping of str to str
        The test split of each dataset.

    Returns
    -------
    pandas.DataFrame
        A row a seed: dataset (the honest one), architecture, seed, honest and leaky
        (accuracies, fractions).
    """
    rows = evaluations[evaluations["split"] == evaluations["dataset"].map(tested)]
    runs = {key: part.set_index("seed")["accuracy"] for key, part in rows.groupby(COMPARED)}
    parts = []
    for honest, leaky, architecture in pairs:
        both = [runs[name, architecture].rename(kind)
                for name, kind in zip((honest, leaky), SPLITS, strict=True)]  # fmt: skip
        part = pd.concat(both, axis=1, join="inner").rename_axis("seed").reset_index()
        parts.append(part.assign(dataset=honest, architecture=architecture))
    return pd.concat(parts, ignore_index=True)[[*COMPARED, "seed", *SPLITS]]


def leakage_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return a row a dataset and architecture: both means, and the mean difference, over seeds.

    Columns dataset, architecture, n, then for each of honest, leaky and difference
    (leaky less honest, paired by seed) the mean and the limits of its 95 % interval.
    """
    rows = []
    for key, part in runs.groupby(COMPARED, sort=False):
        found = {
            "honest": mean_interval(part["honest"]),
            "leaky": mean_interval(part["leaky"]),
            "difference": paired_difference(part["honest"], part["leaky"]),
        }
        row = dict(zip(COMPARED, key, strict=True)) | {"n": found["difference"].n}
        for name, interval in found.items():
            row |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
        rows.append(row)
    return pd.DataFrame(rows)


def accuracy_table(evaluations: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers behind `accuracy_boxplot`, one row a dataset, architecture and split.

    Columns dataset, architecture, split, mean, low, high, n: the mean test accuracy over
    seeds as a fraction with its 95 % interval (see `intervals.mean_interval`).
    """
    runs = evaluations[evaluations["split"] != "train"]
    return summarise(runs, ["dataset", "architecture", "split"], "accuracy")
