"""Rows of `images.csv` for images that a test writes."""

from manyseeds.images import reading


def facts_of(path, selection=None):
    """Return what `images.csv` says of a file with one image, but for sizes it does not know."""
    (facts,) = reading.inspect(path, selection)
    # A number that is not known is unequal to itself.
    return {key: value for key, value in facts.items() if value == value and key != "name"}


def image_row(folder, name, **columns):
    """Return a row for an image of one position in a folder."""
    (facts,) = reading.inspect(folder / name)
    row = {"image": name, "file": name, "class": "a", "group": name, "split": "", "angle": 0.0}
    return row | facts | columns
