"""The table of all architectures in docs/architectures.md, made from the architectures themselves.

``make docs`` writes it again after a change of the architectures.
"""

from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

from manyseeds.networks.architectures import ARCHITECTURES, build, count_parameters
from manyseeds.networks.layers import BatchNorm, Conv, Dense, Dropout, MaxPool, PlacedLayer, Shape
from manyseeds.networks.summary import Block, blocks, grouped, is_reused, shape_text

PAGE = Path(__file__).parents[3] / "docs/architectures.md"
BEGIN, END = (
    "<!-- made by scripts/manyseeds/networks/catalogue.py -->",
    "<!-- end of what catalogue.py makes -->",
)
SMALL_IMAGES, SMALL_CLASSES = (1, 28, 28), 10
"""Those of Fashion-MNIST, for which the last column counts."""


def table() -> str:
    """Return the table of all architectures in Markdown, a row each."""
    small = f"{shape_text(SMALL_IMAGES)}, {SMALL_CLASSES} classes"
    rows = [
        ("name", "source", "layers", "made for", "parameters", f"parameters for {small}"),
        ("---", "---", "---", "---", "---:", "---:"),
    ]
    for name, architecture in ARCHITECTURES.items():
        layers = build(name, architecture.images, architecture.classes)
        rows.append(
            (
                f"`{name}`",
                architecture.source,
                compact(layers),
                f"{shape_text(architecture.images)}, {architecture.classes} classes",
                grouped(count_parameters(layers)),
                parameters(name, SMALL_IMAGES, SMALL_CLASSES),
            )
        )
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def parameters(name: str, images: Shape, classes: int) -> str:
    """Return the number of learned parameters of an architecture for such images."""
    return grouped(count_parameters(build(name, images, classes)))


def compact(layers: Sequence[PlacedLayer]) -> str:
    """Return a network's layers in a line: ``3 x 3: 16 ↓, 32; dense: 512, 2``."""
    parts = [
        f"{kind}: {', '.join(map(_item, members))}"
        for kind, members in groupby(blocks(layers), _kind)
    ]
    return "; ".join(parts)


def _kind(block: Block) -> str:
    match block.main.layer:
        case Conv(kernel=kernel, stride=stride, same=same):
            text = f"{kernel} x {kernel}" + f", stride {stride}" * (stride != 1)
            return text + ", not padded" * (not same)
    return "dense"


def _item(block: Block) -> str:
    """Return the width of a block with the signs of what it has beside."""
    text = ""
    for placed in block.layers:
        match placed.layer:
            case Conv(channels=width) | Dense(units=width):
                text += f"{width}" + " again" * is_reused(placed)
            case MaxPool(size):
                text += " ↓" + str(size) * (size != 2)
            case BatchNorm():
                text += " norm"
            case Dropout(rate):
                text += f"dropout {rate:g}, "
    return text


def renewed(page: str) -> str:
    """Return the page with the table that the architectures have now."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
