"""Many seeds as one network.

The weights of S seeds lie along a leading axis and run through each layer together: a
convolution over S seeds is one convolution with S groups of channels, a dense layer is one
batched matrix product. No seed's output depends on another seed's weights, so the sum of
the seeds' losses has for gradient each seed's own, and a stack trains S networks as if each
were alone.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from manyseeds.networks import kernels
from manyseeds.networks.architectures import count_parameters
from manyseeds.networks.layers import (
    MOVING,
    BatchNorm,
    Conv,
    Dense,
    Dropout,
    Flatten,
    MaxPool,
    PlacedLayer,
    ReLU,
)
from manyseeds.networks.plain import PlainStack
from manyseeds.networks.tensors import channels_last, precision_here, to_floats

LARGEST_STACKED_MAP = 64 * 64
"""Pixels of the largest images whose seeds pay to be trained as one stack.

Below it the cost of a step is mostly that of starting each operation, which a stack shares;
above it arithmetic and memory dominate and a stack only crowds the cache. On one core with bf16
and batch 20, six seeds stacked trained 3 500 against 1 330 images/s at 28 x 28, 1 420 against
1 090 at 64 x 64, and 330 against 360 at 128 x 128."""

LARGEST_STACKED_NETWORK = 3_000_000
"""Weights of the largest networks that pay to be stacked on a processor: the optimizer's pass
over more of them costs more than starting operations does."""


def stack_width(
    layers: Sequence[PlacedLayer], seeds: int, device: torch.device | str = "cpu"
) -> int:
    """Return how many seeds should run as one: all where that pays, else one.

    On a processor it pays for small images and small networks, see `LARGEST_STACKED_MAP` and
    `LARGEST_STACKED_NETWORK`. A graphics processor has room for all seeds of a job.
    """
    _, height, width = layers[0].input
    small = height * width <= LARGEST_STACKED_MAP
    small &= count_parameters(layers) <= LARGEST_STACKED_NETWORK
    return seeds if small or torch.device(device).type == "cuda" else 1


class StackedNetwork(nn.Module):
    """One architecture with the weights of S seeds.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.networks.architectures.build`.
    weights : dict of str to array
        float32, the seeds along the leading axis: ``conv1.weight`` is
        (S, channels out, channels in, kernel, kernel), ``dense1.weight`` (S, units, features),
        each ``.bias`` (S, channels or units). What `load_file` of safetensors gives is right.

    Notes
    -----
    Activations keep seeds and channels in one axis, (B, S * channels, height, width), in
    the memory format ``channels_last``, the fastest for convolutions on processors.
    """

    def __init__(self, layers: Sequence[PlacedLayer], weights: Mapping[str, np.ndarray | Tensor]):
        super().__init__()
        self.layers = list(layers)
        self.seeds = next(iter(weights.values())).shape[0]
        # In the order of the layers, whatever the order of a file.
        for placed in self.layers:
            for part in placed.weight_shapes:
                name = f"{placed.name}.{part}"
                value = torch.as_tensor(weights[name]).clone()
                if part in MOVING:
                    self.register_buffer(_attribute(name), value)
                else:
                    self.register_parameter(_attribute(name), nn.Parameter(value))

    @classmethod
    def of_seeds(
        cls, layers: Sequence[PlacedLayer], seeds: Sequence[dict[str, np.ndarray]]
    ) -> "StackedNetwork":
        """Stack the weights of several seeds, each as from `initial_weights`."""
        return cls(layers, {k: np.stack([one[k] for one in seeds]) for k in seeds[0]})

    def weights(self) -> dict[str, Tensor]:
        """Return the weights by name, seeds along the leading axis, detached."""
        return {
            f"{placed.name}.{part}": self._weight(placed, part).detach().contiguous()
            for placed in self.layers
            for part in placed.weight_shapes
        }

    def plain(self) -> PlainStack:
        """Return the same function in ordinary PyTorch operations, with a copy of the weights.

        For derivatives of any order, hooks and float64; in evaluation mode.
        """
        return PlainStack(self.layers, self.weights())

    def in_stacks(self, width: int) -> Iterator["StackedNetwork"]:
        """Yield the seeds as stacks of so many, one after another; all at once is this network."""
        if width >= self.seeds:
            yield self
            return
        weights = self.weights()
        for start in range(0, self.seeds, width):
            some = slice(start, start + width)
            yield StackedNetwork(self.layers, {k: v[some] for k, v in weights.items()})

    def draw_kept(self, generators: Sequence[np.random.Generator], batch: int) -> list[Tensor]:
        """Draw which units dropout keeps.

        Parameters
        ----------
        generators : sequence of numpy.random.Generator
            Each seed's own. They draw for one layer after another.
        batch : int
            Images of the minibatch.

        Returns
        -------
        list of Tensor
            bool (S, batch, features) for each dropout layer, on the processor.
        """
        return [
            torch.from_numpy(
                np.stack([one.random((batch, *placed.input), np.float32) for one in generators])
                >= placed.layer.rate
            )
            for placed in self.layers
            if isinstance(placed.layer, Dropout)
        ]

    def decaying_weights(self) -> list[nn.Parameter]:
        """Return the weights that a penalty on their squares keeps small: no biases or scales."""
        return [
            self._weight(placed, "weight")
            for placed in self.layers
            if isinstance(placed.layer, Conv | Dense) and placed.weight_shapes
        ]

    def forward(
        self,
        images: Tensor,
        kept: Sequence[Tensor] = (),
        seen: int | Tensor | None = None,
    ) -> Tensor:
        """Return the logits of every seed.

        Parameters
        ----------
        images : Tensor
            Either (S, B, ...), a minibatch for each seed, or (B, ...), the same images for all:
            bytes (uint8) as packs have them, (height, width, channels), or floats from 0 to 1,
            (channels, height, width), to which gradients can flow.
        kept : sequence of Tensor, optional
            What each dropout layer keeps in training, as from `draw_kept`; without it nothing is
            dropped.
        seen : int or Tensor, optional
            How many minibatches the moving averages of batch normalisation have seen in
            training: they then are weighted means of the minibatches alone. Without it the 0 and
            1 they begin from count too, as in Keras and PyTorch.

        Returns
        -------
        Tensor
            (S, B, classes).
        """
        shared = images.ndim == 4
        if self._takes_bytes(images):
            x, begin = self._first_block(images.unsqueeze(0) if shared else images), 3
            shared = False
        else:
            x, begin = images if images.is_floating_point() else to_floats(images), 0
            x = channels_last(x if shared else x.transpose(0, 1).flatten(1, 2))
        steps, masks = iter(range(begin, len(self.layers))), iter(kept if self.training else ())
        for step in steps:
            placed = self.layers[step]
            match placed.layer:
                case Conv(stride=stride):
                    bank, biases = (self._weight(placed, part) for part in ("weight", "bias"))
                    # Of a shared image all the seeds' filters make one bank; after that the
                    # maps of each seed are a group of their own.
                    groups = 1 if shared else self.seeds
                    shared = False
                    x = F.conv2d(
                        x, bank.flatten(0, 1), biases.flatten(), stride, placed.layer.padding, 1,
                        groups,
                    )  # fmt: skip
                case ReLU():
                    x, pooled = self._rectify(x, step + 1)
                    if pooled:
                        next(steps)
                case MaxPool(size, stride):
                    x = F.max_pool2d(x, size, stride)
                case BatchNorm():
                    x = self._normalise(x, placed, placed.layer, seen)
                case Dropout(rate):
                    if (units := next(masks, None)) is not None:
                        x = x * (units / (1 - rate)).to(x.dtype)
                case Flatten():
                    x = x.unflatten(1, (1 if shared else self.seeds, -1)).flatten(2).transpose(0, 1)
                    x = x.expand(self.seeds, -1, -1)
                case Dense():
                    weight, bias = (self._weight(placed, part) for part in ("weight", "bias"))
                    x = _dense(x, weight, bias)
        return x

    def _takes_bytes(self, images: Tensor) -> bool:
        """Return whether the first three layers and these images are for `first_block`."""
        match [placed.layer for placed in self.layers[:3]]:
            case [Conv(_, 3, 1, True), ReLU(), MaxPool(2, 2)]:
                own = images.ndim == 5 or self.seeds == 1
                return own and images.dtype == torch.uint8 and kernels.usable(images)
        return False

    def _first_block(self, images: Tensor) -> Tensor:
        weight, bias = (self._weight(self.layers[0], part) for part in ("weight", "bias"))
        return kernels.first_block(images, weight, bias, precision_here(images.device))

    def _rectify(self, x: Tensor, following: int) -> tuple[Tensor, bool]:
        """Return max(0, x), and pooled, if a pooling follows; and whether one does.

        max(0, .) commutes with the largest of a window, and after the pooling a quarter of
        the values are left to rectify.
        """
        match self.layers[following].layer:
            case MaxPool(2, 2) if kernels.usable(x):
                return kernels.pool_relu(x), True
            case MaxPool(size, stride):
                return F.relu(F.max_pool2d(x, size, stride)), True
        return F.relu(x), False

    def _normalise(
        self, x: Tensor, placed: PlacedLayer, layer: BatchNorm, seen: int | Tensor | None
    ) -> Tensor:
        """Return x normalised, seed by seed; in training move the averages along."""
        weight, bias, mean, variance = (
            self._weight(placed, part).flatten() for part in ("weight", "bias", *MOVING)
        )
        if not self.training:
            return F.batch_norm(x, mean, variance, weight, bias, False, eps=layer.epsilon)
        # Keras' momentum, which a layer has, is the share of the old, PyTorch's that of the new.
        new_share: float | Tensor = 1 - layer.momentum
        if seen is not None:
            # So that the weights of all minibatches so far add up to 1, as in Adam's correction.
            new_share = new_share / (1 - layer.momentum ** (seen + 1))
        share = torch.as_tensor(new_share, dtype=mean.dtype, device=mean.device)
        # PyTorch takes its share as a Python number, which a recorded step would keep for ever:
        # with a share of 1 these become the mean and variance of the minibatch itself.
        of_minibatch = torch.zeros_like(mean), torch.ones_like(variance)
        x = F.batch_norm(x, *of_minibatch, weight, bias, True, 1.0, layer.epsilon)
        for moving, new in zip((mean, variance), of_minibatch, strict=True):
            moving.lerp_(new, share)
        return x

    def _weight(self, placed: PlacedLayer, part: str) -> nn.Parameter:
        return getattr(self, _attribute(f"{placed.weights_of}.{part}"))


def _dense(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return each seed's x, (S, B, features), times its weights (S, units, features), plus bias."""
    if len(x) == 1:
        return F.linear(x.squeeze(0), weight.squeeze(0), bias.squeeze(0)).unsqueeze(0)
    if weight[0].numel() > _LARGEST_STACKED_PRODUCT:
        each = zip(x.unbind(), weight.unbind(), bias.unbind(), strict=True)
        return torch.stack([F.linear(*one) for one in each])
    return torch.baddbmm(bias[:, None], x, weight.transpose(1, 2))


_LARGEST_STACKED_PRODUCT = 2**17
"""Weights of a dense layer that pay to be multiplied for all seeds at once, which copies them
transposed: more are multiplied seed by seed (12 seeds, 3072 x 512: 81 instead of 244 ms)."""


def _attribute(name: str) -> str:
    """Return a weight's name as PyTorch's modules allow it, without a dot."""
    return name.replace(".", "_")
