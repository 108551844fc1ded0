"""The plain twin of a stack: the same function in ordinary PyTorch operations.

`StackedNetwork` is made for speed: fused kernels, bytes, a low precision, one group of channels a
seed. What looks into a network needs other things: modules with names to hook into, float64,
gradients to the input, second derivatives. `StackedNetwork.plain` is the switch from the one to the
other. Both give the same logits, to rounding error.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call, vmap

from manyseeds.networks.layers import (
    MOVING,
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

_ATTRIBUTES = {
    "weight": "weight",
    "bias": "bias",
    "mean": "running_mean",
    "variance": "running_var",
}
"""What PyTorch's modules call the parts of a layer's weights."""


class PlainNetwork(nn.Module):
    """The network of one seed, a standard module of PyTorch for each layer.

    Called with images, float (B, channels, height, width) from 0 to 1, it returns their logits,
    (B, classes). It is in evaluation mode until `train` is called, and has the dtype and device of
    its weights until `to` is.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.networks.architectures.build`.
    weights : dict of str to array
        The seed's, which are copied: ``conv1.weight``, ``conv1.bias``, ... as from
        `manyseeds.networks.initial.initial_weights`.

    Notes
    -----
    Each layer is a submodule of its own name (``network.conv3``) and runs once for each batch,
    so that a hook on it sees one call. Where layers are tied, each is a module, and all of them
    hold the same `Parameter`, which `named_parameters` lists once, under the first one's name.

    In training mode batch normalisation and dropout are PyTorch's: dropout draws from PyTorch's
    generator, and the moving averages count the 0 and 1 that they begin from.
    """

    def __init__(self, layers: Sequence[PlacedLayer], weights: Mapping[str, np.ndarray | Tensor]):
        super().__init__()
        for placed in layers:
            module = _module(placed.layer, placed.input)
            for part in placed.weight_shapes:
                value = torch.as_tensor(weights[f"{placed.name}.{part}"]).detach().clone()
                learned = part not in MOVING
                setattr(module, _ATTRIBUTES[part], nn.Parameter(value) if learned else value)
            if placed.weights_of != placed.name:
                first = self.get_submodule(placed.weights_of)
                module.weight, module.bias = first.weight, first.bias
            self.add_module(placed.name, module)
        self.eval()

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits, (B, classes), of images (B, channels, height, width)."""
        x = images
        for module in self.children():
            x = module(x)
        return x


class PlainStack(nn.Module):
    """The networks of S seeds as one function, for derivatives of any order.

    It is in evaluation mode until `train` is called (then see `PlainNetwork`; each seed's dropout
    draws apart), and has the dtype and device of its weights until `to` or `double` is called.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.networks.architectures.build`.
    weights : dict of str to array
        The seeds along the leading axis, as `StackedNetwork.weights` returns them; copied.

    Attributes
    ----------
    layers : list of PlacedLayer
    seeds : int
        S.
    """

    def __init__(self, layers: Sequence[PlacedLayer], weights: Mapping[str, np.ndarray | Tensor]):
        super().__init__()
        self.layers = list(layers)
        self.seeds = next(iter(weights.values())).shape[0]
        # Its weights have the axis of seeds, so that it runs within `forward` alone.
        self._all_seeds = PlainNetwork(layers, weights)
        self.eval()

    def weights(self) -> dict[str, Tensor]:
        """Return the learned weights by name, seeds along the leading axis.

        They are the stack's own parameters. Moving averages are not among them.
        """
        return dict(self._all_seeds.named_parameters())

    def forward(self, images: Tensor, weights: dict[str, Tensor] | None = None) -> Tensor:
        """Return the logits of every seed.

        Parameters
        ----------
        images : Tensor
            Float, 0 to 1, of the stack's dtype: (B, channels, height, width), the same images for
            all seeds, or (S, B, channels, height, width), a minibatch for each.
        weights : dict of str to Tensor, optional
            Learned weights, by the names of `weights`, in place of the stack's own: all of them or
            some. By it `torch.func.grad`, `jvp` or `hessian` can see a function of the weights.

        Returns
        -------
        Tensor
            (S, B, classes).
        """

        def one_seed(state: dict[str, Tensor], images: Tensor) -> Tensor:
            return functional_call(self._all_seeds, state, (images,))

        state = {**self.weights(), **dict(self._all_seeds.named_buffers()), **(weights or {})}
        shared = images.ndim == 4
        of_all_seeds = vmap(one_seed, (0, None if shared else 0), randomness="different")
        return of_all_seeds(state, images)

    def seed(self, index: int) -> PlainNetwork:
        """Return the network of the seed at a place along the leading axis.

        Its weights are a copy, of the stack's dtype and device. It is in evaluation mode.
        """
        weights = {
            f"{placed.name}.{part}": getattr(
                self._all_seeds.get_submodule(placed.name), _ATTRIBUTES[part]
            )[index]
            for placed in self.layers
            for part in placed.weight_shapes
        }
        return PlainNetwork(self.layers, weights)


def _module(layer: Layer, shape: Shape) -> nn.Module:
    """Return PyTorch's module of a layer whose input has that shape, its weights to be set."""
    # On "meta" no weights are drawn: PyTorch's generator stays as it is.
    match layer:
        case Conv(channels, kernel, stride):
            padding = layer.padding
            return nn.Conv2d(shape[0], channels, kernel, stride, padding, device="meta")
        case ReLU():
            return nn.ReLU()
        case MaxPool(size, stride):
            return nn.MaxPool2d(size, stride)
        case BatchNorm(epsilon, momentum):
            # Keras' momentum, which a layer has, is the share of the old, PyTorch's of the new.
            module = nn.BatchNorm2d(shape[0], epsilon, 1 - momentum, device="meta")
            # A count of minibatches, which has no axis of seeds and with a momentum no use.
            module.num_batches_tracked = None
            return module
        case Dropout(rate):
            return nn.Dropout(rate)
        case Flatten():
            return nn.Flatten()
        case Dense(units):
            return nn.Linear(shape[0], units, device="meta")
