"""Reading the tidy tables that pass from stage to stage."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from manyseeds.errors import InputError

OF_TILES = ("tile", "image", "class", "group", "split")
"""Columns of names of a tile. A pair of tiles has each of them twice."""
NAMES: tuple[str, ...] = (
    "dataset", "architecture", *OF_TILES, "file", "position_name", "dtype", "planes",
    "unused", "channels", "mode", "color_table", "format", "sha256", "reason",
    "check", "statement", "tiles", "files", "splits", "classes",
    *(f"{name}_{side}" for name in OF_TILES for side in (1, 2)),
)  # fmt: skip
"""Columns that hold names. A name may look like a number, or like a missing value."""
LIMITS = tuple(f"{mean}{limit}" for mean in ("", "honest_", "leaky_", "difference_")
               for limit in ("low", "high"))  # fmt: skip
"""Limits of intervals: columns of numbers that are empty if there is only one seed."""
SIZES = ("pixel_size", "pixel_height")
"""Columns of numbers that are empty where a file does not say them."""


def read(path: Path | str) -> pd.DataFrame:
    """Read a CSV table.

    Names stay text as written: a class "007" is not seven, and one called "NA" is not missing.
    Limits of intervals and sizes of pixels that are empty are nan.
    """
    return pd.read_csv(
        path,
        dtype=dict.fromkeys(NAMES, str),
        keep_default_na=False,
        na_values=dict.fromkeys((*LIMITS, *SIZES), ""),
    )


def of_classes(table: pd.DataFrame, classes: Sequence[str] | None) -> pd.DataFrame:
    """Return the rows of some classes, or all if None, indexed from 0.

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
