"""What all figures share: sizes, colors, marks, theme, labels and saving."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import plotnine as p9
from matplotlib.figure import Figure

from manyseeds.figures import lettering
from manyseeds.figures.lettering import FONT

# Figures are the same whatever matplotlibrc lies in a home or in the folder of a study. Names are
# the user's: "5$ and 10$" is no mathematics.
mpl.rcdefaults()
mpl.rcParams["text.parse_math"] = False

INCH = 25.4
"""Millimeters of an inch."""
SINGLE_COLUMN = 89 / INCH
"""Width in inches of a figure of one column of a journal (89 mm)."""
DOUBLE_COLUMN = 183 / INCH
"""Width in inches of a figure of the full width of a journal's page (183 mm)."""
PRINT_DPI = 300
"""Dots per inch of the print versions."""
SCREEN_PIXELS = (1100, 700)
"""Width and height that a screen version must fit in. Snakemake's report crops the top of
pictures larger than the window."""

# Okabe & Ito (2008), distinguishable with any of the common color vision deficiencies. Their
# bluish green and vermillion come late because the panels use these for right and wrong.
OKABE_ITO = (
    "#0072B2",  # blue
    "#E69F00",  # orange
    "#CC79A7",  # reddish purple
    "#56B4E9",  # sky blue
    "#009E73",  # bluish green
    "#D55E00",  # vermillion
    "#F0E442",  # yellow
    "#000000",  # black
)
SHAPES = ("o", "^", "s", "D", "v", "P", "X", "*")
"""Marks of the datasets, so that nothing rests on color alone."""
RIGHT, WRONG = OKABE_ITO[4], OKABE_ITO[5]
"""Colors of a right and a wrong prediction, and of a check that passed or found something."""
TICK, CROSS = "\u2713", "\u2717"
"""Marks that go with `RIGHT` and `WRONG`."""
INK, DARK_GRAY, GRAY = "#333333", "#444444", "#666666"
"""Colors of outlines and reference lines, of text beside the point, and of headings."""
FRAME, GRID_LINE = "#888888", "#e6e6e6"
"""Colors of the frame of axes or of an image, and of the lines of a grid in axes."""

MANY = 6
"""More test sets than these have no room side by side: `accuracy_boxplot` then lays the boxes on
their side, a row each. More datasets have no colors that tell them apart: `training_curves` then
draws a panel for each."""
LONG, LINES = 22, 3
"""Letters of a line in the name of a row, of a panel or below a box, and most lines of it."""
JITTER_SEED = 1
"""Fixes the sideways jitter, which carries no information, so that files are reproducible.
plotnine takes a seed of 0 for none."""


def theme(width: float = DOUBLE_COLUMN, height: float = 3.0) -> p9.theme:
    """Return the project's theme for a figure of a given print size.

    Parameters
    ----------
    width, height : float
        Size on paper, inches. Text is 7 pt (6.5 pt on ticks) at that size.
    """
    return p9.theme_bw(base_size=7, base_family=FONT) + p9.theme(
        figure_size=(width, height),
        axis_text=p9.element_text(size=6.5, color="black"),
        axis_title=p9.element_text(size=7.5),
        strip_text=p9.element_text(size=7.5),
        strip_background=p9.element_rect(fill="#eeeeee", color="none"),
        legend_title=p9.element_blank(),
        legend_text=p9.element_text(size=7),
        legend_key=p9.element_blank(),
        legend_position="top",
        panel_grid_minor=p9.element_blank(),
        panel_grid_major_x=p9.element_blank(),
        panel_grid_major_y=p9.element_line(color=GRID_LINE, size=0.4),
        panel_border=p9.element_rect(color=FRAME, size=0.5),
        axis_ticks=p9.element_line(color=FRAME, size=0.4),
        axis_ticks_minor=p9.element_blank(),
        legend_box_spacing=0.01,
        legend_margin=0,
        panel_spacing=0.02,
    )


def palette(names: Iterable[str]) -> dict[str, str]:
    """Return the color of each dataset or architecture, given by the sorted order of the names.

    They have the same colors in all figures of a study, whatever the order of the rows, provided
    each figure is given the same names. Colors repeat after eight.
    """
    return {
        name: OKABE_ITO[place % len(OKABE_ITO)] for place, name in enumerate(sorted(set(names)))
    }


def percent_labels(fractions: Sequence[Any]) -> list[str]:
    """Return the labels of an axis in percent, of fractions 0–1."""
    return [f"{100 * fraction:.4g}" for fraction in fractions]


def confidence_percent(probability: float) -> str:
    """Return a confidence 0–1 in whole percent; only certainty itself reads 100 %."""
    if probability < 1 and round(100 * probability) == 100:
        return ">99 %"
    return f"{100 * probability:.0f} %"


def shapes(colors: Mapping[str, str]) -> dict[str, str]:
    """Return the mark of each name that has a color, in their order; marks repeat after eight."""
    return {name: SHAPES[place % len(SHAPES)] for place, name in enumerate(colors)}


def wrapped_label(label: str, letters: int = LONG) -> str:
    """Return a label broken into lines of so many letters; of more lines it ends in an ellipsis."""
    return textwrap.fill(label, letters, max_lines=LINES, placeholder="…")


def accuracy_breaks(bottom: float) -> list[float]:
    """Return where an axis of accuracies that begins at `bottom` has its ticks, from 1 down."""
    step = 0.1 if bottom >= 0.3 else 0.2
    return [round(value, 1) for value in np.arange(1.0, max(bottom, 0) - 0.01, -step)]


def save(
    figure: p9.ggplot | Figure,
    *,
    png: Path | str,
    pdf: Path | str,
    screen: Path | str,
    svg: Path | str | None = None,
) -> None:
    """Write a figure for print (PNG of 300 dpi, and PDF), a PNG for the screen, and an SVG.

    The versions are named as the outputs of a figure's rule are, so that a script can say
    ``save(figure, **dict(snakemake.output.items()))``.

    The screen version has the same content at the resolution that fits `SCREEN_PIXELS`.
    Text stays text in the PDF (embedded TrueType), and no date is stored, so that the same
    figure gives the same bytes.

    Parameters
    ----------
    figure : plotnine.ggplot or matplotlib.figure.Figure
        Its size in inches is its size on paper.
    png, pdf, screen : path
        Files to write; their folders are made when missing.
    svg : path, optional
        The figure again, to stand within a page.
    """
    if isinstance(figure, p9.ggplot):
        width, height = figure.theme.getp("figure_size")
    else:
        width, height = figure.get_size_inches()
    screen_dpi = int(min(SCREEN_PIXELS[0] / width, SCREEN_PIXELS[1] / height))
    versions = [(png, PRINT_DPI), (pdf, PRINT_DPI), (screen, screen_dpi)]
    changed: dict[str, str] = {}
    for path, dpi in [*versions, (svg, screen_dpi)] if svg else versions:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        kind = Path(path).suffix.removeprefix(".")
        metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
        with mpl.rc_context({"pdf.fonttype": 42, "svg.hashsalt": "manyseeds"}):
            if isinstance(figure, p9.ggplot):
                # It is drawn for each version: plotnine lays it out by the resolution.
                view = figure.save_helper(path, format=kind, dpi=dpi, verbose=False)
                drawn, theme_rc = view.figure, figure.theme.rcParams
            else:
                drawn, theme_rc = figure, {}
            changed |= lettering.settle(drawn)
            with mpl.rc_context(theme_rc):
                drawn.savefig(path, format=kind, dpi=dpi, metadata=metadata)
    lettering.report(changed)
