"""The closest pairs of tiles across the splits of a dataset."""

from pathlib import Path

import numpy as np
import pandas as pd

from manyseeds.audit import duplicates

CLOSEST = 10
"""Pairs of tiles that are listed also where they are no near-duplicates."""
SIDES = ["tile", "image", "class", "group", "split", "place"]
"""What `pairs_across` says of each tile of a pair."""


def pairs_across(table: pd.DataFrame, scratch: Path, workers: int = 1) -> pd.DataFrame:
    """Return near-duplicates across splits and, if these are fewer, the closest other pairs.

    A tile that has rotated copies in a split is looked at once there: the search finds it at any
    angle. Featureless tiles are left out.

    Parameters
    ----------
    table : pandas.DataFrame
        As `report.describe_packs` returns it.
    scratch : path
        The folder with the thumbnails.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        A row a pair, closest first: rank; tile_1, image_1, class_1, group_1, split_1 and
        place_1 (row in the pack), the same of the second tile; angle (degrees
        counter-clockwise by which the first looks like the second), distance (bits of
        the hashes), correlation, detail, near_duplicate, identical, same_group (bool).
        Near-duplicates and at least the `CLOSEST` pairs.
    """
    upright = table[~table["featureless"]].assign(tilt=table["angle"].abs())
    upright = upright.sort_values(["tilt", "place"]).drop_duplicates(["split", "tile"])
    upright = upright.sort_values("place")
    names = list(table["split"].unique())
    found = [
        _pairs_of(upright, first, second, scratch, workers)
        for number, first in enumerate(names)
        for second in names[number + 1 :]
    ]
    pairs = pd.concat(found, ignore_index=True)
    pairs = pairs.sort_values(
        ["correlation", "distance", "tile_1", "tile_2"], ascending=[False, True, True, True]
    ).reset_index(drop=True)
    pairs.insert(0, "rank", np.arange(1, len(pairs) + 1))
    return pairs[pairs["near_duplicate"] | (pairs["rank"] <= CLOSEST)]


def _pairs_of(
    tiles: pd.DataFrame, first: str, second: str, scratch: Path, workers: int
) -> pd.DataFrame:
    """Return all candidate pairs of two splits with their correlations."""
    rows = {name: tiles.loc[tiles["split"] == name].set_index("place") for name in (first, second)}
    rotated, fixed = sorted(rows, key=lambda name: len(rows[name]))
    files = [scratch / f"{name}.npy" for name in (rotated, fixed)]
    if not len(rows[rotated]):
        found = pd.DataFrame(
            columns=["rotated", "fixed", "angle", "distance", "correlation", "detail"]
        )
    else:
        places = [rows[name].index.to_numpy(np.int64) for name in (rotated, fixed)]
        found = duplicates.candidates(files[0], places[0], files[1], places[1], scratch, workers)
        found = duplicates.confirm(files[0], files[1], found, workers)
    sides = []
    for number, (name, column) in enumerate([(rotated, "rotated"), (fixed, "fixed")], start=1):
        side = rows[name].loc[found[column]].reset_index()
        sides.append(side[[*SIDES, "sha256"]].add_suffix(f"_{number}"))
    pairs = pd.concat(sides, axis=1)
    facts = found[["angle", "distance", "correlation", "detail"]].reset_index(drop=True)
    pairs = pd.concat([pairs, facts], axis=1).assign(
        near_duplicate=duplicates.are_near_duplicates(facts),
        identical=pairs["sha256_1"] == pairs["sha256_2"],
        same_group=pairs["group_1"] == pairs["group_2"],
    )
    return pairs.drop(columns=["sha256_1", "sha256_2"])
