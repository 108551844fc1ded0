"""Many seeds as one network.

The weights of S seeds lie along a leading axis and run through each layer together: a
convolution over S seeds is one convolution with S groups of channels, a dense layer is one
batched matrix product. No seed's output depends on another seed's weights, so the sum of
the seeds' losses has for gradient each seed's own, and a stack trains S networks as if each
were alone.
"""

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from manyseeds.architectures import Conv, Dense, Flatten, MaxPool, PlacedLayer, ReLU


def initial_weights(
    layers: Sequence[PlacedLayer], generator: np.random.Generator, distribution: str = "he"
) -> dict[str, np.ndarray]:
    """Draw one seed's weights before training: uniform in [-a, a], biases zero.

    He's a = sqrt(6 / fan_in) keeps the size of the activations from layer to layer of rectified
    units. Glorot's a = sqrt(6 / (fan_in + fan_out)) is the default of Keras, with which the
    essays train; their nine convolutions then shrink a dim image to next to nothing, and now
    and then a network falls silent before it begins to learn.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.architectures.build`.
    generator : numpy.random.Generator
        The seed's own.
    distribution : "he" or "glorot"

    Returns
    -------
    dict of str to numpy.ndarray
        float32 arrays named ``conv1.weight``, ``conv1.bias``, ... in the order of the layers.

    References
    ----------
    He et al. (2015), Delving deep into rectifiers, equation 10.
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward
    neural networks, equation 16.
    """
    weights = {}
    for placed in layers:
        shape = placed.weight_shape
        if shape is None:
            continue
        receptive_field = int(np.prod(shape[2:]))
        fan_out, fan_in = shape[0] * receptive_field, shape[1] * receptive_field
        limit = np.sqrt(6 / {"he": fan_in, "glorot": fan_in + fan_out}[distribution])
        weights[f"{placed.name}.weight"] = generator.uniform(-limit, limit, shape).astype("float32")
        weights[f"{placed.name}.bias"] = np.zeros(shape[0], "float32")
    return weights


class StackedNetwork(nn.Module):
    """One architecture with the weights of S seeds.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.architectures.build`.
    weights : dict of str to array
        float32, the seeds along the leading axis: ``conv1.weight`` is
        (S, channels out, channels in, kernel, kernel), ``dense1.weight`` (S, units, features),
        each ``.bias`` (S, channels or units). What `load_file` of safetensors gives is right.

    Notes
    -----
    Activations keep seeds and channels in one axis, (B, S * channels, height, width), in
    the memory format ``channels_last``, the fastest for convolutions on processors.
    """

    def __init__(self, layers: Sequence[PlacedLayer], weights: dict[str, np.ndarray | Tensor]):
        super().__init__()
        self.layers = list(layers)
        self._execution_order = _pool_before_relu(layers)
        self.seeds = next(iter(weights.values())).shape[0]
        # In the order of the layers, whatever the order of a file. "." is not allowed in the
        # name of a parameter.
        self.stacked = nn.ParameterDict()
        for placed in self.layers:
            if placed.weight_shape:
                for part in ("weight", "bias"):
                    value = torch.as_tensor(weights[f"{placed.name}.{part}"])
                    self.stacked[f"{placed.name}_{part}"] = nn.Parameter(value.clone())

    @classmethod
    def of_seeds(cls, layers: Sequence[PlacedLayer], seeds: Sequence[dict[str, np.ndarray]]):
        """Stack the weights of several seeds, each as from `initial_weights`."""
        return cls(layers, {k: np.stack([one[k] for one in seeds]) for k in seeds[0]})

    def weights(self) -> dict[str, Tensor]:
        """Return the weights by name, seeds along the leading axis, detached."""
        return {k.replace("_", "."): v.detach().contiguous() for k, v in self.stacked.items()}

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits of every seed.

        Parameters
        ----------
        images : Tensor
            float, 0 to 1. Either (S, B, channels, height, width), a minibatch for each seed,
            or (B, channels, height, width), the same images for all.

        Returns
        -------
        Tensor
            (S, B, classes).
        """
        shared = images.ndim == 4
        x = images if shared else images.transpose(0, 1).flatten(1, 2)
        x = _channels_last(x)
        for placed in self._execution_order:
            match placed.layer:
                case Conv(kernel=kernel):
                    weight, bias = self._weight_and_bias(placed)
                    # Of a shared image all the seeds' filters make one bank; after that the
                    # maps of each seed are a group of their own.
                    groups = 1 if shared else self.seeds
                    shared = False
                    x = F.conv2d(x, weight.flatten(0, 1), bias.flatten(), 1, kernel // 2, 1, groups)
                case MaxPool(size):
                    x = F.max_pool2d(x, size)
                case ReLU():
                    x = F.relu(x)
                case Flatten():
                    x = x.unflatten(1, (1 if shared else self.seeds, -1)).flatten(2).transpose(0, 1)
                    x = x.expand(self.seeds, -1, -1)
                case Dense():
                    weight, bias = self._weight_and_bias(placed)
                    x = torch.baddbmm(bias[:, None], x, weight.transpose(1, 2))
        return x

    def _weight_and_bias(self, placed: PlacedLayer) -> tuple[Tensor, Tensor]:
        return self.stacked[f"{placed.name}_weight"], self.stacked[f"{placed.name}_bias"]


def _channels_last(x: Tensor) -> Tensor:
    """Return x, (B, C, H, W), in the memory format channels_last, unmistakably.

    Of a single channel both formats have the same bytes, and PyTorch would take the other one
    for all that follows, with poolings several times slower; strides tell them apart.
    """
    x = x.contiguous(memory_format=torch.channels_last)
    channels, height, width = x.shape[1:]
    strides = (height * width * channels, 1, width * channels, channels)
    return x.as_strided(x.shape, strides) if channels == 1 else x


def _pool_before_relu(layers: Sequence[PlacedLayer]) -> list[PlacedLayer]:
    """Swap each ReLU with the pooling that follows it.

    max(0, .) commutes with the largest of a window, and after the pooling a quarter of the
    values are left to rectify.
    """
    order = list(layers)
    for index in range(len(order) - 1):
        if isinstance(order[index].layer, ReLU) and isinstance(order[index + 1].layer, MaxPool):
            order[index], order[index + 1] = order[index + 1], order[index]
    return order
