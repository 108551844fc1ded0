"""Paper: the one canvas of panels, audits and drawings, measured in millimeters.

Everything lies where it is on paper, from the top left. `Grid` in `grids` lays out equal images
with lines of text; what has another form is drawn on a `Paper` itself.
"""

import functools
import math
from collections.abc import Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.transforms import Affine2D

from manyseeds.figures import lettering
from manyseeds.figures.lettering import FONT
from manyseeds.figures.style import DOUBLE_COLUMN, INCH

PAGE_WIDTH = DOUBLE_COLUMN * INCH
"""Millimeters: the full width of a journal's page."""
MARGIN = 2.0
"""Millimeters around what is on a paper."""
TEXT_SIZE, SMALLEST_TEXT = 7.0, 5.0
"""Points on paper."""
TITLE_SIZE = 8.0
SMALLEST_TITLE = TITLE_SIZE * SMALLEST_TEXT / TEXT_SIZE
"""Points on paper: titles keep their proportion to the text."""
DASHES = (0, (3, 1.5))
"""Dashes and gaps of a dashed outline, in widths of the line."""


class Paper:
    """A white figure on which everything is placed in millimeters from its top left.

    Lines, shapes and frames lie above images and axes, and text lies above all of them. Of two
    alike, the later lies above.

    Parameters
    ----------
    width : float
        Millimeters; a journal's page has `PAGE_WIDTH`.
    height : float, optional
        Millimeters. Without it, call `cut` when everything is drawn.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        What `style.save` writes.

    Examples
    --------
    An image with a dashed frame, and a line of text beside it that is set smaller where it must:

    >>> paper = Paper(width=89.0, height=34.0)
    >>> axes = paper.image(MARGIN, MARGIN, 30.0, 30.0, np.zeros((28, 28, 1), np.uint8))
    >>> paper.frame(MARGIN, MARGIN, 30.0, 30.0, "#D55E00", dashed=True)
    >>> paper.write(34.0, 4.0, "a test image that is black", room=89.0 - 34.0 - MARGIN)
    >>> paper.figure.get_size_inches() * INCH
    array([89., 34.])
    """

    def __init__(self, width: float, height: float | None = None):
        self.width = width
        self.figure = Figure(facecolor="white")
        self._axes: list[tuple[Axes, tuple[float, float, float, float]]] = []
        self._from_top = Affine2D()
        inches = Affine2D().scale(1 / INCH, -1 / INCH) + self._from_top
        self._millimeters = inches + self.figure.dpi_scale_trans
        self.cut(width if height is None else height)

    def cut(self, height: float) -> None:
        """Let the paper end at a height; what is drawn stays where it is from the top."""
        self.height = height
        self.figure.set_size_inches(self.width / INCH, height / INCH)
        self._from_top.clear().translate(0, height / INCH)
        for axes, box in self._axes:
            axes.set_position(self._fractions(*box))

    def write(
        self,
        x: float,
        y: float,
        text: str,
        size: float = TEXT_SIZE,
        *,
        room: float | None = None,
        ending: str = "",
        smallest: float = SMALLEST_TEXT,
        **style,
    ) -> None:
        """Write a line of text.

        Parameters
        ----------
        x, y : float
            Where the text begins (with ``ha="center"`` its middle), and the middle of its
            letters' height, millimeters.
        text : str
        size : float
            Points on paper.
        room : float, optional
            Width that the text must fit, millimeters: see `fit_text`, which is given `ending`
            and `smallest`. Without it, the text is as wide as it is.
        **style
            Any property of `matplotlib.text.Text`, such as color, weight and ha.
        """
        if room is not None:
            weight = style.get("weight", "normal")
            text, size = fit_text(text, room, size, ending, weight, smallest)
        self.figure.text(
            x, y, text, size=size, va="center_baseline", family=FONT,
            transform=self._millimeters, **style,
        )  # fmt: skip

    def axes(self, left: float, top: float, width: float, height: float) -> Axes:
        """Return new axes whose frame is this box."""
        box = (left, top, width, height)
        axes = self.figure.add_axes(self._fractions(*box))
        self._axes.append((axes, box))
        return axes

    def image(
        self, left: float, top: float, width: float, height: float, pixels: np.ndarray
    ) -> Axes:
        """Draw an image that fills a box, small ones by whole pixels, and return its axes.

        `pixels` is uint8 (height, width, channels) of 1 (gray) or 3 (RGB) channels.
        """
        axes = self.axes(left, top, width, height)
        axes.set_axis_off()
        # Enlarged threefold or more, or by a whole number, "auto" repeats pixels; else it filters.
        axes.imshow(as_rgb(pixels), interpolation="auto", aspect="auto")
        return axes

    def frame(
        self,
        left: float,
        top: float,
        width: float,
        height: float,
        color: str,
        *,
        dashed: bool = False,
        lw: float = 1.4,
    ) -> None:
        """Draw the outline of a box, `lw` points wide."""
        linestyle = DASHES if dashed else "solid"
        self.rectangle(
            left, top, width, height, fill=False, edgecolor=color, linestyle=linestyle, lw=lw
        )

    def rectangle(self, left: float, top: float, width: float, height: float, **style) -> None:
        """Draw a box; `style` is any property of `matplotlib.patches.Patch`."""
        self._add(Rectangle((left, top + height), width, -height, **style))

    def polygon(self, corners: Sequence[tuple[float, float]], **style) -> None:
        """Draw a closed shape; `style` is any property of `matplotlib.patches.Patch`."""
        self._add(Polygon(corners, **style))

    def line(self, points: Sequence[tuple[float, float]], **style) -> None:
        """Draw a line along some points; `style` is any property of `matplotlib.lines.Line2D`."""
        self._add(Line2D(*zip(*points, strict=True), **style))

    def arrow(self, points: Sequence[tuple[float, float]], color: str, lw: float = 0.6) -> None:
        """Draw an arrow along some points, `lw` points wide."""
        style = "-|>,head_length=2.5,head_width=1.2"
        self._add(FancyArrowPatch(path=Path(points), arrowstyle=style, color=color, lw=lw))

    def _add(self, artist: Artist) -> None:
        artist.set_transform(self._millimeters)
        self.figure.add_artist(artist)

    def _fractions(self, left, top, width, height) -> tuple[float, float, float, float]:
        """Return a box as matplotlib places axes: from the bottom left, in parts of the figure."""
        return (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )


def as_rgb(image: np.ndarray) -> np.ndarray:
    """Return an image (height, width, channels) of 1 (gray) or 3 channels with 3."""
    return np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image


@functools.cache
def fit_text(
    text: str,
    width: float,
    largest: float = TEXT_SIZE,
    ending: str = "",
    weight: str = "normal",
    smallest: float = SMALLEST_TEXT,
) -> tuple[str, float]:
    """Return text that fits a width, and its size: smaller if need be, then shortened.

    Parameters
    ----------
    text : str
        May lose its last letters to an ellipsis.
    width : float
        Room, millimeters.
    largest, smallest : float
        Sizes between which the text may be set, points.
    ending : str
        Added to the text and never shortened.
    weight : str
        Weight of the font, "normal" or "bold".

    Returns
    -------
    tuple of (str, float)
        The text with its ending, and its size in points.
    """
    needed = text_width(text + ending, largest, weight)
    size = largest * min(1.0, width / needed) if needed else largest
    if size >= smallest:
        return text + ending, size
    # Measuring is slow: begin near the length that fits.
    text = text[: math.ceil(len(text + ending) * size / smallest)]
    while len(text) > 1 and text_width(f"{text}…{ending}", smallest, weight) > width:
        text = text[:-1].rstrip()
    return f"{text}…{ending}", smallest


def wrap_text(text: str, width: float, size: float) -> list[str]:
    """Break a text into lines that fit a width in millimeters at a size in points."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        # Text on the screen is up to a tenth wider than its outlines.
        if lines[-1] and 1.1 * text_width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


@functools.cache
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of a line of text in millimeters, at a size in points; 0 of blanks alone.

    Measured is what `style.save` will write: see `lettering.written`.
    """
    text = lettering.written(text)
    if not text.strip():
        return 0.0
    prop = FontProperties(family=lettering.families(text), weight=weight)
    path = TextPath((0, 0), text, size=size, prop=prop)
    return path.get_extents().width / 72 * INCH
