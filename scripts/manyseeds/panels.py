"""Grids of labelled images.

Panels are laid out in millimeters on paper: tiles keep one size however many there are, and
each line of text has its own room below or above its tile.
"""

import functools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath

FONT = "DejaVu Sans"
"""Comes with matplotlib and has the tick and the cross."""
RIGHT, WRONG = "#009E73", "#D55E00"
"""Bluish green and vermillion of Okabe & Ito (2008), told apart with any color vision."""
TICK, CROSS = "\u2713", "\u2717"
TEXT_SIZE, SMALLEST_TEXT = 7.0, 5.0
"""Points on paper."""
MARGIN, GAP, LINE, TITLE = 2.0, 2.4, 3.2, 6.5
"""Millimeters: around the panel, between tiles, a line of text, the title's line."""
NARROWEST = 70.0
"""Millimeters: the width of a panel of one or two images, so that its text has room."""
TRAINING_TILE, PREDICTION_TILE = 20.0, 26.0
"""Width of a tile on paper, millimeters. Six of the larger fill 172 of a page's 183 mm; the
smaller leave their one line of text as large on a screen, where five rows must fit."""


def choose_balanced(
    labels: Sequence[int] | np.ndarray,
    count: int,
    generator: np.random.Generator,
    units: Sequence[str] | np.ndarray | None = None,
) -> np.ndarray:
    """Choose rows at random, equally many of each class, the classes taking turns.

    Parameters
    ----------
    labels : sequence of int
        Class of each row, shape (n,).
    count : int
        Rows wanted. With fewer units all are returned, so long as classes last.
    generator : numpy.random.Generator
        The only source of chance.
    units : sequence of str, optional
        What to show once at most, shape (n,): the tile of each row keeps two rotations of one
        tile from being chosen. Default: each row is a unit.

    Returns
    -------
    numpy.ndarray
        int64, positions of at most `count` rows. Numbers of any two classes differ by at most
        one, unless a class has too few.
    """
    rows = pd.DataFrame({"label": np.asarray(labels)})
    rows["unit"] = np.arange(len(rows)) if units is None else np.asarray(units)
    shuffled = rows.iloc[generator.permutation(len(rows))].drop_duplicates("unit")
    turn = shuffled.groupby("label").cumcount()
    order = shuffled.assign(turn=turn).sort_values(["turn", "label"], kind="stable")
    return order.index.to_numpy(np.int64)[:count]


def choose_sample(n: int, count: int, generator: np.random.Generator) -> np.ndarray:
    """Choose `count` of `n` rows at random (all, if fewer), none twice; ascending int64."""
    return np.sort(generator.choice(n, size=min(count, n), replace=False)).astype(np.int64)


def predictions_of(
    predictions: pd.DataFrame, index: pd.DataFrame, seed: int | None = None
) -> pd.DataFrame:
    """Return one seed's predictions of a pack, row by row as the pack.

    Parameters
    ----------
    predictions : pandas.DataFrame
        Columns seed, split, tile, label, predicted, confidence, correct; rows of each seed and
        split in the order of the pack.
    index : pandas.DataFrame
        The pack's index: columns tile and split (one split).
    seed : int, optional
        Default: the lowest, so that no run is picked for its result.

    Raises
    ------
    ValueError
        If the predictions are of other tiles than the pack's.
    """
    seed = predictions["seed"].min() if seed is None else seed
    wanted = (predictions["seed"] == seed) & (predictions["split"] == index["split"].iloc[0])
    chosen = predictions[wanted].reset_index(drop=True)
    if chosen["tile"].astype(str).tolist() != index["tile"].astype(str).tolist():
        raise ValueError(
            f"The predictions of seed {seed} are not of the pack's tiles. Evaluate the network "
            "again with this pack."
        )
    return chosen


def training_panel(
    images: np.ndarray,
    labels: Sequence[int] | np.ndarray,
    classes: Sequence[str],
    title: str = "",
    columns: int = 5,
) -> Figure:
    """Return a panel of images with the name of its class above each.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (n, height, width, channels), 1 (gray) or 3 (RGB) channels, n at least 1.
    labels : sequence of int
        (n,), indices in `classes`.
    classes : sequence of str
        Names of the classes. Text too wide for a tile is set smaller, then shortened.
    title : str
        Above the panel.
    columns : int
        Images a row.
    """
    panel = _Panel(len(images), columns, TRAINING_TILE, lines_above=1, title=title)
    for place, (image, label) in enumerate(zip(images, labels, strict=True)):
        panel.show(place, image)
        panel.write(place, -1, classes[label])
    return panel.figure


def predictions_panel(
    images: np.ndarray,
    labels: Sequence[int] | np.ndarray,
    predicted: Sequence[int] | np.ndarray,
    confidence: Sequence[float] | np.ndarray,
    classes: Sequence[str],
    title: str = "",
    columns: int = 6,
) -> Figure:
    """Return a panel of images with what a network says of each, and what is true.

    Below each image stand the predicted class with the network's confidence, and the true
    class. A right prediction has a green solid frame and a tick, a wrong one a red (vermillion)
    dashed frame and a cross.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (n, height, width, channels), 1 (gray) or 3 (RGB) channels, n at least 1.
    labels, predicted : sequence of int
        (n,), indices in `classes`: the true and the predicted class.
    confidence : sequence of float
        (n,), probability 0–1 that the network gives the predicted class.
    classes : sequence of str
        Names of the classes.
    title : str
        Above the panel.
    columns : int
        Images a row.
    """
    panel = _Panel(len(images), columns, PREDICTION_TILE, lines_below=2, title=title, legend=True)
    rows = zip(images, labels, predicted, confidence, strict=True)
    for place, (image, label, guess, probability) in enumerate(rows):
        right = label == guess
        color = RIGHT if right else WRONG
        panel.show(place, image)
        panel.frame(place, color, "solid" if right else (0, (3, 1.5)))
        verdict = f"{TICK if right else CROSS} {classes[guess]}"
        panel.write(place, 1, verdict, f" {percent(probability)}", color=color, weight="bold")
        panel.write(place, 2, f"true: {classes[label]}")
    right = int(np.sum(np.asarray(labels) == np.asarray(predicted)))
    panel.legend(
        [(f"{TICK} right ({right})", RIGHT), (f"{CROSS} wrong ({len(images) - right})", WRONG)]
    )
    return panel.figure


def percent(probability: float) -> str:
    """Return a confidence 0–1 in whole percent; only certainty itself reads 100 %."""
    if probability < 1 and round(100 * probability) == 100:
        return ">99 %"
    return f"{100 * probability:.0f} %"


@functools.cache
def fit_text(
    text: str, width: float, ending: str = "", weight: str = "normal"
) -> tuple[str, float]:
    """Return text that fits a width, and its size: smaller if need be, then shortened.

    Parameters
    ----------
    text : str
        May lose its last letters to an ellipsis.
    width : float
        Room, millimeters.
    ending : str
        Added to the text and never shortened.
    weight : str
        Weight of the font, "normal" or "bold".

    Returns
    -------
    tuple of (str, float)
        The text with its ending, and its size in points, `SMALLEST_TEXT` to `TEXT_SIZE`.
    """
    size = TEXT_SIZE * min(1.0, width / text_width(text + ending, TEXT_SIZE, weight))
    if size >= SMALLEST_TEXT:
        return text + ending, size
    # Measuring is slow: begin near the length that fits.
    text = text[: math.ceil(len(text + ending) * size / SMALLEST_TEXT)]
    while len(text) > 1 and text_width(f"{text}…{ending}", SMALLEST_TEXT, weight) > width:
        text = text[:-1].rstrip()
    return f"{text}…{ending}", SMALLEST_TEXT


@functools.cache
def text_width(text: str, size: float, weight: str = "normal") -> float:
    """Return the width of a line of text in millimeters."""
    path = TextPath((0, 0), text, size=size, prop=FontProperties(family=FONT, weight=weight))
    return path.get_extents().width / 72 * 25.4


class _Panel:
    """A figure of equal tiles, measured in millimeters from the top left."""

    def __init__(self, count, columns, tile, lines_above=0, lines_below=0, title="", legend=False):
        if count < 1:
            raise ValueError("A panel needs at least one image.")
        self.columns, self.tile = min(columns, count), tile
        self.above, lines = lines_above, lines_above + lines_below
        self.pitch = (tile + GAP, tile + GAP + LINE * lines)
        self.top = MARGIN + (TITLE if title else 0)
        self.width = max(NARROWEST, 2 * MARGIN - GAP + self.pitch[0] * self.columns)
        rows = math.ceil(count / self.columns)
        self.height = self.top + self.pitch[1] * rows + (TITLE if legend else 0)
        self.figure = Figure(figsize=(self.width / 25.4, self.height / 25.4), facecolor="white")
        if title:
            text, size = fit_text(title, 0.875 * (self.width - 2 * MARGIN))
            self._text(MARGIN, MARGIN + 0.4 * TITLE, text, size=size * 8 / 7, ha="left")

    def show(self, place, image):
        """Draw an image; small ones by whole pixels."""
        left, top = self._corner(place)
        axes = self.figure.add_axes(self._box(left, top, self.tile, self.tile))
        axes.set_axis_off()
        pixels = np.repeat(image, 3, axis=-1) if image.shape[-1] == 1 else image
        # Enlarged threefold or more, or by a whole number, "auto" repeats pixels; else it filters.
        axes.imshow(pixels, interpolation="auto", aspect="auto")

    def frame(self, place, color, style):
        """Draw a frame around a tile."""
        left, top = self._corner(place)
        x, y, width, height = self._box(left - 0.3, top - 0.3, self.tile + 0.6, self.tile + 0.6)
        self.figure.add_artist(
            Rectangle((x, y), width, height, fill=False, edgecolor=color, linestyle=style, lw=1.4)
        )

    def write(self, place, line, text, ending="", **style):
        """Write a line of text below a tile (1, 2 …) or above it (-1)."""
        left, top = self._corner(place)
        middle = top - 0.4 - LINE / 2 if line < 0 else top + self.tile + 0.6 + LINE * (line - 0.5)
        text, size = fit_text(text, self.tile + 0.8, ending, style.get("weight", "normal"))
        self._text(left + self.tile / 2, middle, text, size=size, ha="center", **style)

    def legend(self, entries):
        """Write what the colors mean, below the tiles."""
        left = MARGIN
        for text, color in entries:
            self._text(
                left, self.height - TITLE / 2, text, size=TEXT_SIZE, ha="left", color=color,
                weight="bold",
            )  # fmt: skip
            left += text_width(text, TEXT_SIZE, "bold") + 5

    def _corner(self, place):
        row, column = divmod(place, self.columns)
        top = self.top + LINE * self.above + self.pitch[1] * row
        return MARGIN + self.pitch[0] * column, top

    def _box(self, left, top, width, height):
        return (
            left / self.width,
            1 - (top + height) / self.height,
            width / self.width,
            height / self.height,
        )

    def _text(self, x, y, text, **style):
        self.figure.text(
            x / self.width, 1 - y / self.height, text, va="center_baseline", family=FONT, **style
        )
