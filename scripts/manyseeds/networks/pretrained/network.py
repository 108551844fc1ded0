"""A network of ImageNet that takes images from 0 to 1."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from manyseeds.networks.pretrained.classes import class_names


class Normalisation(nn.Module):
    """Brings images to the values a network was trained with: (image - mean) / std.

    Parameters
    ----------
    mean, std : sequence of float
        One of each for red, green and blue, for images from 0 to 1.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float]):
        super().__init__()
        # Buffers, so that they follow the network to another device or dtype.
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1))
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Return the images, (B, 3, H, W), normalised."""
        return (images - self.mean) / self.std


class PretrainedNetwork(nn.Module):
    """A network trained on ImageNet, with its normalisation as the first layer.

    Since the normalisation is a layer, gradients are those to the pixels from 0 to 1, and nobody
    can forget it. Each layer is a submodule of its own and none writes over its input, so hooks
    may be put anywhere. ``.double()`` gives the same network in float64; what is differentiable
    is so any number of times.

    Parameters
    ----------
    name : str
        One of `manyseeds.networks.pretrained.NAMES`.
    network : torch.nn.Module
        From normalised images to logits.
    normalisation : Normalisation
        What the network was trained with.
    image_size : int
        Height and width in pixels of the images the network was made for.

    Attributes
    ----------
    name, network, normalisation, image_size
        As given.
    """

    def __init__(
        self, name: str, network: nn.Module, normalisation: Normalisation, image_size: int
    ):
        super().__init__()
        self.name, self.image_size = name, image_size
        self.normalisation = normalisation
        self.network = network
        self.eval().requires_grad_(False)

    @property
    def classes(self) -> list[str]:
        """The 1000 names of the classes, by index."""
        # Looked up when they are asked for: torchvision, which has them, takes a second to import.
        return list(class_names())

    def forward(self, images: Tensor) -> Tensor:
        """Return the logits.

        Parameters
        ----------
        images : Tensor
            (B, 3, H, W), red, green and blue from 0 to 1, of the network's dtype. Other sizes
            than `image_size` are possible; the network then sees things larger or smaller than
            it learned them.

        Returns
        -------
        Tensor
            (B, 1000).
        """
        return self.network(self.normalisation(images))
