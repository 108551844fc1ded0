"""The networks of the study, by name.

An architecture is written down once, as a list of layers without weights; `stacking` turns
the list into a network of one seed or of many. `build` resolves what depends on the images:
the shapes, and the poolings that a small image has no room for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod

from manyseeds.errors import InputError
from manyseeds.networks.layers import (
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    Layer,
    MaxPool,
    PlacedLayer,
    ReLU,
    Shape,
)


def _pairs(channels: Sequence[int], unpooled: Sequence[int] = ()) -> list[Layer]:
    """3 x 3 convolutions, each with ReLU and, but for those numbered in `unpooled`, a pooling."""
    layers: list[Layer] = []
    for number, width in enumerate(channels, start=1):
        layers += [Conv(width), ReLU()]
        if number not in unpooled:
            layers.append(MaxPool())
    return layers


def _dense(units: Sequence[int]) -> list[Layer]:
    """Flatten, then dense layers with ReLU."""
    return [Flatten(), *(layer for n in units for layer in (Dense(n), ReLU()))]


_DEEP = (16, 16, 16, 32, 32, 32, 64, 64, 64)


def _deep_tied() -> list[Layer]:
    layers: list[Layer] = []
    # Channels, tied name, and whether a pooling follows, in the order of the essay's `call`.
    for channels, tied, pooled in (
        (16, None, False),
        (16, "conv16", True),
        (16, "conv16", True),
        (32, None, True),
        (32, "conv32_2", False),
        (32, "conv32_2", True),
        (64, None, False),
        (64, "conv64_2", True),
        (64, "conv64_2", True),
    ):
        layers += [Conv(channels, tied=tied), ReLU()]
        if pooled:
            layers.append(MaxPool())
    return layers + _dense([512])


def _medium_tied() -> list[Layer]:
    layers: list[Layer] = []
    for channels, tied in ((16, None), (16, "conv16"), (16, "conv16"), (32, None)):
        layers += [Conv(channels, tied=tied), ReLU(), MaxPool()]
    return layers + _dense([512, 50])


def _alexnet() -> list[Layer]:
    pool = MaxPool(size=3, stride=2)
    return [
        Conv(96, kernel=11, stride=4, same=False), ReLU(), pool, BatchNorm(),
        Conv(256, kernel=5), ReLU(), pool, BatchNorm(),
        Conv(384), ReLU(), Conv(384), ReLU(), Conv(256), ReLU(), pool,
        Flatten(),
        Dropout(0.5), Dense(2048), ReLU(),
        Dropout(0.5), Dense(2048), ReLU(),
    ]  # fmt: skip


def _convnet() -> list[Layer]:
    return [
        Conv(6, kernel=5, same=False), ReLU(), MaxPool(),
        Conv(16, kernel=5, same=False), ReLU(), MaxPool(),
        *_dense([120, 84]),
    ]  # fmt: skip


@dataclass(frozen=True)
class Architecture:
    """An architecture of the documents.

    Attributes
    ----------
    hidden : callable
        Returns its layers up to, and without, the one that gives the logits.
    source : str
        Where it is described.
    images : tuple of int
        (channels, height, width) of the images it was made for.
    classes : int
        Classes it was made for.
    """

    hidden: Callable[[], list[Layer]]
    source: str
    images: Shape
    classes: int


ARCHITECTURES = {
    "deep": Architecture(
        lambda: _pairs(_DEEP, unpooled=[5]) + _dense([512]),
        "essays 000 and 001: nine convolutions, a layer of 512 units",
        (3, 256, 256),
        2,
    ),
    "deep_50": Architecture(
        lambda: _pairs(_DEEP, unpooled=[5]) + _dense([512, 50]),
        "essay 000: `deep` with one more layer, of 50 units",
        (3, 256, 256),
        2,
    ),
    "deep_tied": Architecture(
        _deep_tied,
        "essay 000, functional form: three of its convolutions are used twice",
        (3, 256, 256),
        2,
    ),
    "medium": Architecture(
        lambda: _pairs(_DEEP[:4]) + _dense([512, 50]),
        "essay 000, flowers: the first four convolutions of `deep_50`",
        (3, 128, 128),
        5,
    ),
    "medium_tied": Architecture(
        _medium_tied,
        "scripts behind the essays' pictures: `medium` with one convolution used twice",
        (3, 256, 256),
        5,
    ),
    "alexnet": Architecture(
        _alexnet,
        "essay 000, after Krizhevsky et al. (2012): batch normalisation, dropout",
        (3, 256, 256),
        2,
    ),
    "logistic": Architecture(
        lambda: [Flatten()],
        "lecture 002: multinomial logistic regression",
        (3, 32, 32),
        10,
    ),
    "linear_relu": Architecture(
        lambda: _dense([512]),
        "lecture 002: one hidden layer",
        (3, 32, 32),
        10,
    ),
    "convnet": Architecture(
        _convnet,
        "lecture 002: two convolutions, then dense layers",
        (3, 32, 32),
        10,
    ),
}

NAMES = tuple(ARCHITECTURES)


def build(name: str, image_shape: Shape, classes: int) -> list[PlacedLayer]:
    """Lay out an architecture for images of one shape.

    Poolings are left out, the last first, where the map would vanish: 256 x 256 pixels have
    room for all eight of `deep`, 28 x 28 for four, and for one of the three of `alexnet`.

    Parameters
    ----------
    name : str
        One of `NAMES`; `ARCHITECTURES` tells where each is from.
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
        When no architecture has that name, or a convolution has no room in such images.
    """
    if name not in ARCHITECTURES:
        raise InputError(f"architecture {name!r}: unknown. Choose one of {', '.join(NAMES)}.")
    placed: list[PlacedLayer] = []
    counts: dict[str, int] = {}
    tied: dict[str, str] = {}
    shape = tuple(image_shape)
    for layer in [*ARCHITECTURES[name].hidden(), Dense(classes)]:
        if isinstance(layer, MaxPool) and min(shape[1:]) < layer.size:
            continue
        kind = type(layer).__name__.lower()
        counts[kind] = counts.get(kind, 0) + 1
        own = f"{kind}{counts[kind]}"
        owner = tied.setdefault(getattr(layer, "tied", None) or own, own)
        output = _output_shape(layer, shape)
        if min(output) < 1 and isinstance(layer, Conv):
            raise InputError(
                f"architecture {name!r}: images of {image_shape[1]} x {image_shape[2]} pixels "
                f"are too small for its convolution of {layer.kernel} x {layer.kernel}. Give "
                f"the dataset a larger size."
            )
        placed.append(PlacedLayer(own, layer, shape, output, owner))
        shape = output
    return placed


def image_shape(images) -> Shape:
    """Return the (channels, height, width) of images stored (n, height, width, channels)."""
    _, height, width, channels = images.shape
    return channels, height, width


def _output_shape(layer: Layer, shape: Shape) -> Shape:
    match layer:
        case Conv(channels, kernel, stride):
            pixels = (side + 2 * layer.padding - kernel for side in shape[1:])
            return channels, *(left // stride + 1 for left in pixels)
        case MaxPool(size, stride):
            return shape[0], *((side - size) // stride + 1 for side in shape[1:])
        case Flatten():
            return (prod(shape),)
        case Dense(units):
            return (units,)
    return shape


def count_parameters(layers: Sequence[PlacedLayer]) -> int:
    """Return the number of weights that one seed's network learns."""
    return sum(layer.parameters for layer in layers)
