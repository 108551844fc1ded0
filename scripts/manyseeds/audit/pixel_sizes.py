"""Whether all images are of one physical scale."""

import numpy as np
import pandas as pd

from manyseeds.audit.findings import EXAMPLES, Check, Finding

TOLERANCE = 0.01
"""By what share sizes may differ that count as one; metadata are rounded."""


def labels(sizes: pd.Series) -> pd.Series:
    """Return sizes of pixels as text, so that those within `TOLERANCE` have one label.

    Parameters
    ----------
    sizes : pandas.Series
        Of n images, in µm; nan where a file does not say it.

    Returns
    -------
    pandas.Series
        Such as "0.5 µm", the least of those that go together, or "unknown".
    """
    label_of, least = {}, None
    for size in np.unique(sizes.dropna()):
        if least is None or size > least * (1 + TOLERANCE):
            least = size
        label_of[size] = f"{least:g} µm"
    return sizes.map(label_of).fillna("unknown")


def check(images: pd.DataFrame, pixel_size: float | None = None) -> Check:
    """Return the check that pixels are as large in one image as in another.

    Parameters
    ----------
    images : pandas.DataFrame
        Rows of `images.csv`; image, class, pixel_size and pixel_height are used. A size is in µm,
        nan where the file does not say it.
    pixel_size : float, optional
        The size to which all were brought, in µm.
    """
    title = "one physical scale"
    if "pixel_size" not in images or images["pixel_size"].isna().all():
        statement = "No image says how large its pixels are."
        return Check(title, statement, applicable=False)
    sizes = images["pixel_size"]
    if pixel_size is not None:
        statement = f"All {len(images):,} images were brought to {pixel_size:g} µm a pixel."
        return Check(title, statement)
    oblong = images[(images["pixel_height"] / sizes - 1).abs() > TOLERANCE]
    low, high = sizes.min(), sizes.max()
    differ = len(set(labels(sizes.dropna()))) > 1
    findings = []
    if differ or sizes.isna().any():
        findings.append(_sizes_of_classes(images))
    if len(oblong):
        width, height = oblong[["pixel_size", "pixel_height"]].iloc[0]
        findings.append(
            Finding(
                f"{len(oblong):,} images have pixels that are not square (such as {width:g} x "
                f"{height:g} µm)",
                files=oblong["image"].head(EXAMPLES).tolist(),
            )
        )
    if not findings:
        statement = f"All {len(images):,} images have pixels of {low:g} µm."
        return Check(title, statement)
    unknown = int(sizes.isna().sum())
    statement = f"Pixels are {low:g}{f' to {high:g}' if differ else ''} µm wide"
    statement += f"; {unknown:,} of {len(images):,} images do not say it" if unknown else ""
    statement += f"; in {len(oblong):,} they are not square." if len(oblong) else "."
    return Check(title, f"{statement} The key `pixel_size` brings all to one scale.", findings)


def _sizes_of_classes(images: pd.DataFrame) -> Finding:
    """Name each class's sizes with their numbers of images, and an image of each."""
    parts, files, classes = [], [], []
    for label, part in images.assign(label=labels(images["pixel_size"])).groupby("class"):
        shown = part["label"].value_counts()
        named = [f"{size} ({number:,})" for size, number in shown.head(EXAMPLES).items()]
        more = [f"{len(shown) - EXAMPLES:,} more"] if len(shown) > EXAMPLES else []
        parts.append(f"{label}: {', '.join(named + more)}")
        first = part.groupby("label", sort=False)["image"].first().head(EXAMPLES)
        files += first.tolist()
        classes += [label] * len(first)
    return Finding(f"size of a pixel (images): {'; '.join(parts)}", files=files, classes=classes)
