"""Whether all images are of one physical scale."""

import numpy as np
import pandas as pd

from manyseeds.audit.findings import EXAMPLES, Check, Finding

TOLERANCE = 0.01
"""By what share sizes may differ that count as one; metadata are rounded."""


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
    differ = bool(high > low * (1 + TOLERANCE))
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
    statement = (
        f"Pixels are {low:g} to {high:g} µm wide"
        if differ
        else f"Pixels are {low:g} µm wide where the file says it"
    )
    statement += f"; {unknown:,} of {len(images):,} images do not say it." if unknown else "."
    return Check(title, f"{statement} The key `pixel_size` brings all to one scale.", findings)


def _sizes_of_classes(images: pd.DataFrame) -> Finding:
    """Name each class's sizes with their numbers of images, and an image of each."""
    parts, files, classes = [], [], []
    for label, part in images.groupby("class"):
        rounded = part["pixel_size"].map(lambda size: "unknown" if np.isnan(size) else f"{size:g}")
        counts = rounded.value_counts()
        parts.append(f"{label}: " + ", ".join(f"{size} ({n:,})" for size, n in counts.items()))
        first = part.groupby(rounded, sort=False)["image"].first().head(EXAMPLES)
        files += first.tolist()
        classes += [label] * len(first)
    return Finding(f"µm a pixel (images): {'; '.join(parts)}", files=files, classes=classes)
