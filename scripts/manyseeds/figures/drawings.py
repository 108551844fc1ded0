"""Drawings of networks as found in articles: a box a block, from the image to the logits.

A drawing is laid out in columns: the image, then a block each. Under the boxes stand the layers
of each block, the shape of what it passes on, and its part of the network's parameters and
multiplications.
"""

from collections.abc import Sequence
from typing import Any

from matplotlib.figure import Figure

from manyseeds.figures.boxes import COLORS, Box, box_of, boxes_of, draw_stack, height_of
from manyseeds.figures.paper import PAGE_WIDTH, SMALLEST_TITLE, TITLE_SIZE, Paper, text_width
from manyseeds.figures.style import GRAY, INCH, INK, SINGLE_COLUMN
from manyseeds.networks.layers import (
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
from manyseeds.networks.summary import Block, blocks, grouped, is_reused

TEXT, SMALL, LINE = 6.5, 6.0, 2.9
"""Points on paper of text and of headings, and a line's height in millimeters."""
MARGIN, GAP, WIDEST = 2.5, 2.2, 24.0
"""Millimeters: around the drawing, between its parts, and the widest column."""
BAR, TIE = 5.0, 5.5
"""Millimeters: height of the largest bar, and room for ties above the boxes."""


def draw(architecture: str, layers: Sequence[PlacedLayer], dataset: str) -> Figure:
    """Return the drawing of a network.

    The sizes of its boxes are those of `boxes`. What a dense layer gives is drawn as maps of one
    pixel. A layer that is used again has a dashed outline and an arrow from where it was first
    used.

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
    stacks = [[box_of("image", image)], *map(boxes_of, parts)]

    columns = _Columns(len(stacks))
    columns.title(
        f"{architecture} for {dataset}",
        f"Images of {' × '.join(map(str, image))}, {layers[-1].output[0]} classes; "
        f"{_all_digits(learned)} learned parameters"
        + (f" and {_all_digits(averages)} moving averages" if averages else ""),
    )
    columns.boxes(stacks, _columns_of_reuse(parts))
    words = [["image"], *(_words_of(part, columns.pitch - 1) for part in parts)]
    words[-1].append("logits")
    columns.words(words, first="bold")
    columns.heading("Output: channels, height × width")
    columns.words([_lines_of_shape(image), *(_lines_of_shape(part.output) for part in parts)])
    columns.heading(f"Learned parameters: {_all_digits(learned)}")
    columns.bars(
        parts, [part.parameters for part in parts], [_parameters_of(part) for part in parts]
    )
    columns.heading(f"Multiplications for one image: {_three_digits(sum(multiplications))}")
    columns.bars(parts, multiplications, list(map(_three_digits, multiplications)))
    columns.legend([kind for kind in COLORS if any(box.kind == kind for s in stacks for box in s)])
    return columns.finish()


def _columns_of_reuse(parts: Sequence[Block]) -> list[tuple[int, int]]:
    """Return the columns of layers that are used again: of the first use, and of the later."""
    column = {part.main.name: number for number, part in enumerate(parts, start=1)}
    return [
        (column[part.main.weights_of], column[part.main.name])
        for part in parts
        if is_reused(part.main)
    ]


def _words_of(block: Block, room: float) -> list[str]:
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


def _lines_of_shape(shape: Shape) -> list[str]:
    """Return the channels, and where there are maps their height and width."""
    channels, *pixels = map(str, shape)
    return [channels, " × ".join(pixels)] if pixels else [channels]


def _parameters_of(block: Block) -> str:
    """Return a block's number of parameters, or whose it uses again."""
    return f"as {block.main.weights_of}" if is_reused(block.main) else _all_digits(block.parameters)


def _all_digits(number: int) -> str:
    """Return a number with thin spaces between its thousands."""
    return grouped(number, "\u2009")


def _three_digits(number: int) -> str:
    """Return a number to three digits: ``28.3 M``."""
    for unit, name in ((10**9, " G"), (10**6, " M"), (10**3, " k")):
        # 999.6 k would round to 1e+03 k.
        if number >= 0.9995 * unit:
            return f"{number / unit:#.3g}".rstrip(".") + name
    return str(number)


class _Columns:
    """A paper of equal columns that is filled part by part from the top; `y` is how far."""

    def __init__(self, count: int):
        self.pitch = min(WIDEST, (PAGE_WIDTH - 2 * MARGIN) / count)
        width = max(SINGLE_COLUMN * INCH, 2 * MARGIN + self.pitch * count)
        self.left = (width - self.pitch * count) / 2
        self.right_margin = width - MARGIN
        self.room = width - 2 * MARGIN
        self.y = MARGIN
        self.paper = Paper(width)

    def finish(self) -> Figure:
        """Cut the paper below what is drawn, and return the figure."""
        self.paper.cut(self.y + MARGIN)
        return self.paper.figure

    def middle(self, column: int) -> float:
        """Return the middle of a column, millimeters from the left."""
        return self.left + self.pitch * (column + 0.5)

    def cell(self, column: int, y: float, text: str, weight: str = "normal", color: str = "black"):
        """Write a line in a column, smaller if need be."""
        self.paper.write(
            self.middle(column), y, text, size=TEXT, room=0.93 * self.pitch,
            weight=weight, color=color, ha="center",
        )  # fmt: skip

    def title(self, name: str, line: str):
        """Write the name of the drawing and a line about it."""
        # Measured without hinting, which widens text on a screen by some percent.
        self.paper.write(
            MARGIN, self.y + 1.7, name, size=TITLE_SIZE, smallest=SMALLEST_TITLE,
            room=34 / 35 * self.room, weight="bold",
        )  # fmt: skip
        self.paper.write(MARGIN, self.y + 5.6, line, room=0.93 * self.room, color=INK)
        self.y += 7.5 + GAP

    def heading(self, text: str):
        """Write what the following lines are, with a rule above."""
        self.y += GAP
        self._rule(color="#CCCCCC", lw=0.5)
        self.paper.write(MARGIN, self.y + 2.2, text, size=SMALL, color=GRAY)
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
        self.y += BAR
        self._rule(color=GRAY, lw=0.4)
        for column, (part, value, text) in enumerate(zip(parts, values, texts, strict=True), 1):
            height = BAR * value / max(values)
            self.paper.rectangle(
                self.middle(column) - 0.3 * self.pitch, self.y - height, 0.6 * self.pitch, height,
                facecolor=COLORS[boxes_of(part)[0].kind], edgecolor="none",
            )  # fmt: skip
            self.cell(column, self.y + LINE * 0.6, text, color="black" if value else GRAY)
        self.y += LINE * 1.1

    def legend(self, kinds: Sequence[str]):
        """Say what the colors and the sizes mean."""
        self.y += GAP
        x, middle = MARGIN, self.y + LINE / 2
        for kind in kinds:
            color = COLORS[kind]
            self.paper.rectangle(x, middle - 1, 2, 2, facecolor=color, edgecolor="none")
            self.paper.write(x + 2.8, middle, kind, size=SMALL)
            x += 7.0 + text_width(kind, SMALL)
        note = "Box sizes: logarithms of height, width, channels"
        if x + text_width(note, SMALL) > self.right_margin:
            self.y += LINE * 1.2
            x = MARGIN
        self.paper.write(x, self.y + LINE / 2, note, size=SMALL, color=GRAY)
        self.y += LINE

    def boxes(self, stacks: Sequence[Sequence[Box]], reuse: Sequence[tuple[int, int]]):
        """Draw a stack of boxes in each column, arrows between them, and above from first uses."""
        ceiling = self.y + TIE / 2
        self.y += TIE if reuse else 0
        tall = height_of(stacks)
        axis = self.y + tall / 2
        places: list[Any] = []
        for column, stack in enumerate(stacks):
            place = draw_stack(self.paper, stack, self.middle(column), axis)
            if places:
                self.paper.arrow([(places[-1].end, axis), (place.start - 0.2, axis)], INK)
            places.append(place)
        for first, later in reuse:
            (x, top), (x2, top2) = places[first].top, places[later].top
            self.paper.arrow([(x, top), (x, ceiling), (x2, ceiling), (x2, top2)], INK)
            middle = (x + x2) / 2, ceiling - LINE / 2
            self.paper.write(*middle, "same weights", size=TEXT, ha="center")
        self.y += tall + GAP

    def _rule(self, **style):
        self.paper.line([(MARGIN, self.y), (self.right_margin, self.y)], **style)
