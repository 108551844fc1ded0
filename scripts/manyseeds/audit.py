"""The leakage audit: whether the splits of a dataset can be trusted.

Each check looks at one way in which a test accuracy comes to mean less than it seems. The
thresholds: docs/audit.md.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from manyseeds import artefacts, class_shares, duplicates
from manyseeds.checks import EXAMPLES, Check, Finding

CLOSEST = 10
"""Pairs of tiles that are listed also where they are no near-duplicates."""
FEATURELESS = 0.2
"""Largest share of a split's tiles that may be left out of the search for near-duplicates."""
SIDES = ["tile", "image", "class", "group", "split", "place"]
"""What `pairs` says of each tile of a pair."""


def describe_packs(
    packs: Mapping[str, tuple[Path, pd.DataFrame]], scratch: Path, workers: int = 1
) -> pd.DataFrame:
    """Return the indices of a dataset's packs as one table, with what `duplicates` tells.

    Parameters
    ----------
    packs : mapping of str to (path, pandas.DataFrame)
        Array and index of each split, train first.
    scratch : path
        An existing folder; gets the thumbnails of each split, ``<split>.npy``.
    workers : int
        Processes.

    Returns
    -------
    pandas.DataFrame
        The rows of all indices and the columns place (row in the pack), sha256,
        contrast, constant (bool) and featureless (bool).
    """
    parts = []
    for split, (npy, index) in packs.items():
        described = duplicates.describe(npy, scratch / f"{split}.npy", workers)
        parts.append(index.assign(place=np.arange(len(index)), **described))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(featureless=table["contrast"] < duplicates.CONTRAST)


def identical(table: pd.DataFrame) -> list[Check]:
    """Return the checks of tiles with the same pixels: within a split, across, mislabelled.

    Copies of one tile within a split, turned or not, are one. Constant tiles, whose pixels are
    all equal, equal one another trivially: they are counted in the statement and not compared.

    Parameters
    ----------
    table : pandas.DataFrame
        As `describe_packs` returns it.
    """
    # Turned in a black frame, a constant tile is no longer constant.
    constant = table.groupby(["split", "tile"])["constant"].transform("any")
    units = table[~constant].drop_duplicates(["sha256", "split", "tile"])
    same = units[units["sha256"].duplicated(keep=False)]
    within, across, contradictory = [], [], []
    for _, group in same.groupby("sha256", sort=False):
        for split, part in group.groupby("split", sort=False):
            if len(part) > 1:
                within.append(_finding(f"{len(part)} identical tiles in {split}", part))
        if len(set(group["split"])) > 1:
            across.append(_finding(f"{len(group)} identical tiles in {_named(group)}", group))
        classes = sorted(set(group["class"]))
        if len(classes) > 1:
            statement = f"{len(group)} identical tiles of the classes {', '.join(classes)}"
            contradictory.append(_finding(statement, group))
    blank = table[constant].drop_duplicates(["split", "tile"])
    aside = _left_aside(len(blank), "constant")
    some, several = len(units) > 0, len(set(units["split"])) > 1
    return [
        Check("identical within a split", _sets(within, "within a split") + aside, within, some),
        Check("identical across splits", _sets(across, "across splits") + aside, across, several),
        Check(
            "identical, classes differ",
            _sets(contradictory, "of different classes") + aside,
            contradictory,
            some,
        ),
    ]


def featureless(table: pd.DataFrame) -> list[Check]:
    """Return the check of tiles that are too even to be compared with others.

    A finding is a split of whose tiles more than a share of `FEATURELESS` are.

    Parameters
    ----------
    table : pandas.DataFrame
        As `describe_packs` returns it.
    """
    tiles = _featureless_tiles(table)
    findings, says = [], []
    for split, part in tiles.groupby("split", sort=False):
        even = part[part["featureless"]]
        says.append(f"{len(even) / len(part):.1%} in {split}")
        if len(even) > FEATURELESS * len(part):
            statement = f"{len(even):,} of {len(part):,} tiles of {split} are featureless"
            findings.append(_finding(statement, even.drop_duplicates("image").head(EXAMPLES)))
    statement = (
        f"Tiles too even for the search for near-duplicates: {', '.join(says)} (up to "
        f"{FEATURELESS:.0%} is no finding)."
    )
    if findings:
        statement += " If they are not empty but dim, give the dataset another `scale`."
    return [Check("featureless tiles", statement, findings)]


def pairs_across(table: pd.DataFrame, scratch: Path, workers: int = 1) -> pd.DataFrame:
    """Return near-duplicates across splits and, if these are fewer, the closest other pairs.

    A tile that has turned copies in a split is looked at once there: the search does not
    mind rotation. Featureless tiles are left out.

    Parameters
    ----------
    table : pandas.DataFrame
        As `describe_packs` returns it.
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
    upright = table[~table["featureless"]].assign(turn=table["angle"].abs())
    upright = upright.sort_values(["turn", "place"]).drop_duplicates(["split", "tile"])
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


def near_duplicates(pairs: pd.DataFrame, table: pd.DataFrame) -> list[Check]:
    """Return the check of near-duplicates across splits, identical tiles among them.

    It does not apply where a split has none but featureless tiles, unless others are found.

    Parameters
    ----------
    pairs, table : pandas.DataFrame
        As `pairs_across` and `describe_packs` return them.
    """
    found = pairs[pairs["near_duplicate"]]
    findings = []
    for pair in found.itertuples(index=False):
        group = f", of one group ({pair.group_1})" if pair.same_group else ""
        findings.append(
            Finding(
                f"correlation {pair.correlation:.3f} when turned by {pair.angle}°{group}",
                (pair.tile_1, pair.tile_2),
                (pair.image_1, pair.image_2),
                (pair.split_1, pair.split_2),
                (pair.class_1, pair.class_2),
            )
        )
    tiles = _featureless_tiles(table)
    aside = _left_aside(tiles["featureless"].sum(), "featureless")
    if not findings:
        even = tiles.groupby("split", sort=False)["featureless"].all()
        said = "No two tiles across splits look the same."
        if even.any():
            said = f"All tiles of {' and '.join(even.index[even])} are featureless."
        closest = f" The closest correlate {pairs['correlation'].max():.2f}." if len(pairs) else ""
        return [Check("near-duplicates", said + closest + aside, applicable=not even.any())]
    parts = []
    for split in [name for name in table["split"].unique() if name != "train"]:
        twins = {*found.loc[found["split_1"] == split, "tile_1"]}
        twins |= {*found.loc[found["split_2"] == split, "tile_2"]}
        of = table.loc[table["split"] == split, "tile"].nunique()
        parts.append(f"{len(twins):,} of {of:,} tiles of {split} ({len(twins) / of:.2%})")
    n = found["same_group"].sum()
    grouped = f", {n:,} of these pairs from one and the same group" if n else ""
    statement = f"{' and '.join(parts)} look like a tile of another split{grouped}.{aside}"
    return [Check("near-duplicates", statement, findings)]


def spanning(table: pd.DataFrame) -> list[Check]:
    """Return the checks of images and groups that stand in more than one split.

    Parameters
    ----------
    table : pandas.DataFrame
        Tiles with columns tile, image, class, group and split.
    """
    checks = []
    for column in ("image", "group"):
        splits = table.drop_duplicates([column, "split"])
        torn = splits.loc[splits[column].duplicated(), column].unique()
        findings = [
            _finding(f"{column} {name} is in {_named(part)}", part)
            for name, part in table[table[column].isin(torn)].groupby(column)
        ]
        total = table[column].nunique()
        if column == "group" and (table["group"] == table["image"]).all():
            name, statement = "groups in two splits", "Every image is a group of its own."
            checks.append(Check(name, statement, applicable=False))
        else:
            count = f"{len(findings):,} of" if findings else "None of"
            checks.append(
                Check(
                    f"{column}s in two splits",
                    f"{count} {total:,} {column}s {_be(findings)} in more than one split.",
                    findings,
                )
            )
    return checks


def audit(
    packs: Mapping[str, tuple[Path, pd.DataFrame]],
    images: pd.DataFrame,
    scratch: Path,
    workers: int = 1,
) -> tuple[list[Check], pd.DataFrame, pd.DataFrame]:
    """Audit a dataset.

    Parameters
    ----------
    packs, scratch, workers
        As `describe_packs` takes them.
    images : pandas.DataFrame
        Rows of `images.csv`; those of which no tile is packed are left out.

    Returns
    -------
    checks : list of Check
    pairs : pandas.DataFrame
        As `pairs_across` returns it.
    shares : pandas.DataFrame
        As `class_shares.table` returns it.
    """
    table = describe_packs(packs, scratch, workers)
    pairs = pairs_across(table, scratch, workers)
    shares = class_shares.table(table)
    used = images[images["image"].isin(table["image"])]
    checks = [
        *identical(table),
        *featureless(table),
        *near_duplicates(pairs, table),
        *spanning(table),
        *artefacts.check(used),
        *class_shares.check(shares, table),
    ]
    return checks, pairs, shares


def _pairs_of(
    tiles: pd.DataFrame, first: str, second: str, scratch: Path, workers: int
) -> pd.DataFrame:
    """Return all candidate pairs of two splits with their correlations."""
    rows = {name: tiles.loc[tiles["split"] == name].set_index("place") for name in (first, second)}
    turned, once = sorted(rows, key=lambda name: len(rows[name]))
    files = [scratch / f"{name}.npy" for name in (turned, once)]
    if not len(rows[turned]):
        found = pd.DataFrame(
            columns=["turned", "once", "angle", "distance", "correlation", "detail"]
        )
    else:
        places = [rows[name].index.to_numpy(np.int64) for name in (turned, once)]
        found = duplicates.candidates(files[0], places[0], files[1], places[1], scratch, workers)
        found = duplicates.confirm(*files, found, workers)
    sides = []
    for number, (name, column) in enumerate([(turned, "turned"), (once, "once")], start=1):
        side = rows[name].loc[found[column]].reset_index()
        sides.append(side[[*SIDES, "sha256"]].add_suffix(f"_{number}"))
    pairs = pd.concat(sides, axis=1)
    facts = found[["angle", "distance", "correlation", "detail"]].reset_index(drop=True)
    near = duplicates.alike(facts)
    pairs = pd.concat([pairs, facts], axis=1).assign(
        near_duplicate=near,
        identical=pairs["sha256_1"] == pairs["sha256_2"],
        same_group=pairs["group_1"] == pairs["group_2"],
    )
    return pairs.drop(columns=["sha256_1", "sha256_2"])


def _featureless_tiles(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a tile and split, featureless where none of its copies there is compared."""
    every = table.groupby(["split", "tile"])["featureless"].transform("all")
    return table.assign(featureless=every).drop_duplicates(["split", "tile"])


def _left_aside(number: int, kind: str) -> str:
    """Return a sentence to go after another; none of no tiles."""
    return (
        f" {number:,} {kind} tile{'s are' if number > 1 else ' is'} left aside." if number else ""
    )


def _finding(statement: str, rows: pd.DataFrame) -> Finding:
    rows = rows.drop_duplicates(["tile", "split"])
    return Finding(statement, *(rows[c].tolist() for c in ("tile", "image", "split", "class")))


def _named(rows: pd.DataFrame) -> str:
    return " and ".join(dict.fromkeys(rows["split"]))


def _sets(findings: Sequence[Finding], where: str) -> str:
    if not findings:
        return f"No two tiles are identical {where}."
    count = sum(len(finding.tiles) for finding in findings)
    return f"{count:,} tiles are identical {where}, in {len(findings):,} sets."


def _be(findings: Sequence[Finding]) -> str:
    return "are" if len(findings) != 1 else "is"
