"""The networks of the study, by name.

An architecture is written down once, as a list of layers without weights; `stacking` turns
the list into a network of one seed or of many. `build` resolves what depends on the images:
the shapes, and the poolings that a small image has no room for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from manyseeds.errors import InputError

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Conv:
    """A 2-D convolution of stride 1, padded so that height and width stay (Keras' "same")."""

    channels: int
    kernel: int = 3


@dataclass(frozen=True)
class ReLU:
    """Rectified linear units, max(0, x)."""


@dataclass(frozen=True)
class MaxPool:
    """Max-pooling over windows of ``size`` x ``size`` that do not overlap."""

    size: int = 2


@dataclass(frozen=True)
class Flatten:
    """Channels, height and width become one axis of features."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer; the last one of an architecture gives the logits."""

    units: int


Layer = Conv | ReLU | MaxPool | Flatten | Dense


@dataclass(frozen=True)
class PlacedLayer:
    """A layer at its place in a network.

    Attributes
    ----------
    name : str
        Kind and running number, for example ``conv3``; names the layer's weights.
    layer : Layer
    input, output : tuple of int
        Shapes of one image's activations: (channels, height, width) or (features,).
    """

    name: str
    layer: Layer
    input: Shape
    output: Shape

    @property
    def weight_shape(self) -> Shape | None:
        """Shape of one seed's weights, output channels first; None for layers without."""
        match self.layer:
            case Conv(channels, kernel):
                return channels, self.input[0], kernel, kernel
            case Dense(units):
                return units, self.input[0]
        return None

    @property
    def parameters(self) -> int:
        """Number of weights and biases."""
        shape = self.weight_shape
        return 0 if shape is None else prod(shape) + shape[0]


def _deep(dense: Sequence[int]) -> list[Layer]:
    """Nine convolutions, a pooling after each but the fifth, then dense layers."""
    layers: list[Layer] = []
    for number, channels in enumerate((16, 16, 16, 32, 32, 32, 64, 64, 64), start=1):
        layers += [Conv(channels), ReLU()]
        if number != 5:
            layers.append(MaxPool())
    layers.append(Flatten())
    for units in dense:
        layers += [Dense(units), ReLU()]
    return layers


_HIDDEN: dict[str, Callable[[], list[Layer]]] = {
    "deep": lambda: _deep(dense=[512]),
    "deep_50": lambda: _deep(dense=[512, 50]),
}
"""The layers of each architecture up to, and without, the one that gives the logits."""

NAMES = tuple(_HIDDEN)


def build(name: str, image_shape: Shape, classes: int) -> list[PlacedLayer]:
    """Lay out an architecture for images of one shape.

    The deep networks are those of the essays on Snap29 and Snf7 (documents 000 and 001):
    3 x 3 convolutions with 16, 16, 16, 32, 32, 32, 64, 64 and 64 channels, a 512-unit layer
    and, in ``deep_50``, one more of 50 units. Poolings are left out, the last first, where
    the map would vanish: 256 x 256 pixels have room for all eight, 28 x 28 for four.

    Parameters
    ----------
    name : str
        One of `NAMES`.
    image_shape : tuple of int
        (channels, height, width) of an image.
    classes : int
        Number of logits.

    Returns
    -------
    list of PlacedLayer
        From the image to the logits, which are not normalised (no softmax).

    Raises
    ------
    InputError
        When no architecture has that name.
    """
    if name not in _HIDDEN:
        raise InputError(f"architecture {name!r}: unknown. Choose one of {', '.join(NAMES)}.")
    placed: list[PlacedLayer] = []
    counts: dict[str, int] = {}
    shape = tuple(image_shape)
    for layer in [*_HIDDEN[name](), Dense(classes)]:
        if isinstance(layer, MaxPool) and min(shape[1:]) < layer.size:
            continue
        kind = type(layer).__name__.lower()
        counts[kind] = counts.get(kind, 0) + 1
        output = _output_shape(layer, shape)
        placed.append(PlacedLayer(f"{kind}{counts[kind]}", layer, shape, output))
        shape = output
    return placed


def image_shape(images) -> Shape:
    """Return the (channels, height, width) of images stored (n, height, width, channels)."""
    _, height, width, channels = images.shape
    return channels, height, width


def _output_shape(layer: Layer, shape: Shape) -> Shape:
    match layer:
        case Conv(channels):
            return channels, *shape[1:]
        case MaxPool(size):
            return shape[0], shape[1] // size, shape[2] // size
        case Flatten():
            return (prod(shape),)
        case Dense(units):
            return (units,)
    return shape


def count_parameters(layers: Sequence[PlacedLayer]) -> int:
    """Return the number of weights and biases of one seed's network."""
    return sum(layer.parameters for layer in layers)
