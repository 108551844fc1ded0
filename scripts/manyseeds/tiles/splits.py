"""Splitting tiles into train and test sets by group, and checking the splits."""

import unicodedata
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from manyseeds.errors import InputError

# The column whose values are kept whole, by the study's word for it. Images that come split already
# keep their splits: the audit says which groups stand in two of them.
GROUP_COLUMN = {"field": "image", "group": "group"}
TRAIN = "train"
COLUMNS = ["tile", "image", "class", "group", "row", "column", "angle", "split", "position"]
"""Columns of `split.csv`."""
LISTED = 5
"""Groups that a message lists if one is not there."""


def assign(
    table: pd.DataFrame,
    by: str,
    held_out: Mapping[str, float] | Mapping[str, Sequence[str]],
    rng: np.random.Generator,
) -> pd.Series:
    """Choose a split for each tile, keeping groups whole and classes in proportion.

    Groups are drawn at random, class by class, until the split has its share of the class's tiles
    as nearly as whole groups allow. Groups that hold several classes are drawn together, as one
    more class. Or groups are held out by name. The rest is train. The result depends on the set of
    rows and the generator, not on the order of rows.

    Parameters
    ----------
    table : pandas.DataFrame
        Tiles with columns image, class, group and, for "source", split.
    by : "field", "group", "source" or "tile"
        What stays whole: an image with all its tiles ("field"), or a group of images ("group").
        "source" takes the splits that the dataset came with. "tile" keeps nothing whole: each row
        is drawn by itself, so that test images leak into training.
    held_out : mapping of str to float, or to sequence of str
        The share of each test split, above 0, together below 1. Or its groups by name, as in the
        column group, whatever `by` says.
    rng : numpy.random.Generator
        Draws the groups.

    Returns
    -------
    pandas.Series
        The name of each row's split, with the table's index.

    Raises
    ------
    InputError
        The shares are out of range, a group is not there, or "source" meets tiles without a
        split.
    """
    if by == "source":
        return _from_source(table)
    named = {k: v for k, v in held_out.items() if not isinstance(v, (int, float))}
    if named:
        return _by_name(table, named)
    shares = {k: v for k, v in held_out.items() if isinstance(v, (int, float))}
    _check_fractions(shares)
    groups = _units(table, by)
    sizes = groups.value_counts()
    split_of_group = pd.Series(TRAIN, index=sizes.index, dtype=object)
    strata = _strata(groups, table["class"].astype(str))
    for stratum in sorted(strata.unique()):
        names = np.array(sorted(strata.index[strata == stratum]), dtype=object)
        names = rng.permutation(names)
        counts = sizes.loc[names].to_numpy()
        start = 0
        for split, fraction in shares.items():
            number = _number_nearest(counts[start:], fraction * counts.sum())
            split_of_group.loc[names[start : start + number]] = split
            start += number
    return groups.map(split_of_group).rename("split")


def check_groups(table: pd.DataFrame) -> None:
    """Raise if each image is a group of its own, so that a split by group means nothing.

    Parameters
    ----------
    table : pandas.DataFrame
        Tiles with columns image and group.

    Raises
    ------
    InputError
        No two images have a group in common.
    """
    if table["group"].nunique() == table["image"].nunique():
        raise InputError(
            "split.by: no two images have a group in common. Give source.group, a regular "
            "expression whose first group names the group in a file's path, or split by field."
        )


def check(table: pd.DataFrame, splits: Sequence[str], by: str = "group") -> None:
    """Raise unless the splits can be trusted.

    Parameters
    ----------
    table : pandas.DataFrame
        Tiles with columns image, class, group and split.
    splits : sequence of str
        The splits that are expected, train among them.
    by : "field", "group", "source" or "tile"
        What had to stay whole, as in `assign`; with "source" and "tile" nothing had to.

    Raises
    ------
    InputError
        A split is empty or unknown, a class is missing from a split, or what had to stay
        whole stands in two splits (both splits are named, with a file of each).
    """
    for split in splits:
        if not (table["split"] == split).any():
            raise InputError(
                f"split: {split} is empty. {_remedy(split)}, or bring more images "
                "(groups are never divided)."
            )
    unknown = sorted(set(table["split"].astype(str)) - set(splits))
    if unknown:
        raise InputError(
            f"split: {unknown[0]!r} is not a split of the study ({', '.join(splits)}). "
            "Name it under `source.splits`, or remove it from the source."
        )
    shares = pd.crosstab(table["class"], table["split"])
    for split in splits:
        for name in shares.index[shares[split] == 0]:
            raise InputError(
                f"split: class {name} has no tile in {split}. {_remedy(split)}, or bring more "
                f"images of {name} (groups are never divided)."
            )
    if by in GROUP_COLUMN:
        _check_whole(table, GROUP_COLUMN[by])


def at_angles(table: pd.DataFrame, angles: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """Return a row for each tile and each angle of its split.

    Parameters
    ----------
    table : pandas.DataFrame
        Tiles with the columns split and angle, by which their images came rotated.
    angles : mapping of str to sequence of float
        Degrees counter-clockwise for each split; other splits have 0 alone.

    Returns
    -------
    pandas.DataFrame
        Indexed from 0: all angles of the first tile, then of the next. `angle` is the sum of the
        angle by which the image came and the one by which the tile is to be rotated.
    """
    rows = table.assign(added=[list(angles.get(split, [0])) for split in table["split"]])
    rows = rows.explode("added", ignore_index=True)
    return rows.assign(angle=rows["angle"] + pd.to_numeric(rows["added"])).drop(columns="added")


def _check_fractions(fractions: Mapping[str, float]) -> None:
    """Raise unless the shares of the test splits are such, and leave something to train on."""
    for split, fraction in fractions.items():
        if split == TRAIN:
            raise InputError("split.test: train is what the test splits leave. Remove its share.")
        if not 0 < fraction < 1:
            raise InputError(
                f"split.test: {split}: {fraction} is no share. Choose a number between 0 and 1."
            )
    if sum(fractions.values()) >= 1:
        raise InputError(
            f"split.test: the shares of {', '.join(fractions)} leave nothing to train on. "
            "Choose shares with a sum below 1."
        )


def _units(table: pd.DataFrame, by: str) -> pd.Series:
    """Return the name of the unit that each row is drawn with."""
    if by == "tile":
        return table["tile"].astype(str) + " at " + table["angle"].astype(str)
    return table[GROUP_COLUMN[by]].astype(str)


def _strata(groups: pd.Series, classes: pd.Series) -> pd.Series:
    """Return each group's class, or "" for a group that holds several (every class has a name)."""
    found = classes.groupby(groups).agg(["min", "max"])
    return found["min"].where(found["min"] == found["max"], "")


def _number_nearest(counts: np.ndarray, target: float) -> int:
    """Return how many of the first groups hold nearest to `target` tiles; the fewer on a tie."""
    totals = np.concatenate([[0], np.cumsum(counts)])
    return int(np.argmin(np.abs(totals - target)))


def _from_source(table: pd.DataFrame) -> pd.Series:
    """Return the splits that the source gives."""
    split = table["split"].fillna("").astype(str)
    if (split == "").any():
        name = table.loc[split == "", "image"].iloc[0]
        raise InputError(
            f"{name}: its source gives it no split. Use `split.by: field`, or name the "
            "folders above the classes in `source.splits`."
        )
    return split.rename("split")


def _by_name(table: pd.DataFrame, groups: Mapping[str, Sequence[str]]) -> pd.Series:
    """Return the splits if these groups are held out."""
    column = table["group"].astype(str).map(_nfc)
    split_of_group = {_nfc(name): split for split, names in groups.items() for name in names}
    known = set(column)
    unknown = [name for name in split_of_group if name not in known]
    if unknown:
        more = ", ..." if len(known) > LISTED else ""
        raise InputError(
            f"split.test: no group is named {unknown[0]!r}. The {len(known):,} groups are "
            f"{', '.join(sorted(known)[:LISTED])}{more} (column group of images.csv). Choose from "
            "these, or fix `source.group`, which finds them."
        )
    return column.map(split_of_group).fillna(TRAIN).rename("split")


def _nfc(name: str) -> str:
    """Return a name with each accent in its letter: a Mac takes them apart, keyboards do not."""
    return unicodedata.normalize("NFC", name)


def _remedy(split: str) -> str:
    """Return what gives a split more tiles. In a study train has no share of its own."""
    if split == TRAIN:
        return "Give the test splits smaller shares"
    return f"Give {split} a larger share"


def _check_whole(table: pd.DataFrame, column: str) -> None:
    """Raise if a group stands in two splits."""
    pairs = table.drop_duplicates([column, "split"]).sort_values([column, "split", "image"])
    divided = pairs[pairs[column].duplicated(keep=False)]
    if len(divided):
        first, second = divided.iloc[0], divided.iloc[1]
        raise InputError(
            f"{first['image']}: its group {first[column]!r} is in {first['split']} and, by "
            f"{second['image']}, in {second['split']}. Put the group into one split, or fix "
            "the pattern `source.group`."
        )
