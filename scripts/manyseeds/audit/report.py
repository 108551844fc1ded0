"""The leakage audit: whether the splits of a dataset can be trusted.

Each check looks at one way in which a test accuracy comes to mean less than it seems. docs/audit.md
has the thresholds.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from manyseeds.audit import class_shares, file_properties, pixel_sizes, thumbnails
from manyseeds.audit.findings import EXAMPLES, Check, Finding
from manyseeds.audit.pairs import pairs_across

FEATURELESS = 0.2
"""Largest share of a split's tiles that may be left out of the search for near-duplicates."""


def describe_packs(
    packs: Mapping[str, tuple[Path, pd.DataFrame]], scratch: Path, workers: int = 1
) -> pd.DataFrame:
    """Return the indices of a dataset's packs as one table, with what `thumbnails` tells.

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
        described = thumbnails.describe(npy, scratch / f"{split}.npy", workers)
        parts.append(index.assign(place=np.arange(len(index)), **described))
    table = pd.concat(parts, ignore_index=True)
    return table.assign(featureless=table["contrast"] < thumbnails.CONTRAST)


def identical(table: pd.DataFrame) -> list[Check]:
    """Return the checks of tiles with the same pixels: within a split, across, mislabelled.

    Copies of one tile within a split, rotated or not, count as one. All pixels of a constant tile
    are equal. Such tiles are the same trivially: the statement counts them, and they are not
    compared.

    Parameters
    ----------
    table : pandas.DataFrame
        As `describe_packs` returns it.
    """
    # A constant tile that was rotated may have a black frame and be constant no more.
    constant = table.groupby(["split", "tile"])["constant"].transform("any")
    units = table[~constant].drop_duplicates(["sha256", "split", "tile"])
    same = units[units["sha256"].duplicated(keep=False)]
    within, across, contradictory = [], [], []
    for _, group in same.groupby("sha256", sort=False):
        for split, part in group.groupby("split", sort=False):
            if len(part) > 1:
                within.append(_finding_about(f"{len(part)} identical tiles in {split}", part))
        if len(set(group["split"])) > 1:
            statement = f"{len(group)} identical tiles in {_split_names(group)}"
            across.append(_finding_about(statement, group))
        classes = sorted(set(group["class"]))
        if len(classes) > 1:
            statement = f"{len(group)} identical tiles of the classes {', '.join(classes)}"
            contradictory.append(_finding_about(statement, group))
    blank = table[constant].drop_duplicates(["split", "tile"])
    aside = _left_aside(len(blank), "constant")
    some, several = len(units) > 0, len(set(units["split"])) > 1
    return [
        Check(name, _number_identical(found, where) + aside, found, applicable)
        for name, where, found, applicable in (
            ("identical within a split", "within a split", within, some),
            ("identical across splits", "across splits", across, several),
            ("identical, classes differ", "of different classes", contradictory, some),
        )
    ]


def featureless(table: pd.DataFrame) -> list[Check]:
    """Return the check of tiles that are too even to be compared with others.

    A finding is a split with a larger share of such tiles than `FEATURELESS`.

    Parameters
    ----------
    table : pandas.DataFrame
        As `describe_packs` returns it.
    """
    tiles = _featureless_tiles(table)
    findings, shares = [], []
    for split, part in tiles.groupby("split", sort=False):
        even = part[part["featureless"]]
        shares.append(f"{len(even) / len(part):.1%} in {split}")
        if len(even) > FEATURELESS * len(part):
            statement = f"{len(even):,} of {len(part):,} tiles of {split} are featureless"
            examples = even.drop_duplicates("image").head(EXAMPLES)
            findings.append(_finding_about(statement, examples))
    statement = (
        f"Tiles too even for the search for near-duplicates: {', '.join(shares)} (up to "
        f"{FEATURELESS:.0%} is no finding)."
    )
    if findings:
        statement += " If they are not empty but dim, give the dataset another `scale`."
    return [Check("featureless tiles", statement, findings)]


def near_duplicates(pairs: pd.DataFrame, table: pd.DataFrame) -> list[Check]:
    """Return the check of near-duplicates across splits, identical tiles among them.

    If all tiles of a split are featureless, the check does not apply, unless the other splits have
    near-duplicates.

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
        statement = "No two tiles across splits look the same."
        if even.any():
            statement = f"All tiles of {' and '.join(even.index[even])} are featureless."
        closest = f" The closest correlate {pairs['correlation'].max():.2f}." if len(pairs) else ""
        statement += closest + aside
        return [Check("near-duplicates", statement, applicable=not even.any())]
    parts = []
    for split in [name for name in table["split"].unique() if name != "train"]:
        twins = {*found.loc[found["split_1"] == split, "tile_1"]}
        twins |= {*found.loc[found["split_2"] == split, "tile_2"]}
        total = table.loc[table["split"] == split, "tile"].nunique()
        parts.append(f"{len(twins):,} of {total:,} tiles of {split} ({len(twins) / total:.2%})")
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
        divided = splits.loc[splits[column].duplicated(), column].unique()
        findings = [
            _finding_about(f"{column} {name} is in {_split_names(part)}", part)
            for name, part in table[table[column].isin(divided)].groupby(column)
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
                    f"{count} {total:,} {column}s {_is_or_are(findings)} in more than one split.",
                    findings,
                )
            )
    return checks


def audit(
    packs: Mapping[str, tuple[Path, pd.DataFrame]],
    images: pd.DataFrame,
    scratch: Path,
    workers: int = 1,
    pixel_size: float | None = None,
) -> tuple[list[Check], pd.DataFrame, pd.DataFrame]:
    """Audit a dataset.

    Parameters
    ----------
    packs, scratch, workers
        As `describe_packs` takes them.
    images : pandas.DataFrame
        Rows of `images.csv`; those of which no tile is packed are left out.
    pixel_size : float, optional
        The size to which all pixels were brought, in µm.

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
        pixel_sizes.check(used, pixel_size),
        *file_properties.check(used),
        *class_shares.check(shares, table),
    ]
    return checks, pairs, shares


def _featureless_tiles(table: pd.DataFrame) -> pd.DataFrame:
    """Return a row a tile and split, featureless if all of its copies there are."""
    all_copies = table.groupby(["split", "tile"])["featureless"].transform("all")
    return table.assign(featureless=all_copies).drop_duplicates(["split", "tile"])


def _left_aside(number: int, kind: str) -> str:
    """Return a sentence on tiles that are not compared, to follow another; "" of no tiles."""
    return (
        f" {number:,} {kind} tile{'s are' if number > 1 else ' is'} left aside." if number else ""
    )


def _finding_about(statement: str, rows: pd.DataFrame) -> Finding:
    """Return a finding with the tiles of some rows, each once a split."""
    rows = rows.drop_duplicates(["tile", "split"])
    return Finding(statement, *(rows[c].tolist() for c in ("tile", "image", "split", "class")))


def _split_names(rows: pd.DataFrame) -> str:
    return " and ".join(dict.fromkeys(rows["split"]))


def _number_identical(findings: Sequence[Finding], where: str) -> str:
    """Return a sentence on how many tiles are identical, in how many sets."""
    if not findings:
        return f"No two tiles are identical {where}."
    count = sum(len(finding.tiles) for finding in findings)
    return f"{count:,} tiles are identical {where}, in {len(findings):,} sets."


def _is_or_are(findings: Sequence[Finding]) -> str:
    return "are" if len(findings) != 1 else "is"
