"""The compiled part of `kernels.pool_relu`: two loops over 2 x 2 windows, by numba.

A window is handled with whole vectors of channels. Whether a compiler finds such vectors in a
plain loop hangs on details (with 16 channels numba's did not, at a sixth of the speed), so the
two steps on a window, `_keep_largest` and `_put_back`, are written as vector instructions. All
arrays are contiguous; `at` and `to` are offsets, in elements, from their beginnings.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

NONE = 4
"""Recorded for a window whose largest value is not positive: nothing flows back into it."""

MOST_LANES = 32
"""Channels of one vector instruction: 512 bits of 16-bit numbers."""


class Vectors:
    """Loads and stores of as many numbers as there are lanes, at offsets into an array."""

    def __init__(self, context, builder, array_type, array, lanes):
        self.builder = builder
        self.type = ir.VectorType(context.get_data_type(array_type.dtype), lanes)
        self.align = array_type.dtype.bitwidth // 8
        self._data = make_array(array_type)(context, builder, array).data

    def _pointer(self, at):
        return self.builder.bitcast(self.builder.gep(self._data, [at]), self.type.as_pointer())

    def load(self, at: Any) -> Any:
        """Return the numbers from offset ``at`` on."""
        return self.builder.load(self._pointer(at), align=self.align)

    def store(self, value: Any, at: Any) -> None:
        """Write the numbers from offset ``at`` on."""
        self.builder.store(value, self._pointer(at), align=self.align)

    def all(self, number: float) -> Any:
        """Return the same number in every lane."""
        return ir.Constant(self.type, [number] * self.type.count)


def _four_places(builder, at, right, down):
    yield 0, at
    yield 1, builder.add(at, right)
    yield 2, builder.add(at, down)
    yield 3, builder.add(at, builder.add(down, right))


@intrinsic(prefer_literal=True)
def _keep_largest(typing, x, pooled, won, at, right, down, to, lanes):
    """Set pooled[to] to max(0, largest of x at four places), won[to] to the place or NONE."""

    def generate(context, builder, signature, arguments):
        *arrays, at, right, down, to, _ = arguments
        x, pooled, won = (
            Vectors(context, builder, kind, array, lanes.literal_value)
            for kind, array in zip(signature.args, arrays, strict=False)
        )

        def greater(left, right):
            if isinstance(signature.args[0].dtype, types.Float):
                return builder.fcmp_ordered(">", left, right)
            return builder.icmp_signed(">", left, right)

        largest, place = None, won.all(0)
        for number, offset in _four_places(builder, at, right, down):
            value = x.load(offset)
            if largest is None:
                largest = value
                continue
            better = greater(value, largest)
            largest = builder.select(better, value, largest)
            place = builder.select(better, won.all(number), place)
        positive = greater(largest, x.all(0))
        pooled.store(builder.select(positive, largest, x.all(0)), to)
        won.store(builder.select(positive, place, won.all(NONE)), to)
        return context.get_dummy_value()

    offset = types.uint64
    return types.void(x, pooled, won, offset, offset, offset, offset, lanes), generate


@intrinsic(prefer_literal=True)
def _put_back(typing, gradient, won, back, at, right, down, to, lanes):
    """Set back to gradient[to] at the place that won, and to 0 at the other three."""

    def generate(context, builder, signature, arguments):
        *arrays, at, right, down, to, _ = arguments
        gradient, won, back = (
            Vectors(context, builder, kind, array, lanes.literal_value)
            for kind, array in zip(signature.args, arrays, strict=False)
        )
        value, place = gradient.load(to), won.load(to)
        for number, offset in _four_places(builder, at, right, down):
            here = builder.icmp_unsigned("==", place, won.all(number))
            back.store(builder.select(here, value, back.all(0)), offset)
        return context.get_dummy_value()

    offset = types.uint64
    return types.void(gradient, won, back, offset, offset, offset, offset, lanes), generate


def compiled(function: Callable) -> Callable:
    """Compile a function of arrays and numbers; what is compiled is kept beside the module."""
    return numba.njit(function, nogil=True, error_model="numpy", cache=True)


def _lanes(channels: int) -> int:
    """Return the largest part of the channels that one vector holds."""
    return max(n for n in range(1, MOST_LANES + 1) if channels % n == 0)


# Offsets are unsigned: a negative index would count from the end, which would have to be asked
# for each element.


@cache
def pooling(channels: int) -> tuple[Callable, Callable]:
    """Return the two passes of `kernels.pool_relu`, on arrays (B, height, width, channels)."""
    lanes = _lanes(channels)

    def compile_pass(back):
        # x, pooled, won of the pass forward; gradient, won, back of the other.
        def run(first, second, third):
            n, height, width, _ = (third if back else first).shape
            right, down, to = np.uint64(channels), np.uint64(width * channels), np.uint64(0)
            for image in range(n):
                for i in range(height // 2):
                    for j in range(width // 2):
                        at = np.uint64(((image * height + 2 * i) * width + 2 * j) * channels)
                        for _ in range(channels // lanes):
                            if back:
                                _put_back(first, second, third, at, right, down, to, lanes)
                            else:
                                _keep_largest(first, second, third, at, right, down, to, lanes)
                            at += np.uint64(lanes)
                            to += np.uint64(lanes)

        return compiled(run)

    return compile_pass(back=False), compile_pass(back=True)
