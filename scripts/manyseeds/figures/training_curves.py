"""Training accuracy by epoch."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import plotnine as p9

from manyseeds.figures.style import (
    DOUBLE_COLUMN,
    JITTER_SEED,
    LONG,
    MANY,
    SINGLE_COLUMN,
    accuracy_breaks,
    palette,
    percent_labels,
    shapes,
    theme,
    wrapped_label,
)

LOESS_EPOCHS = 5
"""Fewest epochs that `training_curves` smooths. A local quadratic has three coefficients and
gives the furthest epoch no weight: over fewer epochs it would only join the means, with bends
of its own between them."""
LOESS_SPAN = 0.2
"""Smallest share of a curve's points that a local fit uses; see `loess_span`."""
CURVE = ["dataset", "architecture"]
"""Columns that tell the curves of `training_curves` apart."""


def training_curves(
    histories: pd.DataFrame,
    labels: Mapping[str, str] | None = None,
) -> p9.ggplot:
    """Return training accuracy by epoch: runs as points, a loess smooth and its band.

    Architectures stand in the order in which they appear in `histories`, each in a panel with a
    curve a dataset. Of more than `MANY` each has a panel, with a curve an architecture.

    The smooth is a local quadratic of the span that `loess_span` gives, the band its
    pointwise 95 % interval, which takes the points as independent though a seed's epochs
    are not. A local quadratic overshoots where accuracy levels off at 100 %, so smooth and
    band are cut to what an accuracy can be, 0–1. Where any curve has fewer than
    `LOESS_EPOCHS` epochs or fewer than two seeds, all are drawn as lines through the means
    over seeds instead, without a band.

    Parameters
    ----------
    histories : pandas.DataFrame
        Columns dataset, architecture, seed, epoch (from 1), train_accuracy (fraction): one
        row a seed and epoch.
    labels : mapping of str to str, optional
        What to call the datasets in the legend, by name.

    Raises
    ------
    ValueError
        If `histories` is empty.
    """
    if histories.empty:
        raise ValueError("training_curves needs at least one epoch of one seed.")
    in_order = pd.CategoricalDtype(histories["architecture"].unique())
    # plotnine smooths between whole numbers only when they are floats.
    histories = histories.astype({"epoch": float, "architecture": in_order})
    many = histories["dataset"].nunique() > MANY
    panel, hue = ("dataset", "architecture") if many else ("architecture", "dataset")
    colors = palette(histories[hue])
    names = {name: (labels or {}).get(name, name) for name in histories["dataset"].unique()}
    names |= {name: name for name in histories["architecture"].unique()}
    legend = {name: wrapped_label(names[name], letters=2 * LONG) for name in colors}
    # plotnine takes a function, too, which its types do not say.
    labeller: Any = lambda name: wrapped_label(names[name])  # noqa: E731
    bottom = _lower_limit(histories["train_accuracy"])
    panels = histories[panel].nunique()
    columns = min(panels, 4 if many else 3)
    rows = -(-panels // columns)
    return (
        p9.ggplot(histories, p9.aes("epoch", "train_accuracy", color=hue, fill=hue))
        + p9.geom_point(
            p9.aes(shape=hue),
            position=p9.position_jitter(width=0.15, height=0, random_state=JITTER_SEED),
            size=1.0, alpha=0.35, stroke=0.2,
        )
        + _smooth_or_means(histories)
        + p9.facet_wrap(panel, ncol=columns, labeller=labeller)
        + p9.scale_color_manual(colors, labels=legend)
        + p9.scale_fill_manual(colors, labels=legend)
        + p9.scale_shape_manual(shapes(colors), labels=legend)
        + p9.scale_x_continuous(
            breaks=_epoch_breaks(histories["epoch"], most=6 if many else 12),
            limits=(histories["epoch"].min() - 0.4, histories["epoch"].max() + 0.4),
            expand=(0, 0),
        )
        + p9.scale_y_continuous(labels=percent_labels, breaks=accuracy_breaks(bottom))
        + p9.coord_cartesian(ylim=(bottom, 1.0))
        + p9.labs(x="Epoch", y="Training accuracy (%)")
        + theme(
            DOUBLE_COLUMN if columns > 1 else SINGLE_COLUMN, 0.8 + (1.4 if many else 2.2) * rows
        )
    )  # fmt: skip


def is_smoothed(histories: pd.DataFrame) -> bool:
    """Return whether `training_curves` draws loess smooths, or lines through the means.

    Every curve must have at least `LOESS_EPOCHS` epochs, and two seeds at each: over one
    seed loess has no degrees of freedom left for a band.
    """
    seeds = histories.groupby([*CURVE, "epoch"], observed=True).size()
    return _fewest_epochs(histories) >= LOESS_EPOCHS and bool(seeds.min() >= 2)


def loess_span(histories: pd.DataFrame) -> float:
    """Return the share of a curve's points that each local fit of `training_curves` uses.

    About five epochs (0.6 of the essays' nine), or a fifth of longer runs: the usual 0.75
    smooths away the knee of a network that memorises its images within three epochs.
    """
    return min(1.0, max(LOESS_SPAN, (LOESS_EPOCHS + 0.4) / _fewest_epochs(histories)))


def _smooth_or_means(histories: pd.DataFrame) -> p9.geoms.geom.geom | p9.stats.stat.stat | list:
    """Return the layer of the curves: smooths with bands, lines through the means, or none."""
    if histories["epoch"].min() == histories["epoch"].max():
        return []  # a line needs two epochs; the runs are there as points
    if not is_smoothed(histories):
        return p9.stat_summary(fun_y=np.mean, geom="line", size=0.8)
    within = {name: p9.after_stat(f"{name}.clip(0, 1)") for name in ("ymin", "ymax")}
    y = p9.stage(start="train_accuracy", after_stat="y.clip(0, 1)")
    return p9.geom_smooth(
        p9.aes(y=y, **within),
        method="loess",
        span=loess_span(histories),
        n=161,
        size=0.8,
        alpha=0.2,
    )


def _fewest_epochs(histories: pd.DataFrame) -> int:
    return int(histories.groupby(CURVE, observed=True)["epoch"].nunique().min())


def _lower_limit(accuracies: Iterable[float]) -> float:
    """Return where the axis begins: a multiple of 10 % with room for a line of text."""
    return max(0.0, np.floor(10 * (min(accuracies) - 0.02)) / 10)


def _epoch_breaks(epochs: pd.Series, most: int) -> list[int]:
    """Return whole epochs: all if they are not more than that, or fewer at even steps."""
    first, last = int(epochs.min()), int(epochs.max())
    if last - first < most:
        return list(range(first, last + 1))
    step = next(step for step in (2, 5, 10, 20, 50, 100, last) if last / step <= most)
    return list(range(step, last + 1, step))
