"""Putting pictures upright, as the tag "orientation" of TIFF and EXIF says."""

import numpy as np

ORIENTATION = 274
"""The code of the tag."""
_UPRIGHT = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.swapaxes(0, 1),
    6: lambda a: a.swapaxes(0, 1)[:, ::-1],
    7: lambda a: a.swapaxes(0, 1)[::-1, ::-1],
    8: lambda a: a.swapaxes(0, 1)[::-1],
}


def upright(array: np.ndarray, orientation: int) -> np.ndarray:
    """Return a picture (height, width, ...) upright.

    Parameters
    ----------
    array : numpy.ndarray
        As stored.
    orientation : int
        From 1, upright already, to 8; other numbers say nothing.
    """
    return _UPRIGHT.get(orientation, _UPRIGHT[1])(array)
