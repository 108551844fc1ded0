"""What a network consists of: a table of its layers, and the blocks that a drawing shows.

Everything is read off the layers that `architectures.build` lays out, so that table, drawing
and the network that is trained cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

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


def summary(layers: Sequence[PlacedLayer]) -> pd.DataFrame:
    """Return a network's layers as a table, one row a layer, from the image to the logits.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As `architectures.build` returns them.

    Returns
    -------
    pandas.DataFrame
        Columns layer (name), kind, output_shape (channels x height x width, or the number of
        features), parameters (learned), moving_averages (of batch normalisation; Keras counts
        them with the parameters) and multiplications (with their additions, for one image).
        No row is a total: a column's sum is that of the network, for tied layers have their
        parameters in their first row only.
    """
    return pd.DataFrame(
        {
            "layer": [placed.name for placed in layers],
            "kind": [kind(placed) for placed in layers],
            "output_shape": [shape_text(placed.output) for placed in layers],
            "parameters": [placed.parameters for placed in layers],
            "moving_averages": [placed.moving_averages for placed in layers],
            "multiplications": [placed.multiplications for placed in layers],
        }
    )


def kind(placed: PlacedLayer) -> str:
    """Return what a layer is, in words: ``convolution 11 x 11, 96, stride 4, not padded``."""
    match placed.layer:
        case Conv(channels, kernel, stride, same):
            words = [f"convolution {kernel} x {kernel}", str(channels)]
            words += [f"stride {stride}"] * (stride != 1)
            words += ["not padded"] * (not same)
        case MaxPool(size, stride):
            words = [f"max-pooling {size} x {size}"]
            words += [f"stride {stride}"] * (stride != size)
        case Dense(units):
            words = [f"dense {units}"]
        case Dropout(rate):
            words = [f"dropout {rate:g}"]
        case BatchNorm():
            words = ["batch normalisation"]
        case Flatten():
            words = ["flatten"]
        case ReLU():
            words = ["ReLU"]
    if is_reused(placed):
        words.append(f"weights of {placed.weights_of}")
    return ", ".join(words)


def is_reused(placed: PlacedLayer) -> bool:
    """Return whether a layer has the weights of an earlier one."""
    return placed.weights_of != placed.name


def shape_text(shape: Shape, times: str = " x ") -> str:
    """Return a shape as text, such as ``16 x 128 x 128``."""
    return times.join(map(str, shape))


def grouped(number: int, separator: str = " ") -> str:
    """Return a number with its digits in groups of three: ``26 824 770``."""
    return f"{number:,}".replace(",", separator)


@dataclass(frozen=True)
class Block:
    """A convolution or a dense layer and what belongs to it: a box of the drawing.

    Attributes
    ----------
    layers : tuple of PlacedLayer
        In order. Flattening and dropout stand before the dense layer they feed; ReLU, pooling
        and batch normalisation after the layer they follow.
    """

    layers: tuple[PlacedLayer, ...]

    @property
    def main(self) -> PlacedLayer:
        """Its convolution or dense layer."""
        return next(placed for placed in self.layers if isinstance(placed.layer, Conv | Dense))

    @property
    def output(self) -> Shape:
        """Shape of what the next block is given."""
        return self.layers[-1].output

    @property
    def parameters(self) -> int:
        """Number of weights that are learned, those of batch normalisation included."""
        return sum(placed.parameters for placed in self.layers)

    @property
    def multiplications(self) -> int:
        """Multiplications and additions, counted as one, for one image."""
        return sum(placed.multiplications for placed in self.layers)


def blocks(layers: Sequence[PlacedLayer]) -> list[Block]:
    """Gather a network's layers into blocks, one for each convolution and dense layer."""
    found: list[list[PlacedLayer]] = [[]]
    complete = False
    for placed in layers:
        # What comes before a layer with weights opens its block, or else that layer itself.
        if complete and isinstance(placed.layer, Conv | Dense | Flatten | Dropout):
            found.append([])
            complete = False
        found[-1].append(placed)
        complete = complete or isinstance(placed.layer, Conv | Dense)
    return [Block(tuple(block)) for block in found]
