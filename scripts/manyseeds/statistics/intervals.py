"""Means over seeds and their intervals.

The observations are seeds. Each is one network, trained from its own initial weights on its own
order of images, and scored on the same test images. So the intervals cover the variation over
seeds. They say nothing of how accuracy would change with other test images or another split,
however many seeds are trained.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats


class Interval(NamedTuple):
    """A mean and its confidence interval, in the unit of the values."""

    mean: float
    low: float
    high: float
    n: int


def mean_interval(values: Sequence[float] | np.ndarray, confidence: float = 0.95) -> Interval:
    """Return the mean of some seeds' values with Student's t interval of that mean.

    The interval is ``mean ± t · s / √n``, with ``s`` the sample standard deviation (``n - 1`` in
    the denominator) and ``t`` the quantile of Student's t with ``n - 1`` degrees of freedom. It
    covers the variation over seeds, not over test images. It is not clipped: the interval of an
    accuracy near 1 may end above 1.

    Parameters
    ----------
    values : sequence of float
        One value a seed, shape (n,), for example test accuracies as fractions 0–1.
    confidence : float
        Coverage of the interval, above 0 and below 1.

    Returns
    -------
    Interval
        ``(mean, low, high, n)``. With n = 1 ``low`` and ``high`` are nan, since one seed has no
        spread.

    Raises
    ------
    ValueError
        If there is no value, one is not finite, or `confidence` is outside (0, 1).

    References
    ----------
    Student (1908), The probable error of a mean, Biometrika 6, 1–25.
    """
    values = np.asarray(values, dtype=float).ravel()
    if values.size == 0:
        raise ValueError("mean_interval needs at least one value.")
    if not np.isfinite(values).all():
        raise ValueError("mean_interval needs finite values: a run that failed has no mean.")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is a fraction between 0 and 1, not {confidence}.")
    n = values.size
    mean = float(values.mean())
    if n == 1:
        return Interval(mean, float("nan"), float("nan"), 1)
    half = stats.t.ppf((1 + confidence) / 2, df=n - 1) * values.std(ddof=1) / np.sqrt(n)
    return Interval(mean, float(mean - half), float(mean + half), n)


def paired_difference(before: pd.Series, after: pd.Series, confidence: float = 0.95) -> Interval:
    """Return the mean of ``after - before`` over the seeds that both have, with its interval.

    It is Student's t interval of the differences, seed by seed, as of a paired t test. What the two
    runs of a seed share, such as initial weights, cancels.

    Parameters
    ----------
    before, after : pandas.Series
        One value a seed, indexed by seed.
    confidence : float
        Coverage of the interval, above 0 and below 1.

    Raises
    ------
    ValueError
        As `mean_interval`; no seed is in both.
    """
    return mean_interval((after - before).dropna(), confidence)


def summarise(
    frame: pd.DataFrame, by: Sequence[str], value: str, confidence: float = 0.95
) -> pd.DataFrame:
    """Return one row a group: the mean of a column over seeds, its interval and n.

    Parameters
    ----------
    frame : pandas.DataFrame
        Tidy: one row a seed within each group.
    by : sequence of str
        Columns that make the groups, for example ``["dataset", "architecture"]``.
    value : str
        The column to average, for example ``"accuracy"``.
    confidence : float
        Coverage of the interval over seeds, see `mean_interval`.

    Returns
    -------
    pandas.DataFrame
        Columns: those of `by`, then mean, low, high, n; rows sorted by `by`. ``low`` and
        ``high`` are nan where n = 1.
    """
    by = list(by)
    rows = [
        (*key, *mean_interval(values, confidence))
        for key, values in frame.groupby(by, observed=True)[value]
    ]
    return pd.DataFrame(rows, columns=[*by, *Interval._fields])
