"""Panels of labelled images, and the choice of the images that they show."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from manyseeds.figures.grids import Grid
from manyseeds.figures.style import CROSS, RIGHT, TICK, WRONG, confidence_percent

TRAINING_TILE, PREDICTION_TILE = 20.0, 26.0
"""Width of a tile on paper, millimeters. Six of the larger fill 172 of a page's 183 mm; the
smaller leave their one line of text as large on a screen, where five rows must fit."""


def choose_balanced(
    labels: Sequence[int] | np.ndarray,
    count: int,
    generator: np.random.Generator,
    units: Sequence[str] | np.ndarray | None = None,
) -> np.ndarray:
    """Choose rows at random, one of each class after the other, so equally many of each.

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
    rank = shuffled.groupby("label").cumcount()
    order = shuffled.assign(rank=rank).sort_values(["rank", "label"], kind="stable")
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
    grid = Grid(len(images), columns, TRAINING_TILE, lines_above=1, title=title)
    for cell, image, label in zip(grid.cells, images, labels, strict=True):
        cell.show(image)
        cell.write_above(classes[label])
    return grid.figure


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
    grid = Grid(len(images), columns, PREDICTION_TILE, lines_below=2, title=title, legend=True)
    rows = zip(grid.cells, images, labels, predicted, confidence, strict=True)
    for cell, image, label, guess, probability in rows:
        right = label == guess
        color, mark = (RIGHT, TICK) if right else (WRONG, CROSS)
        ending = f" {confidence_percent(probability)}"
        cell.show(image)
        cell.frame(color, dashed=not right)
        cell.write_below(f"{mark} {classes[guess]}", ending, color=color, weight="bold")
        cell.write_below(f"true: {classes[label]}")
    right = int(np.sum(np.asarray(labels) == np.asarray(predicted)))
    grid.legend(
        [(f"{TICK} right ({right})", RIGHT), (f"{CROSS} wrong ({len(images) - right})", WRONG)]
    )
    return grid.figure
