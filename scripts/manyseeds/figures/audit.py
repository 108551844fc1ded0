"""Figures of the leakage audit: its verdicts at a glance, and the closest pairs.

All sizes and places are in millimeters on paper.
"""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from manyseeds.audit.findings import FOUND, NOT_APPLICABLE, PASSED
from manyseeds.figures.lettering import FONT
from manyseeds.figures.paper import (
    MARGIN,
    PAGE_WIDTH,
    SMALLEST_TITLE,
    TITLE_SIZE,
    Paper,
    fit_text,
    wrap_text,
)
from manyseeds.figures.style import (
    CROSS,
    DARK_GRAY,
    FRAME,
    GRAY,
    GRID_LINE,
    OKABE_ITO,
    RIGHT,
    SHAPES,
    TICK,
    WRONG,
)

TITLE, LINE, ROW = 7.0, 3.1, 4.5
"""Millimeters: the title's line, a line of text, a row of one line."""
SMALL_TEXT = 6.5
"""Points on paper, of all text but the title."""
NAME, STATEMENT = 7.0, 50.0
"""Millimeters from the left: where the name and the statement of a check begin."""
MOST_CLASSES = 12
"""Classes drawn: of more, those whose shares differ most."""
VERDICTS = {PASSED: (TICK, RIGHT), FOUND: (CROSS, WRONG), NOT_APPLICABLE: ("–", GRAY)}
"""Mark of a check's result, and its color."""
PAIR_TILE, PAIR_GAP = 20.0, 1.0
"""Width of an image of a pair and the gap in the pair, millimeters."""


def audit_figure(audit: pd.DataFrame, shares: pd.DataFrame, title: str = "") -> Figure:
    """Return the shares of the classes by split, above a line for each check of the audit.

    Parameters
    ----------
    audit : pandas.DataFrame
        Columns check, result and statement.
    shares : pandas.DataFrame
        Columns split, class, n and share (0–1), as `class_shares.table` returns it.
    title : str
        What was audited.
    """
    room = PAGE_WIDTH - STATEMENT - MARGIN
    lines = [wrap_text(text, room, SMALL_TEXT) for text in audit["statement"]]
    heights = [ROW + LINE * (len(text) - 1) for text in lines]
    wide = shares.pivot_table(index="class", columns="split", values="share", sort=False)
    drawn = _classes_most_different(wide)
    plot = 3.6 * len(drawn) + 3
    top = MARGIN + TITLE + 5 + (3.5 if len(drawn) < len(wide) else 0)
    below = top + plot + 11
    page = Paper(PAGE_WIDTH, below + sum(heights) + MARGIN)
    found, done = (audit["result"] == FOUND).sum(), (audit["result"] != NOT_APPLICABLE).sum()
    verdict = f"{found} of {done} checks have findings" if found else f"all {done} checks passed"
    _write_title(page, title, verdict)
    if len(drawn) < len(wide):
        text = f"The {len(drawn)} of {len(wide)} classes whose shares differ most"
        page.write(STATEMENT, top - 6.5, text, size=SMALL_TEXT, color=DARK_GRAY)
    _draw_shares(page, shares, wide.loc[drawn], top, plot)
    rows = zip(audit.itertuples(index=False), lines, heights, strict=True)
    for check, statement, height in rows:
        mark, color = VERDICTS[check.result]
        if check.result == FOUND:
            page.rectangle(
                MARGIN, below, PAGE_WIDTH - 2 * MARGIN, height - 0.5,
                facecolor=WRONG, alpha=0.13, edgecolor="none",
            )  # fmt: skip
        middle = below + ROW / 2 - 0.3
        page.write(MARGIN + 1.2, middle, mark, size=TITLE_SIZE, color=color, weight="bold")
        room = STATEMENT - NAME - 2
        page.write(NAME, middle, check.check, size=SMALL_TEXT, room=room, weight="bold")
        for number, line in enumerate(statement):
            page.write(STATEMENT, middle + LINE * number, line, size=SMALL_TEXT)
        below += height
    return page.figure


def pairs_panel(
    pairs: pd.DataFrame, images: Mapping[str, np.ndarray], title: str = "", count: int = 10
) -> Figure:
    """Return a panel of pairs of tiles side by side, with what is known of them.

    Near-duplicates have a red (vermillion) dashed frame; pairs that are none have a thin gray
    one.

    Parameters
    ----------
    pairs : pandas.DataFrame
        As `pairs.pairs_across` returns them; the first `count` rows are drawn.
    images : mapping of str to numpy.ndarray
        The pack of each split, uint8 (n, height, width, 1 or 3).
    title : str
        What was audited.
    count : int
        Pairs drawn at most, in two columns.
    """
    near = int(pairs["near_duplicate"].sum())
    pairs = pairs.head(count)
    rows = max(1, math.ceil(len(pairs) / 2))
    pitch = PAIR_TILE + 3.2
    top = MARGIN + TITLE
    page = Paper(PAGE_WIDTH, top + rows * pitch + MARGIN)
    shown = f"the {len(pairs)} closest pairs of tiles across splits"
    if near:
        verdict = f"{near:,} {'are' if near > 1 else 'is a'} near-duplicate{'s' * (near > 1)}"
        verdict += " in all" if near > len(pairs) else ""
    else:
        verdict = "none is a near-duplicate"
    if pairs.empty:
        shown, verdict = "no two tiles across splits to compare", "those of a split are featureless"
    _write_title(page, title, f"{shown}; {verdict}")
    for place, pair in enumerate(pairs.itertuples(index=False)):
        row, column = divmod(place, 2)
        left, upper = MARGIN + column * (PAGE_WIDTH - MARGIN) / 2, top + row * pitch
        for side in (1, 2):
            pack = images[getattr(pair, f"split_{side}")]
            x = left + (side - 1) * (PAIR_TILE + PAIR_GAP)
            box = (x, upper, PAIR_TILE, PAIR_TILE)
            page.image(*box, pack[getattr(pair, f"place_{side}")])
            if pair.near_duplicate:
                page.frame(*box, WRONG, dashed=True)
            else:
                page.frame(*box, FRAME, lw=0.5)
        _describe_pair(page, pair, left + 2 * PAIR_TILE + PAIR_GAP + 2, upper)
    return page.figure


def _write_title(page: Paper, title: str, said: str) -> None:
    """Write what was audited, shortened if need be, and what is said of it."""
    # Text on the screen is up to a tenth wider than its outlines.
    room = 0.9 * (PAGE_WIDTH - 2 * MARGIN)
    page.write(
        MARGIN, MARGIN + 3, title, size=TITLE_SIZE, room=room, ending=f": {said}",
        smallest=SMALLEST_TITLE, weight="bold",
    )  # fmt: skip


def _describe_pair(page: Paper, pair, left: float, top: float) -> None:
    room = (PAGE_WIDTH - MARGIN) / 2 - (2 * PAIR_TILE + PAIR_GAP + 2) - 3
    color = WRONG if pair.near_duplicate else DARK_GRAY
    notes = [f"turned by {pair.angle}°"]
    notes += ["same pixels"] if pair.identical else []
    notes += ["same group"] if pair.same_group else []
    notes += ["classes differ"] if pair.class_1 != pair.class_2 else []
    text = [
        (f"correlation {pair.correlation:.3f}", "bold", color),
        (", ".join(notes), "normal", "black"),
        (f"{pair.split_1}: {pair.class_1}", "bold", "black"),
        (pair.tile_1, "normal", DARK_GRAY),
        (f"{pair.split_2}: {pair.class_2}", "bold", "black"),
        (pair.tile_2, "normal", DARK_GRAY),
    ]
    for number, (line, weight, shade) in enumerate(text):
        y = top + 1.6 + 3.3 * number
        page.write(left, y, line, size=SMALL_TEXT, room=room, weight=weight, color=shade)


def _draw_shares(
    page: Paper, shares: pd.DataFrame, wide: pd.DataFrame, top: float, height: float
) -> None:
    axes = page.axes(STATEMENT, top, PAGE_WIDTH - STATEMENT - 4 * MARGIN, height)
    tiles = shares.groupby("split", sort=False)["n"].sum()
    heights = np.arange(len(wide))
    equal = 1 / shares["class"].nunique()
    axes.axvline(100 * equal, color=DARK_GRAY, lw=0.8, ls=":", zorder=1)
    offsets = np.linspace(-0.18, 0.18, len(wide.columns)) if len(wide.columns) > 1 else [0]
    for number, (split, offset) in enumerate(zip(wide.columns, offsets, strict=True)):
        axes.plot(
            100 * wide[split], heights + offset, SHAPES[number % len(SHAPES)], ms=4.2,
            color=OKABE_ITO[number % len(OKABE_ITO)], mew=0,
            label=f"{split} (n = {tiles[split]:,} tiles)",
        )  # fmt: skip
    axes.plot([], [], color=DARK_GRAY, lw=0.8, ls=":", label="equal shares")
    axes.set_ylim(len(wide) - 0.5, -0.5)
    axes.set_xlim(0, 112 * max(equal, float(wide.max().max())))
    names = [fit_text(str(name), 0.9 * (STATEMENT - 4), SMALL_TEXT) for name in wide.index]
    axes.set_yticks(heights, [name for name, _ in names])
    axes.set_xlabel("Share of the split's tiles (%)", size=SMALL_TEXT, family=FONT, labelpad=1.5)
    axes.tick_params(labelsize=SMALL_TEXT, labelfontfamily=FONT, length=2, width=0.5, pad=1.5)
    for label, (_, size) in zip(axes.get_yticklabels(), names, strict=True):
        label.set_fontsize(size)
    axes.grid(axis="y", color=GRID_LINE, lw=0.5)
    axes.set_axisbelow(True)
    for spine in axes.spines.values():
        spine.set(color=FRAME, linewidth=0.5)
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncol=len(wide.columns) + 1, frameon=False,
        borderpad=0.2, handletextpad=0.4, columnspacing=1.5,
        prop={"size": SMALL_TEXT, "family": FONT},
    )  # fmt: skip


def _classes_most_different(wide: pd.DataFrame) -> list[str]:
    """Return the classes to draw, in their order."""
    apart = wide.max(axis=1) - wide.min(axis=1)
    chosen = set(apart.sort_values(ascending=False, kind="stable").index[:MOST_CLASSES])
    return [name for name in wide.index if name in chosen]
