"""Reading the tidy tables that pass from stage to stage."""

from pathlib import Path

import pandas as pd

NAMES = ("dataset", "architecture", "tile", "image", "class", "group", "split", "mode", "sha256")
NAMES += ("check", "statement", "tiles", "files", "splits", "classes")
NAMES += tuple(f"{name}_{side}" for name in NAMES[2:7] for side in (1, 2))
"""Columns that hold names, also where a name looks like a number or like a missing value."""


def read(path: Path | str) -> pd.DataFrame:
    """Read a CSV table of images or tiles.

    Names stay text as written: a class "007" is not seven, and one called "NA" is not missing.
    """
    return pd.read_csv(path, dtype=dict.fromkeys(NAMES, str), keep_default_na=False)
