"""Whether a file's outward properties tell its class."""

import numpy as np
import pandas as pd

from manyseeds.checks import EXAMPLES, Check, Finding

MARGIN = 0.05
"""By how much a property must tell the class better than guessing the commonest class does."""
PROPERTIES = {
    "size": "width and height",
    "bit_depth": "bit depth",
    "mode": "color mode",
    "pages": "number of pages",
    "format": "file format",
    "quality": "JPEG quality",
}
"""What a class may be told by that is no picture, and its name."""


def guessed_right(values: pd.Series, classes: pd.Series) -> int:
    """Return how many classes are guessed right from one property, leaving each one out.

    The guess for an image is the commonest class among the other images with its value; of
    equally common ones that which is commoner among all images, then the first by name. Where
    no other image has the value, all others are asked.

    Parameters
    ----------
    values, classes : pandas.Series
        Of n images, aligned.
    """
    codes, names = pd.factorize(classes, sort=True)
    total = np.bincount(codes, minlength=len(names))
    counts = pd.crosstab(values, codes).reindex(columns=range(len(names)), fill_value=0)
    right = 0
    for row in counts.to_numpy():
        for label in np.flatnonzero(row):
            others = row.copy()
            others[label] -= 1
            all_others = total.copy()
            all_others[label] -= 1
            if not others.any():
                others = all_others
            # The last key counts first; argmin of the names' order breaks what ties are left.
            best = np.lexsort((np.arange(len(names)), -all_others, -others))[0]
            right += int(row[label]) * (best == label)
    return int(right)


def check(images: pd.DataFrame) -> list[Check]:
    """Return a check a property of `PROPERTIES`.

    A finding is a property whose share guessed right (`guessed_right`) has a lower 95 %
    bound (exact binomial, Clopper & Pearson 1934) more than `MARGIN` above the share of the
    largest class.

    Parameters
    ----------
    images : pandas.DataFrame
        Rows of `images.csv` with columns image, class and the properties; those that are
        absent are not checked.
    """
    from scipy.stats import binomtest

    checks = []
    columns = images.assign(size=images["width"].astype(str) + " x " + images["height"].astype(str))
    chance = images["class"].value_counts(normalize=True).max()
    for column, name in PROPERTIES.items():
        title = f"class told by {name}"
        if column not in columns:
            checks.append(Check(title, "Not known of these images.", applicable=False))
            continue
        values = columns[column]
        if column == "quality" and not values.any():
            checks.append(Check(title, "No image is a JPEG.", applicable=False))
            continue
        if len(set(values)) == 1:
            statement = f"All {len(values):,} images have the same ({values.iloc[0]})."
            checks.append(Check(title, statement))
            continue
        right = guessed_right(values, columns["class"])
        low = binomtest(right, len(values)).proportion_ci(0.95).low
        statement = (
            f"{right / len(values):.1%} of classes are guessed right by it (at least {low:.1%}); "
            f"{chance:.1%} by the largest class alone."
        )
        findings = [_finding(column, columns, name)] if low > chance + MARGIN else []
        checks.append(Check(title, statement, findings))
    return checks


def _finding(column: str, images: pd.DataFrame, name: str) -> Finding:
    """Name each class's commonest value, with files that have it."""
    says, files, classes = [], [], []
    for label, part in images.groupby("class"):
        value = part[column].value_counts().index[0]
        having = part.loc[part[column] == value, "image"]
        says.append(f"{label}: {value} ({len(having):,} of {len(part):,})")
        files += having.head(EXAMPLES).tolist()
        classes += [label] * min(EXAMPLES, len(having))
    return Finding(f"commonest {name}: {'; '.join(says)}", files=files, classes=classes)
