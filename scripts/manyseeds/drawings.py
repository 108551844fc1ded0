"""Drawings of networks as found in articles: a box a block, from the image to the logits.

A drawing is laid out in millimeters on paper, in columns: the image, then a block each. Under
the boxes stand the layers of each block, the shape of what it passes on, and its part of the
network's parameters and multiplications.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log2

from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Polygon, Rectangle
from matplotlib.path import Path

from manyseeds.architectures import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    PlacedLayer,
    ReLU,
    Shape,
)
from manyseeds.blueprints import Block, blocks, grouped, is_reused
from manyseeds.panels import fit_text, text_width
from manyseeds.style import DOUBLE_COLUMN, FONT, OKABE_ITO, SINGLE_COLUMN

COLORS = {
    "image": "#AAAAAA",
    "convolution": OKABE_ITO[0],
    "max-pooling": OKABE_ITO[3],
    "batch normalisation": OKABE_ITO[2],
    "dense": OKABE_ITO[1],
}
"""Colors of the boxes by kind, told apart with any color vision."""
INK, GRAY = "#333333", "#666666"
TEXT, SMALL, LINE = 6.5, 6.0, 2.9
"""Points on paper of text and of headings, and a line's height in millimeters."""
MARGIN, GAP, WIDEST = 2.5, 2.2, 24.0
"""Millimeters: around the drawing, between its parts, and the widest column."""
BAR, TIE = 5.0, 5.5
"""Millimeters: height of the largest bar, and room for ties above the boxes."""
SIDE, SIDE_STEP = 2.2, 3.2
"""Millimeters: height and depth of a map of one pixel, and what each doubling adds."""
THICKNESS, THICKNESS_STEP = 0.7, 0.27
"""Millimeters: thickness of a box of one channel, and what each doubling adds."""
RIGHT, UP = 0.13, 0.17
"""Millimeters that a box recedes for each of its depth. Foreshortened, it fits its column."""
BAND = 0.7
"""Millimeters: thickness of a batch normalisation, which changes no shape."""


@dataclass(frozen=True)
class Box:
    """Maps of one shape. `kind` is a key of `COLORS`, sizes are in millimeters."""

    kind: str
    height: float
    depth: float
    thickness: float
    reused: bool = False


def draw(architecture: str, layers: Sequence[PlacedLayer], dataset: str) -> Figure:
    """Return the drawing of a network.

    A box's height and depth grow with the logarithm of its maps' height and width, its
    thickness with that of the number of channels, by one measure in all drawings. What a
    dense layer gives is drawn as maps of one pixel. A layer that is used again has a dashed
    outline and an arrow from where it was first used.

    Parameters
    ----------
    architecture : str
        Its name.
    layers : sequence of PlacedLayer
        As `architectures.build` returns them.
    dataset : str
        What to call its images.

    Returns
    -------
    matplotlib.figure.Figure
        As wide as a page of a journal, less for few blocks, a column at least.
    """
    parts = blocks(layers)
    learned = sum(part.parameters for part in parts)
    averages = sum(placed.moving_averages for placed in layers)
    multiplications = [part.multiplications for part in parts]
    image = layers[0].input
    stacks = [[_box("image", image)], *map(_boxes, parts)]

    sheet = _Sheet(columns=len(stacks))
    sheet.title(
        f"{architecture} for {dataset}",
        f"Images of {' × '.join(map(str, image))}, {layers[-1].output[0]} classes; "
        f"{_exact(learned)} learned parameters"
        + (f" and {_exact(averages)} moving averages" if averages else ""),
    )
    sheet.boxes(stacks, _ties(parts))
    words = [["image"], *(_words(part, sheet.pitch - 1) for part in parts)]
    words[-1].append("logits")
    sheet.words(words, first="bold")
    sheet.heading("Output: channels, height × width")
    sheet.words([_shape_lines(image), *(_shape_lines(part.output) for part in parts)])
    sheet.heading(f"Learned parameters: {_exact(learned)}")
    sheet.bars(parts, [part.parameters for part in parts], [_parameters(part) for part in parts])
    sheet.heading(f"Multiplications for one image: {_rounded(sum(multiplications))}")
    sheet.bars(parts, multiplications, list(map(_rounded, multiplications)))
    sheet.legend([kind for kind in COLORS if any(box.kind == kind for s in stacks for box in s)])
    return sheet.finish()


def _box(kind: str, shape: Shape, reused: bool = False) -> Box:
    channels, height, width = (*shape, 1, 1)[:3]
    thickness = (
        BAND if kind == "batch normalisation" else _size(channels, THICKNESS, THICKNESS_STEP)
    )
    return Box(
        kind, _size(height, SIDE, SIDE_STEP), _size(width, SIDE, SIDE_STEP), thickness, reused
    )


def _size(number: int, least: float, step: float) -> float:
    return least + step * log2(number)


def _boxes(block: Block) -> list[Box]:
    """Return a block's boxes; ReLU, dropout and flattening have words only."""
    kinds = {
        Conv: "convolution",
        Dense: "dense",
        MaxPool: "max-pooling",
        BatchNorm: "batch normalisation",
    }
    return [
        _box(kinds[type(placed.layer)], placed.output, is_reused(placed))
        for placed in block.layers
        if type(placed.layer) in kinds
    ]


def _ties(parts: Sequence[Block]) -> list[tuple[int, int]]:
    """Return the columns of layers that are used again: of the first use, and of the later."""
    column = {part.main.name: number for number, part in enumerate(parts, start=1)}
    return [
        (column[part.main.weights_of], column[part.main.name])
        for part in parts
        if is_reused(part.main)
    ]


def _words(block: Block, room: float) -> list[str]:
    """Return the lines that say what a block does, its name first; `room` in millimeters."""
    lines = [block.main.name]
    for placed in block.layers:
        match placed.layer:
            case Conv(channels, kernel, stride, same):
                lines += [f"{kernel} × {kernel}, {channels}"]
                lines += [f"stride {stride}"] * (stride != 1) + ["not padded"] * (not same)
            case MaxPool(size, stride):
                line = f"max-pool {size} × {size}"
                lines += [line] if text_width(line, TEXT) < room else line.split(" ", 1)
                lines += [f"stride {stride}"] * (stride != size)
            case Dense(units):
                lines += [f"dense, {units}"]
            case Dropout(rate):
                lines += [f"dropout {rate:g}"]
            case BatchNorm():
                lines += ["batch norm"]
            case Flatten():
                lines += ["flatten"]
            case ReLU():
                lines += ["ReLU"]
    return lines


def _shape_lines(shape: Shape) -> list[str]:
    channels, *pixels = map(str, shape)
    return [channels, " × ".join(pixels)] if pixels else [channels]


def _parameters(block: Block) -> str:
    return f"as {block.main.weights_of}" if is_reused(block.main) else _exact(block.parameters)


def _exact(number: int) -> str:
    return grouped(number, "\u2009")


def _rounded(number: int) -> str:
    """Return a number to three digits: ``28.3 M``."""
    for unit, name in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        # 999.6 k would round to 1e+03 k.
        if number >= 0.9995 * unit:
            return f"{number / unit:#.3g}".rstrip(".") + name
    return str(number)


def _tint(color: str, white: float) -> tuple[float, ...]:
    """Return a color mixed with so much white."""
    return tuple(white + (1 - white) * part for part in to_rgb(color))


class _Sheet:
    """A figure that is filled from the top, in millimeters from the top left."""

    def __init__(self, columns: int):
        room = DOUBLE_COLUMN * 25.4 - 2 * MARGIN
        self.pitch = min(WIDEST, room / columns)
        self.width = max(SINGLE_COLUMN * 25.4, 2 * MARGIN + self.pitch * columns)
        self.left = (self.width - self.pitch * columns) / 2
        self.y = MARGIN
        self.figure = Figure(facecolor="white")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()

    def finish(self) -> Figure:
        height = self.y + MARGIN
        self.figure.set_size_inches(self.width / 25.4, height / 25.4)
        self.axes.set(xlim=(0, self.width), ylim=(height, 0))
        return self.figure

    def middle(self, column: int) -> float:
        return self.left + self.pitch * (column + 0.5)

    def text(self, x: float, y: float, text: str, **style):
        style = {"size": TEXT, "ha": "center", "color": "black", **style}
        self.axes.text(x, y, text, va="center_baseline", family=FONT, **style)

    def cell(self, column: int, y: float, text: str, weight: str = "normal", color: str = "black"):
        """Write a line in a column, smaller if need be."""
        text, size = fit_text(text, 0.93 * self.pitch, weight=weight)
        self.text(self.middle(column), y, text, size=min(size, TEXT), weight=weight, color=color)

    def title(self, name: str, line: str):
        name, size = fit_text(name, 0.85 * (self.width - 2 * MARGIN), weight="bold")
        self.text(MARGIN, self.y + 1.7, name, size=size * 8 / 7, ha="left", weight="bold")
        # Measured without hinting, which widens text on a screen by some percent.
        line, size = fit_text(line, 0.93 * (self.width - 2 * MARGIN))
        self.text(MARGIN, self.y + 5.6, line, size=size, ha="left", color=INK)
        self.y += 7.5 + GAP

    def heading(self, text: str):
        """Write what the following lines are, with a rule above."""
        self.y += GAP
        self.axes.plot((MARGIN, self.width - MARGIN), (self.y, self.y), color="#CCCCCC", lw=0.5)
        self.text(MARGIN, self.y + 2.2, text, size=SMALL, ha="left", color=GRAY)
        self.y += 4.4

    def words(self, columns: Sequence[Sequence[str]], first: str = "normal"):
        """Write some lines in each column, the first of them in this weight."""
        for column, lines in enumerate(columns):
            for number, line in enumerate(lines):
                weight = first if number == 0 else "normal"
                self.cell(column, self.y + LINE * (number + 0.5), line, weight)
        self.y += LINE * max(map(len, columns))

    def bars(self, parts: Sequence[Block], values: Sequence[int], texts: Sequence[str]):
        """Draw a bar and a text for each block."""
        base = self.y + BAR
        self.axes.plot((MARGIN, self.width - MARGIN), (base, base), color=GRAY, lw=0.4)
        for column, (part, value, text) in enumerate(zip(parts, values, texts, strict=True), 1):
            color = COLORS[_boxes(part)[0].kind]
            height = BAR * value / max(values)
            corner = self.middle(column) - 0.3 * self.pitch, base
            self.axes.add_patch(
                Rectangle(corner, 0.6 * self.pitch, -height, facecolor=color, edgecolor="none")
            )
            self.cell(column, base + LINE * 0.6, text, color="black" if value else GRAY)
        self.y = base + LINE * 1.1

    def legend(self, kinds: Sequence[str]):
        """Say what the colors and the sizes mean."""
        self.y += GAP
        x = MARGIN
        for kind in kinds:
            y = self.y + LINE / 2
            patch = Rectangle((x, y - 1), 2, 2, facecolor=COLORS[kind], edgecolor="none")
            self.axes.add_patch(patch)
            self.text(x + 2.8, y, kind, ha="left", size=SMALL)
            x += 7.0 + text_width(kind, SMALL)
        note = "Box sizes: logarithms of height, width, channels"
        if x + text_width(note, SMALL) > self.width - MARGIN:
            self.y += LINE * 1.2
            x = MARGIN
        self.text(x, self.y + LINE / 2, note, size=SMALL, ha="left", color=GRAY)
        self.y += LINE

    def boxes(self, stacks: Sequence[Sequence[Box]], ties: Sequence[tuple[int, int]]):
        """Draw a stack of boxes in each column, arrows between them, and ties above."""
        ceiling = self.y + TIE / 2
        self.y += TIE if ties else 0
        tall = max(box.height + UP * box.depth for stack in stacks for box in stack)
        axis = self.y + tall / 2
        ends, tops = None, []
        for column, stack in enumerate(stacks):
            wide = sum(box.thickness for box in stack)
            left, right = stack[0].depth * RIGHT / 2, stack[-1].depth * RIGHT / 2
            x = self.middle(column) - (left + wide + right) / 2 + left
            starts = x - left
            if ends is not None:
                self.arrow([(ends, axis), (starts - 0.2, axis)])
            back = axis - (stack[0].height + stack[0].depth * UP) / 2
            tops.append((x + left + stack[0].thickness / 2, back - 0.5))
            for box in stack:
                self.box(box, x, axis)
                x += box.thickness
            ends = x + right
        for first, later in ties:
            (x, top), (x2, top2) = tops[first], tops[later]
            self.arrow([(x, top), (x, ceiling), (x2, ceiling), (x2, top2)])
            self.text((x + x2) / 2, ceiling - LINE / 2, "same weights")
        self.y += tall + GAP

    def arrow(self, points: Sequence[tuple[float, float]]):
        """Draw an arrow along some points."""
        style = "-|>,head_length=2.5,head_width=1.2"
        path = FancyArrowPatch(path=Path(points), arrowstyle=style, color=INK, lw=0.6)
        self.axes.add_patch(path)

    def box(self, box: Box, x: float, axis: float):
        """Draw a box with its left side at `x`, seen from the right, from above."""
        right, up = box.depth * RIGHT, box.depth * UP
        x, top, bottom = x - right / 2, axis + (up - box.height) / 2, axis + (up + box.height) / 2
        x2 = x + box.thickness
        faces = [
            (0.0, [(x, top), (x2, top), (x2, bottom), (x, bottom)]),
            (0.55, [(x, top), (x + right, top - up), (x2 + right, top - up), (x2, top)]),
            (0.3, [(x2, top), (x2 + right, top - up), (x2 + right, bottom - up), (x2, bottom)]),
        ]
        for white, corners in faces:
            white = 0.6 + 0.4 * white if box.reused else white
            self.axes.add_patch(
                Polygon(
                    corners, facecolor=_tint(COLORS[box.kind], white), edgecolor=INK, lw=0.4,
                    linestyle=(0, (3, 1.5)) if box.reused else "solid", joinstyle="round",
                    gid=box.kind,
                )
            )  # fmt: skip
