"""The layers of a network, without weights: what each is, and its place and shapes in a network."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Conv:
    """A 2-D convolution.

    Attributes
    ----------
    channels : int
        Channels of its output.
    kernel : int
        Height and width of the filters.
    stride : int
    same : bool
        Padded so that height and width stay, for an odd kernel and a stride of 1 (Keras'
        "same"); else not padded at all ("valid").
    tied : str, optional
        All convolutions of the same tied name are one layer used repeatedly: one set of weights.
    """

    channels: int
    kernel: int = 3
    stride: int = 1
    same: bool = True
    tied: str | None = None

    @property
    def padding(self) -> int:
        """Rows and columns of zeros on each side."""
        return self.kernel // 2 if self.same else 0


@dataclass(frozen=True)
class ReLU:
    """Rectified linear units, max(0, x)."""


@dataclass(frozen=True)
class MaxPool:
    """Max-pooling over windows of ``size`` x ``size``, one every ``stride`` pixels."""

    size: int = 2
    stride: int = 2


@dataclass(frozen=True)
class BatchNorm:
    """Batch normalisation of every channel, with a scale and a shift that are learned.

    In training by mean and variance of the minibatch, afterwards by their moving averages
    (epsilon and momentum are Keras': 0.001 and 0.99). Training corrects these for the 0 and 1
    that they begin from (Kingma & Ba 2015, section 3): after 360 steps 0.99^360 = 3 % of that 1
    are left, which is twenty times the variance of a dim image.
    """

    epsilon: float = 0.001
    momentum: float = 0.99


@dataclass(frozen=True)
class Dropout:
    """In training each value is zero with this probability and else scaled up to make up."""

    rate: float = 0.5


@dataclass(frozen=True)
class Flatten:
    """Channels, height and width become one axis of features."""


@dataclass(frozen=True)
class Dense:
    """A fully connected layer; the last one of an architecture gives the logits."""

    units: int


Layer = Conv | ReLU | MaxPool | BatchNorm | Dropout | Flatten | Dense


@dataclass(frozen=True)
class PlacedLayer:
    """A layer at its place in a network.

    Attributes
    ----------
    name : str
        Kind and running number, for example ``conv3``.
    layer : Layer
    input, output : tuple of int
        Shapes of one image's activations: (channels, height, width) or (features,).
    weights_of : str
        Name of the layer whose weights it has: its own, or the first of those it is tied to.
    """

    name: str
    layer: Layer
    input: Shape
    output: Shape
    weights_of: str

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """Shapes of one seed's weights by part, those of a tied layer at its first place only.

        ``weight`` (output channels first) and ``bias``; of a `BatchNorm` also ``mean`` and
        ``variance``, the moving averages, which no gradient changes.
        """
        if self.weights_of != self.name:
            return {}
        shape: Shape
        match self.layer:
            case Conv(channels, kernel):
                shape = channels, self.input[0], kernel, kernel
            case Dense(units):
                shape = units, self.input[0]
            case BatchNorm():
                return dict.fromkeys(("weight", "bias", *MOVING), self.input[:1])
            case _:
                return {}
        return {"weight": shape, "bias": shape[:1]}

    @property
    def parameters(self) -> int:
        """Number of weights that are learned."""
        return sum(prod(s) for part, s in self.weight_shapes.items() if part not in MOVING)

    @property
    def moving_averages(self) -> int:
        """Number of moving averages; what Keras counts is these and `parameters`."""
        return sum(prod(s) for part, s in self.weight_shapes.items() if part in MOVING)

    @property
    def multiplications(self) -> int:
        """Multiplications and additions, counted as one, for one image."""
        match self.layer:
            case Conv(kernel=kernel):
                return prod(self.output) * self.input[0] * kernel**2
            case Dense(units):
                return units * self.input[0]
        return 0


MOVING = ("mean", "variance")
"""Parts of a layer's weights that are averages of what it saw, not learned."""


def weight_shapes(layers: Sequence[PlacedLayer]) -> dict[str, Shape]:
    """Return the shapes of a network's weights of one seed, by names such as ``conv1.weight``."""
    return {
        f"{placed.name}.{part}": shape
        for placed in layers
        for part, shape in placed.weight_shapes.items()
    }


def weight_owners(layers: Sequence[PlacedLayer]) -> dict[str, str]:
    """Return, for each layer with weights, the layer whose weights it has.

    That is the layer itself, or for a tied layer the first of those it is tied to.
    """
    own = {placed.name for placed in layers if placed.weight_shapes}
    return {placed.name: placed.weights_of for placed in layers if placed.weights_of in own}
