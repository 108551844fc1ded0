"""Fused kernels for processors: pooling with ReLU, and with the first convolution.

Memory, not arithmetic, limits small networks on large images: at 256 x 256 pixels the first
convolution of `deep` writes 2 MB an image, of which the pooling keeps a quarter. PyTorch's
pooling reads and writes with several passes what `pool_relu` does with one: it remembers a byte
a window (which of the four values won, or none) and needs neither the zeroing of the gradient
nor the ReLU's own passes. `first_block` goes one further and never writes what the pooling
discards. Each has a twin in plain PyTorch, which computes the same function and is what the kernel
is tested against. On a graphics processor, with several threads, or where numba is missing, see
`usable`, networks are computed by PyTorch's own operations.

Values of bfloat16 are read as 16-bit integers: among those that are not negative the order is
the same, and the negative ones are what the ReLU replaces by zero.
"""

from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable


def usable(x: Tensor) -> bool:
    """Return whether the kernels can take x: values of a map, or bytes of images."""
    return (
        x.device.type == "cpu"
        and x.dtype in (torch.float32, torch.bfloat16, torch.uint8)
        and torch.get_num_threads() == 1
        and find_spec("numba") is not None
    )


def pool_relu_plain(x: Tensor) -> Tensor:
    """Return max(0, largest of each 2 x 2 window) of x, (B, C, height, width)."""
    # In this order a quarter of the values are left to rectify.
    return F.relu(F.max_pool2d(x, 2))


def pool_relu(x: Tensor) -> Tensor:
    """Return what `pool_relu_plain` returns, in one pass over x, and one back.

    Parameters
    ----------
    x : Tensor
        float32 or bfloat16, (B, C, height, width), on the processor; fastest in the memory
        format channels_last. An odd last row or column is left out, as by PyTorch.

    Returns
    -------
    Tensor
        (B, C, height // 2, width // 2), channels_last, of the type of x. It can be
        differentiated once. Of a window that holds a NaN it may be zero where the twin's is NaN.
    """
    return _PoolReLU.apply(x)


class _PoolReLU(torch.autograd.Function):
    # Arrays are (B, height, width, C) in memory; tensors are views of them as (B, C, ...).

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        from manyseeds.networks.window_kernels import pooling

        batch, channels, height, width = x.shape
        pooled = torch.empty((batch, height // 2, width // 2, channels), dtype=x.dtype)
        won = torch.empty_like(pooled, dtype=torch.uint8)
        forward, _ = pooling(channels)
        forward(_array(_channels_at_the_end(x)), _array(pooled), _array(won))
        ctx.save_for_backward(won)
        ctx.size = height, width
        return pooled.permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> Tensor:
        from manyseeds.networks.window_kernels import pooling

        (won,) = ctx.saved_tensors
        batch, _, _, channels = won.shape
        back = torch.empty((batch, *ctx.size, channels), dtype=gradient.dtype)
        if ctx.size[0] % 2 or ctx.size[1] % 2:
            back.zero_()
        _, backward = pooling(channels)
        backward(_array(_channels_at_the_end(gradient)), _array(won), _array(back))
        return back.permute(0, 3, 1, 2)


def first_block_plain(
    images: Tensor, weight: Tensor, bias: Tensor, precision: torch.dtype = torch.float32
) -> Tensor:
    """Return the first convolution of S networks on their images, rectified and pooled.

    Parameters
    ----------
    images : Tensor
        uint8 (S, B, height, width, channels), a minibatch for each network.
    weight : Tensor
        float32 (S, K, channels, 3, 3); the convolution is padded by one pixel.
    bias : Tensor
        float32 (S, K).
    precision : torch.dtype
        float32 or bfloat16, of the convolution and of what is returned.

    Returns
    -------
    Tensor
        (B, S * K, height // 2, width // 2), channels_last: max(0, largest of each 2 x 2
        window) of the convolution of the images as floats from 0 to 1.
    """
    x = images.permute(1, 0, 4, 2, 3).flatten(1, 2).to(precision) / 255
    x = x.contiguous(memory_format=torch.channels_last)
    weight, bias = weight.flatten(0, 1).to(precision), bias.flatten().to(precision)
    return pool_relu_plain(F.conv2d(x, weight, bias, 1, 1, 1, len(images)))


def first_block(
    images: Tensor, weight: Tensor, bias: Tensor, precision: torch.dtype = torch.float32
) -> Tensor:
    """Return what `first_block_plain` returns; the convolution itself is always in float32.

    The images have no gradient. See `first_block_plain` for the parameters.
    """
    seeds, kinds, channels = weight.shape[:3]
    matrix = torch.cat(
        [weight.permute(0, 3, 4, 2, 1).reshape(seeds, 9 * channels, kinds), bias[:, None]], 1
    )
    return _FirstBlock.apply(images, matrix, precision)


class _FirstBlock(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, images: Tensor, matrix: Tensor, precision: torch.dtype) -> Tensor:
        from manyseeds.networks.block_kernels import block

        seeds, batch, height, width, channels = images.shape
        kinds = matrix.shape[2]
        pooled = torch.empty((batch, height // 2, width // 2, seeds * kinds), dtype=precision)
        won = torch.empty_like(pooled, dtype=torch.uint8)
        forward, _ = block(channels, kinds)
        forward(*map(_array, (images.contiguous(), matrix.contiguous(), pooled, won)))
        ctx.save_for_backward(images, won)
        ctx.kinds = kinds
        return pooled.permute(0, 3, 1, 2)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[None, Tensor, None]:
        from manyseeds.networks.block_kernels import block

        images, won = ctx.saved_tensors
        channels = images.shape[4]
        back = torch.zeros((len(images), 9 * channels + 1, ctx.kinds))
        _, backward = block(channels, ctx.kinds)
        gradient = _channels_at_the_end(gradient)
        backward(*map(_array, (images.contiguous(), gradient, won, back)))
        return None, back, None


def _channels_at_the_end(x: Tensor) -> Tensor:
    """Return x, (B, C, H, W), as (B, H, W, C), contiguous: without a copy if channels_last."""
    return x.detach().permute(0, 2, 3, 1).contiguous()


def _array(x: Tensor) -> np.ndarray:
    """Return the memory of a tensor as an array that numba can read and write."""
    x = x.detach()
    return (x.view(torch.int16) if x.dtype == torch.bfloat16 else x).numpy()
