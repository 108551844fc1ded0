"""Reading the tidy tables that pass from stage to stage."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from manyseeds.errors import InputError

NAMES = ("dataset", "architecture", "tile", "image", "class", "group", "split", "mode", "format")
NAMES += ("sha256", "reason")
NAMES += ("check", "statement", "tiles", "files", "splits", "classes")
NAMES += tuple(f"{name}_{side}" for name in NAMES[2:7] for side in (1, 2))
"""Columns that hold names, also where a name looks like a number or like a missing value."""


def read(path: Path | str) -> pd.DataFrame:
    """Read a CSV table of images or tiles.

    Names stay text as written: a class "007" is not seven, and one called "NA" is not missing.
    """
    return pd.read_csv(path, dtype=dict.fromkeys(NAMES, str), keep_default_na=False)


def of_classes(table: pd.DataFrame, classes: Sequence[str] | None) -> pd.DataFrame:
    """Return the rows of some classes, or all if None, indexed anew.

    Raises
    ------
    InputError
        A class has no row.
    """
    if classes is None:
        return table.reset_index(drop=True)
    found = set(table["class"])
    missing = [name for name in classes if name not in found]
    if missing:
        raise InputError(
            f"classes: {missing[0]!r} is not in the dataset, which has "
            f"{', '.join(sorted(found))}. Choose from these."
        )
    return table[table["class"].isin(classes)].reset_index(drop=True)
