"""Whether a file's outward properties tell its class."""

import numpy as np
import pandas as pd

from manyseeds.audit import pixel_sizes
from manyseeds.audit.findings import EXAMPLES, Check, Finding

MARGIN = 0.05
"""By how much a property must tell the class better than guessing the commonest class does."""
PROPERTIES = {
    "size": "width and height",
    "bit_depth": "bit depth",
    "mode": "color mode",
    "color_table": "color table",
    "pixel_size": "pixel size",
    "pages": "number of pages",
    "format": "file format",
    "quality": "JPEG quality",
}
"""Properties that may tell a class although they are no part of the picture, with their names."""
ORDERED = {
    "size": {
        "area": lambda images: images["width"] * images["height"],
        "aspect ratio": lambda images: images["width"] / images["height"],
    },
    "quality": {"JPEG quality": lambda images: images["quality"]},
}
"""Numbers of a property, which have an order: near ones may tell a class as equal ones do."""
SHOWN = {
    # A table of one hue is undone, so that no network sees it.
    "color_table": lambda tables: tables.where(~tables.str.fullmatch("|gray|#.*"), "none"),
    "pixel_size": pixel_sizes.labels,
}
"""What is compared of a property, where that is not what stands in `images.csv`."""
NEIGHBOURS = 5
"""Images on each side, by value, from which a class is guessed."""


def guessed_right(values: pd.Series, classes: pd.Series) -> int:
    """Return how many classes are guessed right from one property, leaving each one out.

    The guess for an image is the commonest class among the other images with its value. Of
    equally common classes it is the one that is commoner among all images, then the first by name.
    If no other image has the value, the guess is the commonest class of all others.

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
    value and as many next above. Ties are broken as in `guessed_right`. Equal values stand both
    below and above. If some of several equal values are among the nearest, all of them are.

    Parameters
    ----------
    values, classes : pandas.Series
        Of n images, aligned; the values are numbers.
    """
    counts = _counted(values, classes)
    ends = np.concatenate([[0], np.cumsum(counts.sum(axis=1))])
    # One more than the neighbours on each side, since the image itself is left out later.
    first = np.searchsorted(ends, ends[1:] - NEIGHBOURS - 1, "right") - 1
    last = np.searchsorted(ends, ends[:-1] + NEIGHBOURS + 1)
    sums = np.concatenate([np.zeros_like(counts[:1]), np.cumsum(counts, axis=0)])
    nearby = sums[last.clip(max=len(counts))] - sums[first.clip(min=0)]
    return _guessed_right(counts, nearby)


def check(images: pd.DataFrame) -> list[Check]:
    """Return a check for each property of `PROPERTIES`.

    A class is guessed from equal values (`guessed_right`) and, for what `ORDERED` lists, from near
    ones (`guessed_right_by_rank`). The better guess counts. A property is a finding if the lower
    95 % bound of the share of right guesses is more than `MARGIN` above the share of the largest
    class. The bound is exact binomial (Clopper & Pearson 1934), with Bonferroni's correction for
    the number of guesses.

    Parameters
    ----------
    images : pandas.DataFrame
        Rows of `images.csv` with columns image, class and the properties. A property whose column
        is absent is not checked.
    """
    from scipy.stats import binomtest

    checks = []
    columns = images.assign(size=images["width"].astype(str) + " x " + images["height"].astype(str))
    for column, shown in SHOWN.items():
        if column in columns:
            columns[column] = shown(columns[column])
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
        right, source = guessed_right(values, columns["class"]), "equal values"
        finding = _commonest(column, columns, name)
        ordered = ORDERED.get(column, {})
        for ordered_name, numbers_of in ordered.items():
            numbers = numbers_of(images)
            by_rank = guessed_right_by_rank(numbers, columns["class"])
            if by_rank > right:
                right, source = by_rank, f"the nearest by {ordered_name}"
                finding = _ranges(numbers, columns, ordered_name)
        low = binomtest(right, len(values)).proportion_ci(1 - 0.05 / (1 + len(ordered))).low
        statement = (
            f"{right / len(values):.1%} of classes are guessed right from {source} (at least "
            f"{low:.1%}); {chance:.1%} by the largest class alone."
        )
        checks.append(Check(title, statement, [finding] if low > chance + MARGIN else []))
    return checks


def _counted(values: pd.Series, classes: pd.Series) -> np.ndarray:
    """Return the numbers of images by value and class, both sorted."""
    codes, names = pd.factorize(classes, sort=True)
    counts = pd.crosstab(values.to_numpy(), codes)
    return counts.reindex(columns=range(len(names)), fill_value=0).to_numpy()


def _guessed_right(counts: np.ndarray, nearby: np.ndarray) -> int:
    """Return how many guesses are right, by the classes of the images near each value.

    Parameters
    ----------
    counts : numpy.ndarray
        Images by value and class.
    nearby : numpy.ndarray
        The same of the images from which a class is guessed; the image itself is among them.
    """
    total = counts.sum(axis=0)
    right = 0
    for row, around in zip(counts, nearby, strict=True):
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
    parts, files, classes = [], [], []
    for label, part in images.groupby("class"):
        value = part[column].value_counts().index[0]
        having = part.loc[part[column] == value, "image"]
        parts.append(f"{label}: {value} ({len(having):,} of {len(part):,})")
        files += having.head(EXAMPLES).tolist()
        classes += [label] * min(EXAMPLES, len(having))
    return Finding(f"commonest {name}: {'; '.join(parts)}", files=files, classes=classes)


def _ranges(values: pd.Series, images: pd.DataFrame, name: str) -> Finding:
    """Name each class's least, median and largest value, with files next to the median."""
    parts, files, classes = [], [], []
    for label, part in images.assign(value=values).groupby("class"):
        middle = part["value"].median()
        parts.append(f"{label}: {part['value'].min():g} to {part['value'].max():g} ({middle:g})")
        nearest = (part["value"] - middle).abs().sort_values(kind="stable").index[:EXAMPLES]
        files += part.loc[nearest, "image"].tolist()
        classes += [label] * len(nearest)
    return Finding(f"{name}, range (median): {'; '.join(parts)}", files=files, classes=classes)
