"""Grids of equal images with lines of text above and below each.

Tiles keep one size on paper however many there are, and each line of text has its own room.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from manyseeds.figures.paper import (
    MARGIN,
    SMALLEST_TITLE,
    TEXT_SIZE,
    TITLE_SIZE,
    Paper,
    text_width,
)

GAP, LINE, TITLE = 2.4, 3.2, 6.5
"""Millimeters: between tiles, a line of text, the line of the title or of the legend."""
NARROWEST = 70.0
"""Millimeters: the width of a grid of one or two images, so that its text has room."""


class Grid:
    """A paper with a title, equal cells row by row, and a legend.

    Parameters
    ----------
    count : int
        Cells, at least 1.
    columns : int
        Cells a row; of fewer cells the paper is narrower, but not than `NARROWEST`.
    tile : float
        Width and height of an image, millimeters.
    lines_above, lines_below : int
        Lines of text that each cell has room for.
    title : str
        Above the cells. Without one they begin at the margin.
    legend : bool
        Whether to leave room for `legend`.

    Attributes
    ----------
    cells : list of Cell
        From the top left, row by row.
    paper : Paper
        To draw more on.

    Raises
    ------
    ValueError
        If `count` is below 1.

    Examples
    --------
    What a network says of an image, and of the same image with a little added to it:

    >>> from manyseeds.figures.style import CROSS, RIGHT, TICK, WRONG
    >>> images = np.zeros((3, 28, 28, 1), np.uint8)
    >>> grid = Grid(3, columns=3, tile=26.0, lines_above=1, lines_below=1, title="An adversary")
    >>> for cell, image, name in zip(grid.cells, images, ["image", "added", "sum"], strict=True):
    ...     cell.show(image)
    ...     cell.write_above(name)
    >>> original, added, adversary = grid.cells
    >>> original.frame(RIGHT)
    >>> original.write_below(f"{TICK} lily", " 98 %", color=RIGHT, weight="bold")
    >>> adversary.frame(WRONG, dashed=True)
    >>> adversary.write_below(f"{CROSS} rose", " 95 %", color=WRONG, weight="bold")
    >>> [text.get_text() for text in grid.figure.texts]
    ['An adversary', 'image', 'added', 'sum', '✓ lily 98 %', '✗ rose 95 %']

    ``style.save(grid.figure, …)`` writes it.
    """

    def __init__(
        self,
        count: int,
        columns: int,
        tile: float,
        lines_above: int = 0,
        lines_below: int = 0,
        title: str = "",
        legend: bool = False,
    ):
        if count < 1:
            raise ValueError("A grid needs at least one image.")
        columns = min(columns, count)
        across, down = tile + GAP, tile + GAP + LINE * (lines_above + lines_below)
        top = MARGIN + (TITLE if title else 0)
        width = max(NARROWEST, 2 * MARGIN - GAP + across * columns)
        rows = math.ceil(count / columns)
        self.paper = Paper(width, top + down * rows + (TITLE if legend else 0))
        if title:
            # Text on the screen is up to a tenth wider than its outlines.
            self.paper.write(
                MARGIN, MARGIN + 0.4 * TITLE, title, size=TITLE_SIZE,
                room=0.9 * (width - 2 * MARGIN), smallest=SMALLEST_TITLE,
            )  # fmt: skip
        first = top + LINE * lines_above
        self.cells = [
            Cell(
                self.paper, MARGIN + across * column, first + down * row, tile,
                lines_above, lines_below,
            )
            for row, column in (divmod(place, columns) for place in range(count))
        ]  # fmt: skip

    @property
    def figure(self) -> Figure:
        """What `style.save` writes."""
        return self.paper.figure

    def legend(self, entries: Sequence[tuple[str, str]]) -> None:
        """Write what the colors mean, below the cells: pairs of a text and its color."""
        left, middle = MARGIN, self.paper.height - TITLE / 2
        for text, color in entries:
            self.paper.write(left, middle, text, color=color, weight="bold")
            left += text_width(text, TEXT_SIZE, "bold") + 5


@dataclass
class Cell:
    """Room for an image of a grid and the lines of text that belong to it.

    `left` and `top` are the image's, in millimeters on `paper`. Lines are written one after the
    other, from the top. One that is too wide is set smaller, then shortened.
    """

    paper: Paper
    left: float
    top: float
    tile: float
    lines_above: int
    lines_below: int
    _written_above: int = 0
    _written_below: int = 0

    def show(self, image: np.ndarray) -> None:
        """Draw an image, uint8 (height, width, 1 or 3 channels); small ones by whole pixels."""
        self.paper.image(self.left, self.top, self.tile, self.tile, image)

    def frame(self, color: str, dashed: bool = False) -> None:
        """Draw a frame around the image."""
        side = self.tile + 0.6
        self.paper.frame(self.left - 0.3, self.top - 0.3, side, side, color, dashed=dashed)

    def write_above(self, text: str, ending: str = "", **style) -> None:
        """Write the next line above the image; `ending` is never shortened.

        Raises
        ------
        ValueError
            If the grid was made with fewer lines above its images.
        """
        if self._written_above == self.lines_above:
            raise ValueError(f"The grid has lines_above={self.lines_above}: make it with more.")
        below = self.lines_above - self._written_above
        self._written_above += 1
        self._write(self.top - 0.4 - LINE * (below - 0.5), text, ending, style)

    def write_below(self, text: str, ending: str = "", **style) -> None:
        """Write the next line below the image; `ending` is never shortened.

        Raises
        ------
        ValueError
            If the grid was made with fewer lines below its images.
        """
        if self._written_below == self.lines_below:
            raise ValueError(f"The grid has lines_below={self.lines_below}: make it with more.")
        self._written_below += 1
        middle = self.top + self.tile + 0.6 + LINE * (self._written_below - 0.5)
        self._write(middle, text, ending, style)

    def _write(self, middle: float, text: str, ending: str, style: dict) -> None:
        self.paper.write(
            self.left + self.tile / 2, middle, text,
            room=self.tile + 0.8, ending=ending, ha="center", **style,
        )  # fmt: skip
