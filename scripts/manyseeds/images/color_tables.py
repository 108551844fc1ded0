"""Color tables: the palettes of indexed images."""

import hashlib

import numpy as np

GRAY = "gray"


def described(table: np.ndarray) -> str:
    """Return what a color table is, so that equal tables have equal descriptions.

    Parameters
    ----------
    table : numpy.ndarray
        (n, 3), uint8 red, green and blue.

    Returns
    -------
    str
        "gray" if the table changes no value; the color of the brightest value, such as
        "#00ff00", if it shows gray values in one hue, as a lookup table of Fiji does; else the
        beginning of a digest.
    """
    hue = _hue(table)
    if hue is None:
        return hashlib.sha256(table.tobytes()).hexdigest()[:8]
    return GRAY if hue == (255, 255, 255) else "#" + bytes(hue).hex()


def applied(indices: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return the picture of an indexed image.

    A table that shows gray values in one hue is undone: the values beneath are what was measured.

    Parameters
    ----------
    indices : numpy.ndarray
        (height, width), uint8.
    table : numpy.ndarray
        (n, 3), uint8.

    Returns
    -------
    numpy.ndarray
        uint8, (height, width) of gray values or (height, width, 3) of colors.

    Raises
    ------
    IndexError
        An index is beyond the table.
    """
    return indices if _hue(table) is not None else table[indices]


def is_gray(table: np.ndarray) -> bool:
    """Return whether a table shows gray values in one hue, white included."""
    return _hue(table) is not None


def _hue(table: np.ndarray) -> tuple[int, int, int] | None:
    """Return the color in which a table shows the gray value 255, or None if it is no such table.

    Each of its channels rises evenly from 0, but for rounding.
    """
    if len(table) != 256:
        return None
    top = table[-1].astype(int)
    if not top.any():
        return None
    even = np.arange(256)[:, None] * top / 255
    if np.abs(table - even).max() > 1:
        return None
    return (int(top[0]), int(top[1]), int(top[2]))
