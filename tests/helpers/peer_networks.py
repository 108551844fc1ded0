"""Networks written out plainly in PyTorch: oracles that share no code with the library."""

import numpy as np
import torch
from torch import nn

# Small images (channels, height, width), and the poolings that they have room for.
SMALL = {
    "deep": ((3, 28, 28), 4),
    "deep_50": ((3, 28, 28), 4),
    "deep_tied": ((1, 40, 24), 4),
    "medium": ((3, 20, 20), 4),
    "medium_tied": ((3, 20, 20), 4),
    "alexnet": ((1, 35, 35), 2),
    "logistic": ((3, 8, 8), 0),
    "linear_relu": ((3, 16, 16), 0),
    "convnet": ((3, 32, 32), 2),
}


def plain(
    name: str, image: tuple[int, int, int], classes: int, poolings: int | None = None
) -> nn.Sequential:
    """Return an architecture for images (channels, height, width).

    Of its poolings only the first so many are kept, if not all. On the device "meta" it costs
    no memory and no time.
    """
    convolutions, dense = _ARCHITECTURES[name]
    modules = [*convolutions(image[0]), nn.Flatten()]
    all_poolings = [module for module in modules if isinstance(module, nn.MaxPool2d)]
    left_out = [] if poolings is None else all_poolings[poolings:]
    modules = [module for module in modules if module not in left_out]
    features = nn.Sequential(*modules).eval()(torch.zeros(1, *image)).shape[1]
    for units in dense:
        if name == "alexnet":
            modules.append(nn.Dropout(0.5))
        modules += [nn.Linear(features, units), nn.ReLU()]
        features = units
    return nn.Sequential(*modules, nn.Linear(features, classes)).train()


def deep_plain(channels: int, classes: int, poolings: int) -> nn.Sequential:
    """Return `deep_50` for images with room for so many poolings, down to 1 x 1."""
    return plain("deep_50", (channels, 2**poolings, 2**poolings), classes, poolings)


def load(plain: nn.Sequential, weights: dict[str, np.ndarray]) -> nn.Sequential:
    """Fill a plain network with one seed's weights, which come in the order of its layers."""
    with torch.no_grad():
        for tensor, value in zip(learned_and_moving(plain), weights.values(), strict=True):
            tensor.copy_(torch.as_tensor(value))
    return plain


def learned_and_moving(plain: nn.Sequential) -> list[torch.Tensor]:
    """Return weights and moving averages layer by layer, of a layer used repeatedly once."""
    return [
        tensor
        for module in dict.fromkeys(plain)
        for tensor in (*module.parameters(), *module.buffers())
        if tensor.ndim  # PyTorch also counts the minibatches of a batch normalisation
    ]


def as_if_trained(weights: dict[str, np.ndarray], seed: int) -> dict[str, np.ndarray]:
    """Biases, scales and moving averages are no longer 0 or 1, and different for each seed."""
    generator = np.random.default_rng(100 + seed)
    return {
        name: value
        if value.ndim > 1
        else value + generator.uniform(0, 0.2, value.shape).astype("float32")
        for name, value in weights.items()
    }


def _conv(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1), nn.ReLU()]


def _deep(channels):
    return [
        *_conv(channels, 16), nn.MaxPool2d(2),
        *_conv(16, 16), nn.MaxPool2d(2),
        *_conv(16, 16), nn.MaxPool2d(2),
        *_conv(16, 32), nn.MaxPool2d(2),
        *_conv(32, 32),
        *_conv(32, 32), nn.MaxPool2d(2),
        *_conv(32, 64), nn.MaxPool2d(2),
        *_conv(64, 64), nn.MaxPool2d(2),
        *_conv(64, 64), nn.MaxPool2d(2),
    ]  # fmt: skip


def _deep_tied(channels):
    conv16, conv32_2, conv64_2 = (nn.Conv2d(n, n, 3, padding=1) for n in (16, 32, 64))
    return [
        *_conv(channels, 16),
        conv16, nn.ReLU(), nn.MaxPool2d(2),
        conv16, nn.ReLU(), nn.MaxPool2d(2),
        *_conv(16, 32), nn.MaxPool2d(2),
        conv32_2, nn.ReLU(),
        conv32_2, nn.ReLU(), nn.MaxPool2d(2),
        *_conv(32, 64),
        conv64_2, nn.ReLU(), nn.MaxPool2d(2),
        conv64_2, nn.ReLU(), nn.MaxPool2d(2),
    ]  # fmt: skip


def _medium(channels):
    return [
        *_conv(channels, 16), nn.MaxPool2d(2),
        *_conv(16, 16), nn.MaxPool2d(2),
        *_conv(16, 16), nn.MaxPool2d(2),
        *_conv(16, 32), nn.MaxPool2d(2),
    ]  # fmt: skip


def _medium_tied(channels):
    conv16 = nn.Conv2d(16, 16, 3, padding=1)
    return [
        *_conv(channels, 16), nn.MaxPool2d(2),
        conv16, nn.ReLU(), nn.MaxPool2d(2),
        conv16, nn.ReLU(), nn.MaxPool2d(2),
        *_conv(16, 32), nn.MaxPool2d(2),
    ]  # fmt: skip


def _alexnet(channels):
    return [
        nn.Conv2d(channels, 96, 11, stride=4), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.BatchNorm2d(96, eps=0.001, momentum=0.01),
        nn.Conv2d(96, 256, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.BatchNorm2d(256, eps=0.001, momentum=0.01),
        *_conv(256, 384),
        *_conv(384, 384),
        *_conv(384, 256), nn.MaxPool2d(3, 2),
    ]  # fmt: skip


def _convnet(channels):
    return [
        nn.Conv2d(channels, 6, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
    ]  # fmt: skip


_ARCHITECTURES = {
    "deep": (_deep, [512]),
    "deep_50": (_deep, [512, 50]),
    "deep_tied": (_deep_tied, [512]),
    "medium": (_medium, [512, 50]),
    "medium_tied": (_medium_tied, [512, 50]),
    "alexnet": (_alexnet, [2048, 2048]),
    "logistic": (lambda channels: [], []),
    "linear_relu": (lambda channels: [], [512]),
    "convnet": (_convnet, [120, 84]),
}
"""Layers up to the flattening, and the units of the layers with ReLU after it."""
