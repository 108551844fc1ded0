"""What the images of a dataset hold, in words for the terminal."""

from collections.abc import Iterator

import pandas as pd


def lines(images: pd.DataFrame) -> Iterator[str]:
    """Yield lines that say what the images hold, and what of that is not used.

    Parameters
    ----------
    images : pandas.DataFrame
        Rows of `images.csv`.

    Yields
    ------
    str
        One line for each kind of image there is, the commonest first, and one for each kind of
        which channels, z-planes, frames or pages are left out although the study does not say so.
    """
    described = pd.DataFrame(
        {
            "shape": images["width"].astype(str) + " x " + images["height"].astype(str) + " pixels",
            "depth": images["bit_depth"].astype(str) + " bits (" + images["dtype"] + ")",
            "planes": images["planes"],
            "channels": images["channels"].map(lambda names: f"named {names}" if names else ""),
            "scale": images["pixel_size"].map(lambda size: f"{size:g} µm a pixel", "ignore"),
            "format": images["format"],
        }
    ).fillna("")
    kinds = described.value_counts()
    for kind, count in kinds.head(5).items():
        many = "images" if count > 1 else "image"
        yield f"{count:,} {many} of {', '.join(filter(None, kind))}"
    if len(kinds) > 5:
        yield f"{kinds.iloc[5:].sum():,} images of {len(kinds) - 5:,} more kinds, see images.csv"
    for unused, part in images[images["unused"] != ""].groupby("unused", sort=False):
        many = "images have" if len(part) > 1 else "image has"
        yield (
            f"{len(part):,} {many} {unused}; only the first is used of each. Say which with the "
            f"keys `channels`, `z` and `time`, or `pages` (such as {part['image'].iloc[0]})"
        )
