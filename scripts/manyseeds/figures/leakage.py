"""What leakage is worth: the accuracy that a split gains by letting test images into training."""

from collections.abc import Mapping

import pandas as pd
import plotnine as p9

from manyseeds.figures.lettering import FONT
from manyseeds.figures.style import (
    DOUBLE_COLUMN,
    LONG,
    OKABE_ITO,
    SINGLE_COLUMN,
    percent_labels,
    theme,
    wrapped_label,
)
from manyseeds.statistics.comparisons import COMPARED, SPLITS
from manyseeds.statistics.intervals import Interval

WORDS = {"field": "whole fields,\nthen rotated", "group": "whole groups,\nthen rotated"}
"""What an honest split is called on the axis, by `split.by`."""


def leakage_plot(
    runs: pd.DataFrame,
    table: pd.DataFrame,
    labels: Mapping[str, str],
    split_by: Mapping[str, str],
) -> p9.ggplot:
    """Return test accuracy with both splits, a line a seed, a facet a dataset and architecture.

    Means stand beside, with their 95 % intervals; the difference and its interval above.

    Parameters
    ----------
    runs, table : pandas.DataFrame
        Of `comparisons.paired_runs` and `comparisons.leakage_table`.
    labels : mapping of str to str
        What to call the datasets.
    split_by : mapping of str to str
        What stays whole in each dataset's honest split.
    """
    facets = [
        f"{wrapped_label(labels.get(row.dataset, row.dataset), 2 * LONG)}\n{row.architecture}"
        for row in table.itertuples()
    ]
    facet = dict(zip(table[COMPARED].itertuples(index=False, name=None), facets, strict=True))
    in_order = pd.CategoricalDtype(list(dict.fromkeys(facets)))

    def with_facet(frame: pd.DataFrame) -> pd.DataFrame:
        names = [facet[key] for key in frame[COMPARED].itertuples(index=False, name=None)]
        return frame.assign(facet=pd.Categorical(names, dtype=in_order))

    points = runs.melt([*COMPARED, "seed"], SPLITS, var_name="split", value_name="accuracy")
    points["x"] = points["split"].map({"honest": 1.0, "leaky": 2.0})
    means = pd.concat(
        table[COMPARED].assign(x=x, mean=table[s], low=table[f"{s}_low"], high=table[f"{s}_high"])
        for s, x in (("honest", 0.8), ("leaky", 2.2))
    )
    means["split"] = means["x"].map({0.8: "honest", 2.2: "leaky"})
    top = max(points["accuracy"].max(), means["high"].fillna(0).max())
    bottom = points["accuracy"].min()
    room = 0.2 * max(top - bottom, 0.05)
    texts = table[COMPARED].assign(
        x=1.5, y=top + room, text=[_difference_in_words(row) for _, row in table.iterrows()]
    )
    whole = {WORDS.get(split_by[name], "honest split") for name in table["dataset"]}
    honest = whole.pop() if len(whole) == 1 else "held out whole,\nthen rotated"
    colors = dict(zip(SPLITS, OKABE_ITO, strict=False))
    columns = min(len(facets), 3)
    rows = -(-len(facets) // columns)
    return (
        p9.ggplot(with_facet(points), p9.aes("x", "accuracy"))
        + p9.geom_line(p9.aes(group="seed"), color="#999999", size=0.4, alpha=0.7)
        + p9.geom_point(p9.aes(color="split", shape="split"), size=1.6, alpha=0.85, stroke=0.2)
        + p9.geom_pointrange(
            p9.aes("x", "mean", ymin="low", ymax="high", color="split", shape="split"),
            with_facet(means), size=0.6, fatten=3.5,
        )
        + p9.geom_text(
            p9.aes("x", "y", label="text"), with_facet(texts), size=7, va="top", family=FONT
        )
        + p9.facet_wrap("facet", ncol=columns)
        + p9.scale_color_manual(colors, guide=None)
        + p9.scale_shape_manual({"honest": "o", "leaky": "^"}, guide=None)
        + p9.scale_x_continuous(
            breaks=[1, 2], labels=[honest, "rotated, then\nimage by image"],
            limits=(0.5, 2.5), expand=(0, 0),
        )
        + p9.scale_y_continuous(labels=percent_labels, expand=(0.04, 0))
        + p9.labs(x="How training and test images were split", y="Test accuracy (%)")
        + theme(DOUBLE_COLUMN if columns > 1 else SINGLE_COLUMN, 0.7 + 2.5 * rows)
    )  # fmt: skip


def _difference_in_words(row: pd.Series) -> str:
    """Return the difference in words: "+12.3 points [10.1, 14.5]" and the number of seeds."""
    gain = Interval(row["difference"], row["difference_low"], row["difference_high"], row["n"])
    limits = "" if gain.n == 1 else f" [{100 * gain.low:+.1f}, {100 * gain.high:+.1f}]"
    return f"{100 * gain.mean:+.1f} points{limits}\nn = {gain.n} seeds"
