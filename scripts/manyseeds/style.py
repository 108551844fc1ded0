"""What all figures share: sizes, palette, theme, labels and saving."""

from collections.abc import Iterable
from pathlib import Path

import matplotlib as mpl
import plotnine as p9
from matplotlib.figure import Figure

SINGLE_COLUMN = 89 / 25.4
"""Width in inches of a figure of one column of a journal (89 mm)."""
DOUBLE_COLUMN = 183 / 25.4
"""Width in inches of a figure of the full width of a journal's page (183 mm)."""
PRINT_DPI = 300
"""Dots per inch of the print versions."""
SCREEN_PIXELS = (1100, 700)
"""Width and height that a screen version must fit in. Snakemake's report crops the top of
pictures larger than the window."""
FONT = "DejaVu Sans"
"""Comes with matplotlib, so that figures are the same on every machine."""

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
        panel_grid_major_y=p9.element_line(color="#e6e6e6", size=0.4),
        panel_border=p9.element_rect(color="#888888", size=0.5),
        axis_ticks=p9.element_line(color="#888888", size=0.4),
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


def percent(fractions: Iterable[float]) -> list[str]:
    """Return axis labels in percent of fractions 0–1."""
    return [f"{100 * fraction:.4g}" for fraction in fractions]


def save(
    figure: p9.ggplot | Figure,
    png: Path | str,
    pdf: Path | str,
    screen: Path | str,
    svg: Path | str | None = None,
) -> None:
    """Write a figure for print (PNG of 300 dpi, and PDF), a PNG for the screen, and an SVG.

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
    for path, dpi in [*versions, (svg, screen_dpi)] if svg else versions:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        kind = Path(path).suffix.removeprefix(".")
        metadata = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
        with mpl.rc_context({"pdf.fonttype": 42, "svg.hashsalt": "manyseeds"}):
            if isinstance(figure, p9.ggplot):
                figure.save(path, format=kind, dpi=dpi, verbose=False, metadata=metadata)
            else:
                figure.savefig(path, format=kind, dpi=dpi, metadata=metadata)
