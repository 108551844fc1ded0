"""Images as tensors: bytes and floats, devices and memory formats."""

import numpy as np
import torch
from torch import Tensor


def as_bytes(images: np.ndarray, device: torch.device | str = "cpu") -> Tensor:
    """Return images, uint8 (..., height, width, channels), as a tensor on a device."""
    # Memory-mapped images are read-only, which tensors cannot be: those are copied.
    return torch.from_numpy(np.require(images, requirements=["C", "W"])).to(device)


def to_floats(images: Tensor) -> Tensor:
    """Return bytes (..., height, width, channels) as (..., channels, height, width), 0 to 1."""
    return images.movedim(-1, -3).to(precision_here(images.device)).div_(255)


def precision_here(device: torch.device) -> torch.dtype:
    """Return the type in which convolutions are computed here: that of autocast, if on."""
    if torch.is_autocast_enabled(device.type):
        return torch.get_autocast_dtype(device.type)
    return torch.float32


def channels_last(x: Tensor) -> Tensor:
    """Return x, (B, C, H, W), in the memory format channels_last, unmistakably.

    Of a single channel both formats have the same bytes, and PyTorch would take the other one
    for all that follows, with poolings several times slower; strides tell them apart.
    """
    x = x.contiguous(memory_format=torch.channels_last)
    channels, height, width = x.shape[1:]
    strides = (height * width * channels, 1, width * channels, channels)
    return x.as_strided(x.shape, strides) if channels == 1 else x
