"""Boxes in perspective: the maps that a network makes of an image.

A box's height and depth grow with the logarithm of its maps' height and width, its thickness with
that of the number of channels, by one measure in all drawings. All sizes are in millimeters.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from matplotlib.colors import to_rgb

from manyseeds.figures.paper import DASHES, Paper
from manyseeds.figures.style import INK, OKABE_ITO
from manyseeds.networks.layers import BatchNorm, Conv, Dense, MaxPool, Shape
from manyseeds.networks.summary import Block, is_reused

COLORS = {
    "image": "#AAAAAA",
    "convolution": OKABE_ITO[0],
    "max-pooling": OKABE_ITO[3],
    "batch normalisation": OKABE_ITO[2],
    "dense": OKABE_ITO[1],
}
"""Colors of the boxes by kind, told apart with any color vision."""
SIDE, SIDE_STEP = 2.2, 3.2
"""Height and depth of a map of one pixel, and what each doubling adds."""
THICKNESS, THICKNESS_STEP = 0.7, 0.27
"""Thickness of a box of one channel, and what each doubling adds."""
ASIDE, UP = 0.13, 0.17
"""How far a box recedes to the right and up for each of its depth. Foreshortened, it fits its
column."""
BAND = 0.7
"""Thickness of a batch normalisation, which changes no shape."""


@dataclass(frozen=True)
class Box:
    """Maps of one shape. `kind` is a key of `COLORS`; `reused` are weights used before."""

    kind: str
    height: float
    depth: float
    thickness: float
    reused: bool = False


def box_of(kind: str, shape: Shape, reused: bool = False) -> Box:
    """Return the box of maps (channels, height, width), or of features: maps of one pixel."""
    channels, height, width = (*shape, 1, 1)[:3]
    is_band = kind == "batch normalisation"
    thickness = BAND if is_band else _grown(channels, THICKNESS, THICKNESS_STEP)
    return Box(
        kind, _grown(height, SIDE, SIDE_STEP), _grown(width, SIDE, SIDE_STEP), thickness, reused
    )


def boxes_of(block: Block) -> list[Box]:
    """Return a block's boxes; ReLU, dropout and flattening have words only."""
    kinds = {
        Conv: "convolution",
        Dense: "dense",
        MaxPool: "max-pooling",
        BatchNorm: "batch normalisation",
    }
    return [
        box_of(kinds[type(placed.layer)], placed.output, is_reused(placed))
        for placed in block.layers
        if type(placed.layer) in kinds
    ]


def height_of(stacks: Sequence[Sequence[Box]]) -> float:
    """Return the height that stacks of boxes side by side take."""
    return max(box.height + UP * box.depth for stack in stacks for box in stack)


@dataclass(frozen=True)
class StackPlace:
    """Where a stack was drawn: its left and right ends, and the top of its first box (x, y)."""

    start: float
    end: float
    top: tuple[float, float]


def draw_stack(paper: Paper, stack: Sequence[Box], middle: float, axis: float) -> StackPlace:
    """Draw boxes behind one another, centered on a point, and return where they are.

    Parameters
    ----------
    paper : Paper
        What to draw on.
    stack : sequence of Box
        From the left, at least one.
    middle, axis : float
        The point: millimeters from the left and from the top.
    """
    wide = sum(box.thickness for box in stack)
    left, right = stack[0].depth * ASIDE / 2, stack[-1].depth * ASIDE / 2
    x = middle - (left + wide + right) / 2 + left
    start = x - left
    back = axis - (stack[0].height + stack[0].depth * UP) / 2
    top = (x + left + stack[0].thickness / 2, back - 0.5)
    for box in stack:
        draw_box(paper, box, x, axis)
        x += box.thickness
    return StackPlace(start, x + right, top)


def draw_box(paper: Paper, box: Box, x: float, axis: float) -> None:
    """Draw a box with its left side at `x`, seen from the right, from above."""
    aside, up = box.depth * ASIDE, box.depth * UP
    x, top, bottom = x - aside / 2, axis + (up - box.height) / 2, axis + (up + box.height) / 2
    x2 = x + box.thickness
    faces = [
        (0.0, [(x, top), (x2, top), (x2, bottom), (x, bottom)]),
        (0.55, [(x, top), (x + aside, top - up), (x2 + aside, top - up), (x2, top)]),
        (0.3, [(x2, top), (x2 + aside, top - up), (x2 + aside, bottom - up), (x2, bottom)]),
    ]
    for white, corners in faces:
        white = 0.6 + 0.4 * white if box.reused else white
        paper.polygon(
            corners, facecolor=_mixed_with_white(COLORS[box.kind], white), edgecolor=INK, lw=0.4,
            linestyle=DASHES if box.reused else "solid", joinstyle="round", gid=box.kind,
        )  # fmt: skip


def _grown(number: int, least: float, step: float) -> float:
    """Return a length: the least for one, and a step more for each doubling."""
    return least + step * log2(number)


def _mixed_with_white(color: str, white: float) -> tuple[float, ...]:
    """Return a color mixed with so much white, 0–1."""
    return tuple(white + (1 - white) * part for part in to_rgb(color))
