"""Statistical figures.

The functions summarise tables that other stages wrote; no result is computed here.
Tables hold accuracies as fractions 0–1, axes show percent.
"""

import textwrap
from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd
import plotnine as p9

from manyseeds.statistics import summarise
from manyseeds.style import (
    DOUBLE_COLUMN,
    FONT,
    OKABE_ITO,
    SHAPES,
    SINGLE_COLUMN,
    palette,
    percent,
    theme,
)

LOESS_EPOCHS = 5
"""Fewest epochs that `training_curves` smooths. A local quadratic has three coefficients and
gives the furthest epoch no weight: over fewer epochs it would only join the means, with bends
of its own between them."""
LOESS_SPAN = 0.2
"""Smallest share of a curve's points that a local fit uses; see `loess_span`."""
CURVE = ["dataset", "architecture"]
"""Columns that tell the curves of `training_curves` apart."""
MANY = 6
"""More test sets than these have no room side by side: `accuracy_boxplot` then lays the boxes on
their side, a row each. More datasets have no colors that tell them apart: `training_curves` then
draws a panel for each."""
LONG = 22
"""Letters of a line in the name of a row or panel, where there are many."""
JITTER_SEED = 1
"""Fixes the sideways jitter, which carries no information, so that files are reproducible.
plotnine takes a seed of 0 for none."""


def accuracy_boxplot(
    evaluations: pd.DataFrame,
    experts: Mapping[str, float | None] | None = None,
    labels: Mapping[str, str] | None = None,
) -> p9.ggplot:
    """Return the boxplot of test accuracy by dataset, one facet an architecture, in their order.

    Every run is a point, moved sideways at random. A box spans the quartiles with a line
    at the median; whiskers reach the furthest run within 1.5 box heights. Under each box, or
    beside it where there are `MANY`, are the mean over runs and their number.

    Parameters
    ----------
    evaluations : pandas.DataFrame
        Columns dataset, architecture, seed, split, accuracy and chance (fractions): one row a
        seed and split. The split ``train`` is left out; any other than ``test`` is named on
        the axis. Chance is drawn as a dotted line.
    experts : mapping of str to float, optional
        Accuracy of a human expert by dataset, a fraction, drawn as a dashed line. Datasets that
        are absent or None have no line. Lines have their accuracy beside them, or where there
        are `MANY` boxes only a legend.
    labels : mapping of str to str, optional
        What to call the datasets on the axis, by name.

    Raises
    ------
    ValueError
        If `evaluations` has no row of a test split.
    """
    runs = evaluations[evaluations["split"] != "train"].copy()
    if runs.empty:
        raise ValueError("accuracy_boxplot needs at least one row of a test split.")
    in_order = pd.CategoricalDtype(runs["architecture"].unique())
    runs = runs.astype({"architecture": in_order})
    categories = list(runs[["dataset", "split"]].drop_duplicates().itertuples(index=False))
    categories = sorted(map(tuple, categories))
    place = {category: number for number, category in enumerate(categories, start=1)}
    runs["x"] = [place[key] for key in zip(runs["dataset"], runs["split"], strict=True)]
    boxes = summarise(runs, ["architecture", "dataset", "x"], "accuracy")
    boxes = boxes.astype({"architecture": in_order})
    chance = boxes["x"].map(runs.groupby("x")["chance"].first())
    expert = boxes["dataset"].map(experts or {}).astype(float)
    many = len(categories) > MANY
    boxes["text"] = [
        f"mean {100 * mean:.1f} %{', ' if many else chr(10)}n = {n}"
        for mean, n in zip(boxes["mean"], boxes["n"], strict=True)
    ]
    lines = pd.concat([_reference(boxes, expert, "expert"), _reference(boxes, chance, "chance")])
    lowest = min([*runs["accuracy"], *lines["y"]])
    names = [_tick_label((labels or {}).get(name, name), split) for name, split in categories]
    if many:
        return _boxes_on_their_side(runs, boxes, lines, list(map(_in_lines, names)), lowest)
    bottom = lowest - 0.22 * (1 - lowest)  # room for two lines of text below the data
    facets = runs["architecture"].nunique()
    columns = min(facets, max(1, 6 // len(categories)))
    rows = -(-facets // columns)
    wide = columns * len(categories) > 2
    colors = palette(evaluations["dataset"])
    plot = (
        p9.ggplot(runs, p9.aes("x", "accuracy"))
        + p9.geom_boxplot(
            p9.aes(group="x", fill="dataset", color="dataset"),
            width=0.42, alpha=0.25, size=0.5, outlier_shape="",
        )
        + p9.geom_point(
            p9.aes(color="dataset", shape="dataset"),
            position=p9.position_jitter(width=0.13, height=0, random_state=JITTER_SEED),
            size=1.3, alpha=0.75, stroke=0.2,
        )
        + p9.geom_text(
            p9.aes("x", y=bottom, label="text"), boxes, size=6.5, va="bottom", family=FONT
        )
        + p9.facet_wrap("architecture", ncol=columns)
        + p9.scale_color_manual(colors, guide=None)
        + p9.scale_fill_manual(colors, guide=None)
        + p9.scale_shape_manual(_shapes(colors), guide=None)
        + p9.scale_x_continuous(
            breaks=list(place.values()), labels=[name.replace(" (", "\n(") for name in names],
            limits=(0.5, len(categories) + 0.65), expand=(0, 0),
        )
        + p9.scale_y_continuous(labels=percent, breaks=_accuracy_breaks(bottom))
        + p9.coord_cartesian(ylim=(bottom, 1.0))
        + p9.labs(x="Dataset", y="Test accuracy (%)")
        + theme(DOUBLE_COLUMN if wide else SINGLE_COLUMN, 0.6 + (2.3 if rows == 1 else 1.9) * rows)
    )  # fmt: skip
    return plot + _reference_layers(lines, nudge=0.008 * (1 - bottom)) if len(lines) else plot


def _boxes_on_their_side(runs, boxes, lines, names, lowest):
    """Return the boxplot of many datasets, the first at the top, all in one color."""
    color = OKABE_ITO[0]
    facets = runs["architecture"].nunique()
    columns = min(facets, 2)
    # Room for a line of text, which takes as much paper whatever the axis spans.
    left = lowest - (0.22, 0.6)[columns - 1] * (1 - lowest)
    rows = -(-facets // columns)
    ends = lines.assign(below=lines["x"] - 0.4, above=lines["x"] + 0.4)
    plot = (
        p9.ggplot(runs, p9.aes("x", "accuracy"))
        + p9.geom_boxplot(
            p9.aes(group="x"), width=0.5, alpha=0.25, size=0.5, outlier_shape="",
            fill=color, color=color,
        )
        + p9.geom_point(
            position=p9.position_jitter(width=0.15, height=0, random_state=JITTER_SEED),
            size=1.3, alpha=0.75, stroke=0.2, color=color,
        )
        + p9.geom_text(
            p9.aes("x", y=left, label="text"), boxes, size=6.5, ha="left", family=FONT
        )
        + p9.facet_wrap("architecture", ncol=columns)
        + p9.scale_x_reverse(
            breaks=list(range(1, len(names) + 1)), labels=names,
            limits=(len(names) + 0.6, 0.4), expand=(0, 0),
        )
        + p9.scale_y_continuous(labels=percent, breaks=_accuracy_breaks(lowest - 0.05))
        + p9.coord_flip(ylim=(left, 1.0))
        + p9.labs(x="Dataset", y="Test accuracy (%)")
        + theme(DOUBLE_COLUMN, 0.6 + (0.3 + 0.21 * len(names)) * rows)
        + p9.theme(
            panel_grid_major_x=p9.element_line(color="#e6e6e6", size=0.4),
            panel_grid_major_y=p9.element_blank(),
        )
    )  # fmt: skip
    if len(lines):
        segment = p9.aes("below", "y", xend="above", yend="y", linetype="kind")
        plot += p9.geom_segment(segment, ends, color="#333333", size=0.5)
        plot += p9.scale_linetype_manual({"expert": "dashed", "chance": "dotted"})
    return plot


def accuracy_table(evaluations: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers behind `accuracy_boxplot`, one row a dataset, architecture and split.

    Columns dataset, architecture, split, mean, low, high, n: the mean test accuracy over
    seeds as a fraction with its 95 % interval (see `statistics.mean_interval`).
    """
    runs = evaluations[evaluations["split"] != "train"]
    return summarise(runs, ["dataset", "architecture", "split"], "accuracy")


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
    legend = {name: names[name] for name in colors}
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
        + _curve(histories)
        + p9.facet_wrap(panel, ncol=columns, labeller=lambda name: _in_lines(names[name]))
        + p9.scale_color_manual(colors, labels=legend)
        + p9.scale_fill_manual(colors, labels=legend)
        + p9.scale_shape_manual(_shapes(colors), labels=legend)
        + p9.scale_x_continuous(
            breaks=_epoch_breaks(histories["epoch"], most=6 if many else 12),
            limits=(histories["epoch"].min() - 0.4, histories["epoch"].max() + 0.4),
            expand=(0, 0),
        )
        + p9.scale_y_continuous(labels=percent, breaks=_accuracy_breaks(bottom))
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


def _shapes(colors: Mapping[str, str]) -> dict[str, str]:
    return {name: SHAPES[place % len(SHAPES)] for place, name in enumerate(colors)}


def _tick_label(label: str, split: str) -> str:
    """Return a dataset's label, with its test split where not the usual one."""
    return label if split == "test" else f"{label} ({split})"


def _in_lines(label: str) -> str:
    return textwrap.fill(label, LONG)


def _reference(boxes: pd.DataFrame, levels: pd.Series, kind: str) -> pd.DataFrame:
    """Return one row a box that has a level: where its line goes and what it says."""
    lines = boxes[["architecture", "dataset", "x"]].assign(y=levels, kind=kind)
    return lines.dropna(subset="y")


def _reference_layers(lines: pd.DataFrame, nudge: float) -> list:
    """Return the layers of the lines and their text, which is kept `nudge` off its line."""
    lines = lines.assign(
        left=lines["x"] - 0.36,
        right=lines["x"] + 0.56,
        above=lines["y"] + nudge,
        below=lines["y"] - nudge,
        number=[f"{100 * level:.3g} %" for level in lines["y"]],
    )
    text = {"size": 6, "ha": "right", "color": "#333333", "family": FONT}
    segment = p9.aes("left", "y", xend="right", yend="y", linetype="kind")
    return [
        p9.geom_segment(segment, lines, color="#333333", size=0.5),
        p9.scale_linetype_manual({"expert": "dashed", "chance": "dotted"}, guide=None),
        # The word above its line and the number below keep clear of the box at their left.
        p9.geom_text(p9.aes("right", "above", label="kind"), lines, va="bottom", **text),
        p9.geom_text(p9.aes("right", "below", label="number"), lines, va="top", **text),
    ]


def _curve(histories: pd.DataFrame) -> p9.geoms.geom.geom | p9.stats.stat.stat | list:
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


def _accuracy_breaks(bottom: float) -> list[float]:
    step = 0.1 if bottom >= 0.3 else 0.2
    return [round(value, 1) for value in np.arange(1.0, max(bottom, 0) - 0.01, -step)]


def _epoch_breaks(epochs: pd.Series, most: int) -> list[int]:
    """Return whole epochs: all if they are not more than that, or fewer at even steps."""
    first, last = int(epochs.min()), int(epochs.max())
    if last - first < most:
        return list(range(first, last + 1))
    step = next(step for step in (2, 5, 10, 20, 50, 100, last) if last / step <= most)
    return list(range(step, last + 1, step))
