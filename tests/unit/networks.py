"""Networks written out plainly in PyTorch: oracles that share no code with the library."""

import numpy as np
import torch
from torch import nn


def deep_plain(channels: int, classes: int, poolings: int, dense=(512, 50)) -> nn.Sequential:
    """Return the deep network for images with room for so many poolings, down to 1 x 1."""
    modules, previous = [], channels
    for number, width in enumerate([16, 16, 16, 32, 32, 32, 64, 64, 64], start=1):
        modules += [nn.Conv2d(previous, width, 3, padding=1), nn.ReLU()]
        if number != 5 and poolings:
            modules.append(nn.MaxPool2d(2))
            poolings -= 1
        previous = width
    modules.append(nn.Flatten())
    for units in dense:
        modules += [nn.Linear(previous, units), nn.ReLU()]
        previous = units
    return nn.Sequential(*modules, nn.Linear(previous, classes))


def load(plain: nn.Sequential, weights: dict[str, np.ndarray]) -> nn.Sequential:
    """Fill a plain network with one seed's weights, which come in the order of its layers."""
    with torch.no_grad():
        for parameter, value in zip(plain.parameters(), weights.values(), strict=True):
            parameter.copy_(torch.from_numpy(value))
    return plain
