"""The shares of the classes in the splits."""

from itertools import combinations

import pandas as pd

from manyseeds.audit.findings import EXAMPLES, Check, Finding

RATIO = 2.0
"""Largest ratio of the largest to the smallest class of a split that is no finding."""
DIFFERENCE, SIGNIFICANCE = 0.05, 0.01
"""A class's shares in two splits differ if they are further apart than the first, and a chi-square
test of class by split has a lower p than the second."""


def table(tiles: pd.DataFrame) -> pd.DataFrame:
    """Return the share of each class in each split; rotated copies of a tile count once.

    Parameters
    ----------
    tiles : pandas.DataFrame
        Columns tile, class, group, split and label.

    Returns
    -------
    pandas.DataFrame
        A row a split and class, in the order of splits and labels: split, class, n (tiles), groups
        (that have such a tile), share (of the split's tiles, 0–1). A class without a tile in a
        split has a row, too.
    """
    distinct = tiles.drop_duplicates(["split", "tile"])
    splits = distinct["split"].unique()
    classes = distinct.sort_values("label")["class"].unique()
    rows = pd.MultiIndex.from_product([splits, classes], names=["split", "class"])
    counted = distinct.groupby(["split", "class"]).agg(
        n=("tile", "size"), groups=("group", "nunique")
    )
    counted = counted.reindex(rows, fill_value=0).reset_index()
    total = counted.groupby("split")["n"].transform("sum")
    return counted.assign(share=counted["n"] / total)


def check(shares: pd.DataFrame, tiles: pd.DataFrame) -> list[Check]:
    """Return the checks of class shares within splits and between them.

    Within a split, it is a finding if the largest class has more than `RATIO` times the tiles of
    the smallest. Between two splits, it is a finding if the shares of a class are more than
    `DIFFERENCE` apart and a chi-square test of class by split has p below `SIGNIFICANCE`. The test
    counts groups, since tiles of one group are not independent.

    Parameters
    ----------
    shares : pandas.DataFrame
        As `table` returns it.
    tiles : pandas.DataFrame
        As `table` takes it, with a column image: some are named in a finding.
    """
    return [_within(shares, tiles), _between(shares, tiles)]


def _within(shares: pd.DataFrame, tiles: pd.DataFrame) -> Check:
    findings, ratios = [], []
    for split, part in shares.groupby("split", sort=False):
        part = part.sort_values("n", kind="stable")
        small, large = part.iloc[0], part.iloc[-1]
        ratio = large["n"] / small["n"] if small["n"] else float("inf")
        ratios.append(f"{ratio:.2f} in {split}")
        if ratio > RATIO:
            findings.append(
                Finding(
                    f"{split}: {large['class']} has {large['n']:,} tiles, {small['class']} "
                    f"{small['n']:,}",
                    files=_examples(tiles, [split], [large["class"], small["class"]]),
                    splits=[split],
                    classes=[large["class"], small["class"]],
                )
            )
    statement = f"Largest to smallest class: {', '.join(ratios)} (up to {RATIO:g} is no finding)."
    return Check("class shares within a split", statement, findings)


def _between(shares: pd.DataFrame, tiles: pd.DataFrame) -> Check:
    from scipy.stats import chi2_contingency

    findings, worst, lowest = [], 0.0, 1.0
    wide = shares.pivot_table(
        index="class", columns="split", values=["share", "groups"], sort=False
    )
    splits = list(shares["split"].unique())
    for first, second in combinations(splits, 2):
        apart = wide["share"][second] - wide["share"][first]
        groups = wide["groups"][[first, second]]
        p = float(chi2_contingency(groups[groups.sum(axis=1) > 0]).pvalue)
        worst, lowest = max(worst, apart.abs().max()), min(lowest, p)
        for name in apart.index[(apart.abs() > DIFFERENCE) & (p < SIGNIFICANCE)]:
            findings.append(
                Finding(
                    f"{name}: {wide['share'][first][name]:.1%} of {first}, "
                    f"{wide['share'][second][name]:.1%} of {second} (chi-square of groups, "
                    f"p = {p:.2g})",
                    files=_examples(tiles, [first, second], [name]),
                    splits=[first, second],
                    classes=[name],
                )
            )
    statement = (
        f"The shares of a class differ by up to {100 * worst:.1f} points "
        f"(chi-square of groups, p = {lowest:.2g})."
    )
    return Check("class shares between splits", statement, findings)


def _examples(tiles: pd.DataFrame, splits: list[str], classes: list[str]) -> list[str]:
    """Return some images of each of the classes in each of the splits."""
    images = tiles.drop_duplicates(["image", "split"])
    return [
        image
        for split in splits
        for name in classes
        for image in images.loc[
            (images["split"] == split) & (images["class"] == name), "image"
        ].head(EXAMPLES)
    ]
