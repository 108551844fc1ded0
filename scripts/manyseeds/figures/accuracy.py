"""Test accuracy by dataset and architecture.

Tables hold accuracies as fractions 0–1, axes show percent.
"""

from collections.abc import Mapping

import pandas as pd
import plotnine as p9

from manyseeds.figures.lettering import FONT
from manyseeds.figures.style import (
    DOUBLE_COLUMN,
    GRID_LINE,
    INK,
    JITTER_SEED,
    MANY,
    OKABE_ITO,
    SINGLE_COLUMN,
    accuracy_breaks,
    palette,
    percent_labels,
    shapes,
    theme,
    wrapped_label,
)


def accuracy_boxplot(
    evaluations: pd.DataFrame,
    means: pd.DataFrame,
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
    means : pandas.DataFrame
        The means of these rows over seeds, as `comparisons.accuracy_table` returns them: columns
        dataset, architecture, split, mean (fraction) and n; one row a box.
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
    boxes = means.astype({"architecture": in_order}).assign(
        x=[place[key] for key in zip(means["dataset"], means["split"], strict=True)]
    )
    boxes = boxes.sort_values(["architecture", "dataset", "x"], ignore_index=True)
    chance = boxes["x"].map(runs.groupby("x")["chance"].first())
    expert = boxes["dataset"].map(experts or {}).astype(float)
    many = len(categories) > MANY
    boxes["text"] = [
        f"mean {100 * mean:.1f} %{', ' if many else chr(10)}n = {n}"
        for mean, n in zip(boxes["mean"], boxes["n"], strict=True)
    ]
    lines = pd.concat(
        [_reference_lines(boxes, expert, "expert"), _reference_lines(boxes, chance, "chance")]
    )
    lowest = min([*runs["accuracy"], *lines["y"]])
    names = [_tick_label((labels or {}).get(name, name), split) for name, split in categories]
    if many:
        return _boxes_on_their_side(runs, boxes, lines, list(map(wrapped_label, names)), lowest)
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
        + p9.scale_shape_manual(shapes(colors), guide=None)
        + p9.scale_x_continuous(
            breaks=list(place.values()), labels=list(map(_below_a_box, names)),
            limits=(0.5, len(categories) + 0.65), expand=(0, 0),
        )
        + p9.scale_y_continuous(labels=percent_labels, breaks=accuracy_breaks(bottom))
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
        + p9.scale_y_continuous(labels=percent_labels, breaks=accuracy_breaks(lowest - 0.05))
        + p9.coord_flip(ylim=(left, 1.0))
        + p9.labs(x="Dataset", y="Test accuracy (%)")
        + theme(DOUBLE_COLUMN, 0.6 + (0.3 + 0.21 * len(names)) * rows)
        + p9.theme(
            panel_grid_major_x=p9.element_line(color=GRID_LINE, size=0.4),
            panel_grid_major_y=p9.element_blank(),
        )
    )  # fmt: skip
    if len(lines):
        segment = p9.aes("below", "y", xend="above", yend="y", linetype="kind")
        plot += p9.geom_segment(segment, ends, color=INK, size=0.5)
        plot += p9.scale_linetype_manual({"expert": "dashed", "chance": "dotted"})
    return plot


def _tick_label(label: str, split: str) -> str:
    """Return a dataset's label, with its test split where not the usual one."""
    return label if split == "test" else f"{label} ({split})"


def _below_a_box(name: str) -> str:
    """Return the name of a test set in lines that fit below a box."""
    return "\n".join(map(wrapped_label, name.replace(" (", "\n(").split("\n")))


def _reference_lines(boxes: pd.DataFrame, levels: pd.Series, kind: str) -> pd.DataFrame:
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
    text = {"size": 6, "ha": "right", "color": INK, "family": FONT}
    segment = p9.aes("left", "y", xend="right", yend="y", linetype="kind")
    return [
        p9.geom_segment(segment, lines, color=INK, size=0.5),
        p9.scale_linetype_manual({"expert": "dashed", "chance": "dotted"}, guide=None),
        # The word above its line and the number below keep clear of the box at their left.
        p9.geom_text(p9.aes("right", "above", label="kind"), lines, va="bottom", **text),
        p9.geom_text(p9.aes("right", "below", label="number"), lines, va="top", **text),
    ]
