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
ORDERED = {
    "size": {
        "area": lambda images: images["width"] * images["height"],
        "aspect ratio": lambda images: images["width"] / images["height"],
    },
    "quality": {"JPEG quality": lambda images: images["quality"]},
}
"""What of a property has an order, so that near values may tell a class as equal ones do."""
NEIGHBOURS = 5
"""Images on each side, by value, from which a class is guessed."""


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
    counts = _counted(values, classes)
    return _guessed_right(counts, counts)


def guessed_right_by_rank(values: pd.Series, classes: pd.Series) -> int:
    """Return how many classes are guessed right from near values, leaving each one out.

    The guess for an image is the commonest class among the `NEIGHBOURS` others next below its
    value and as many next above, ties as in `guessed_right`. Equal values stand both below and
    above; where some of several equal ones are among the nearest, all are.

    Parameters
    ----------
    values, classes : pandas.Series
        Of n images, aligned; the values are numbers.
    """
    counts = _counted(values, classes)
    ends = np.concatenate([[0], np.cumsum(counts.sum(axis=1))])
    # One more than the neighbours on each side: the image itself is left out later.
    first = np.searchsorted(ends, ends[1:] - NEIGHBOURS - 1, "right") - 1
    last = np.searchsorted(ends, ends[:-1] + NEIGHBOURS + 1)
    sums = np.concatenate([np.zeros_like(counts[:1]), np.cumsum(counts, axis=0)])
    near = sums[last.clip(max=len(counts))] - sums[first.clip(min=0)]
    return _guessed_right(counts, near)


def check(images: pd.DataFrame) -> list[Check]:
    """Return a check a property of `PROPERTIES`.

    A class is guessed from equal values (`guessed_right`) and, where they have an order, from
    near ones (`guessed_right_by_rank`, of what `ORDERED` lists). A finding is a property of
    which the best guess's share of right ones has a lower 95 % bound (exact binomial, Clopper &
    Pearson 1934; Bonferroni's correction for the number of guesses) more than `MARGIN` above the
    share of the largest class.

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
        right, way = guessed_right(values, columns["class"]), "equal values"
        finding = _commonest(column, columns, name)
        ordered = ORDERED.get(column, {})
        for ordered_name, of in ordered.items():
            numbers = of(images)
            by_rank = guessed_right_by_rank(numbers, columns["class"])
            if by_rank > right:
                right, way = by_rank, f"the nearest by {ordered_name}"
                finding = _ranges(numbers, columns, ordered_name)
        low = binomtest(right, len(values)).proportion_ci(1 - 0.05 / (1 + len(ordered))).low
        statement = (
            f"{right / len(values):.1%} of classes are guessed right from {way} (at least "
            f"{low:.1%}); {chance:.1%} by the largest class alone."
        )
        checks.append(Check(title, statement, [finding] if low > chance + MARGIN else []))
    return checks


def _counted(values: pd.Series, classes: pd.Series) -> np.ndarray:
    """Return the numbers of images by value and class, both sorted."""
    codes, names = pd.factorize(classes, sort=True)
    counts = pd.crosstab(values.to_numpy(), codes)
    return counts.reindex(columns=range(len(names)), fill_value=0).to_numpy()


def _guessed_right(counts: np.ndarray, near: np.ndarray) -> int:
    """Return how many guesses are right, by the classes of the images near each value.

    Parameters
    ----------
    counts : numpy.ndarray
        Images by value and class.
    near : numpy.ndarray
        The same of the images from which a class is guessed; the image itself is among them.
    """
    total = counts.sum(axis=0)
    right = 0
    for row, around in zip(counts, near, strict=True):
        for label in np.flatnonzero(row):
            others = around.copy()
            others[label] -= 1
            all_others = total.copy()
            all_others[label] -= 1
            if not others.any():
                others = all_others
            # The last key counts first; the order of the names breaks what ties are left.
            best = np.lexsort((np.arange(len(total)), -all_others, -others))[0]
            right += int(row[label]) * (best == label)
    return int(right)


def _commonest(column: str, images: pd.DataFrame, name: str) -> Finding:
    """Name each class's commonest value, with files that have it."""
    says, files, classes = [], [], []
    for label, part in images.groupby("class"):
        value = part[column].value_counts().index[0]
        having = part.loc[part[column] == value, "image"]
        says.append(f"{label}: {value} ({len(having):,} of {len(part):,})")
        files += having.head(EXAMPLES).tolist()
        classes += [label] * min(EXAMPLES, len(having))
    return Finding(f"commonest {name}: {'; '.join(says)}", files=files, classes=classes)


def _ranges(values: pd.Series, images: pd.DataFrame, name: str) -> Finding:
    """Name each class's least, median and largest value, with files next to the median."""
    says, files, classes = [], [], []
    for label, part in images.assign(value=values).groupby("class"):
        middle = part["value"].median()
        says.append(f"{label}: {part['value'].min():g} to {part['value'].max():g} ({middle:g})")
        nearest = (part["value"] - middle).abs().sort_values(kind="stable").index[:EXAMPLES]
        files += part.loc[nearest, "image"].tolist()
        classes += [label] * len(nearest)
    return Finding(f"{name}, range (median): {'; '.join(says)}", files=files, classes=classes)
