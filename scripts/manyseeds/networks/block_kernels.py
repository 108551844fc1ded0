"""The compiled part of `kernels.first_block`: convolution, ReLU and pooling of images at once.

For every 2 x 2 window the four values of a 3 x 3 convolution are computed in registers, lanes
being channels of the output, and only the largest is written. Back, the weights' gradient is
summed up in registers from the one place of each window that the gradient flows to. The
unpooled map, four times the size of what is kept, never exists. All arithmetic is float32.

As in `window_kernels` the inner loops are written as vector instructions. One set of weights
is a matrix (9 * channels + 1, kinds): a row for each row, column and channel of the filters,
then the biases.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from manyseeds.networks.window_kernels import NONE, Vectors, compiled

MOST_LANES = 16
"""Numbers of one vector instruction: 512 bits of float32."""

_INT64 = ir.IntType(64)
_INT32 = ir.IntType(32)

PLACES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""Rows down and columns right of a window's four places."""


def _taps(channels: int) -> list[tuple[int, int, int]]:
    """Row, column and channel of each weight of a filter, in the order of the matrix."""
    return [(y, x, c) for y in range(3) for x in range(3) for c in range(channels)]


class _Patch:
    """The 4 x 4 pixels around a window, each number spread over all lanes."""

    def __init__(self, context, builder, rows_type, rows, row_length, column, channels, vector):
        self.builder, self.channels, self.vector = builder, channels, vector
        data = make_array(rows_type)(context, builder, rows).data
        start = builder.mul(column, ir.Constant(_INT64, 2 * channels))
        self.rows = [
            builder.gep(data, [builder.add(builder.mul(_INT64(row), row_length), start)])
            for row in range(4)
        ]

    def spread(self, y: int, x: int, channel: int):
        number = self.builder.load(
            self.builder.gep(self.rows[y], [_INT64(x * self.channels + channel)]), align=4
        )
        nothing = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(nothing, number, _INT32(0))
        zeros = ir.Constant(ir.VectorType(_INT32, self.vector.count), [0] * self.vector.count)
        return self.builder.shuffle_vector(first, nothing, zeros)


def _multiply_add(builder, left, right, sum_so_far):
    kind = left.type
    function = cgutils.get_or_insert_function(
        builder.module, ir.FunctionType(kind, [kind] * 3), f"llvm.fma.v{kind.count}f32"
    )
    return builder.call(function, [left, right, sum_so_far])


def _to_bf16(builder, vector, kind):
    """Round float32 to the nearest bfloat16, ties to even; here none is negative or NaN."""
    whole = ir.VectorType(_INT32, vector.type.count)

    def all_of(number):
        return ir.Constant(whole, [number] * whole.count)

    bits = builder.bitcast(vector, whole)
    odd = builder.and_(builder.lshr(bits, all_of(16)), all_of(1))
    bits = builder.add(bits, builder.add(odd, all_of(0x7FFF)))
    return builder.trunc(builder.lshr(bits, all_of(16)), kind)


def _from_bf16(builder, vector, kind):
    whole = ir.VectorType(_INT32, vector.type.count)
    bits = builder.shl(builder.zext(vector, whole), ir.Constant(whole, [16] * whole.count))
    return builder.bitcast(bits, kind)


@intrinsic(prefer_literal=True)
def _row_forward(
    typing, rows, weights, pooled, won, row_length, at, to, step, windows, channels, kinds, lanes
):
    """Compute one row of windows for as many channels of the output as there are lanes.

    rows holds four rows of pixels between borders; weights are read from offset ``at`` on;
    pooled and won are written from ``to`` on, every ``step`` numbers.
    """
    channels_, kinds_, lanes_ = (n.literal_value for n in (channels, kinds, lanes))

    def generate(context, builder, signature, arguments):
        rows, *arrays, row_length, at, to, step, windows, _, _, _ = arguments
        weights, pooled, won = (
            Vectors(context, builder, kind, array, lanes_)
            for kind, array in zip(signature.args[1:], arrays, strict=False)
        )
        taps = _taps(channels_)
        *filters, bias = (
            weights.load(builder.add(at, _INT64(row * kinds_))) for row in range(len(taps) + 1)
        )
        with cgutils.for_range(builder, windows, intp=_INT64) as loop:
            patch = _Patch(
                context, builder, signature.args[0], rows, row_length, loop.index, channels_,
                weights.type,
            )  # fmt: skip
            values = [bias] * 4
            for weight, (y, x, channel) in zip(filters, taps, strict=True):
                for number, (down, right) in enumerate(PLACES):
                    pixel = patch.spread(y + down, x + right, channel)
                    values[number] = _multiply_add(builder, weight, pixel, values[number])
            largest, place = values[0], won.all(0)
            for number in (1, 2, 3):
                better = builder.fcmp_ordered(">", values[number], largest)
                largest = builder.select(better, values[number], largest)
                place = builder.select(better, won.all(number), place)
            positive = builder.fcmp_ordered(">", largest, weights.all(0.0))
            largest = builder.select(positive, largest, weights.all(0.0))
            if not isinstance(signature.args[2].dtype, types.Float):
                largest = _to_bf16(builder, largest, pooled.type)
            here = builder.add(to, builder.mul(loop.index, step))
            pooled.store(largest, here)
            won.store(builder.select(positive, place, won.all(NONE)), here)
        return context.get_dummy_value()

    offsets = [types.uint64] * 5
    return types.void(rows, weights, pooled, won, *offsets, channels, kinds, lanes), generate


@intrinsic(prefer_literal=True)
def _row_backward(
    typing, rows, gradient, won, back, row_length, at, to, step, windows, channels, kinds, lanes
):
    """Add one row of windows to the gradient of the weights, which lies like `_row_forward`'s."""
    channels_, kinds_, lanes_ = (n.literal_value for n in (channels, kinds, lanes))

    def generate(context, builder, signature, arguments):
        rows, *arrays, row_length, at, to, step, windows, _, _, _ = arguments
        gradient, won, back = (
            Vectors(context, builder, kind, array, lanes_)
            for kind, array in zip(signature.args[1:], arrays, strict=False)
        )
        taps = _taps(channels_)
        offsets = [builder.add(at, _INT64(row * kinds_)) for row in range(len(taps) + 1)]
        sums = [cgutils.alloca_once(builder, back.type) for _ in offsets]
        for total, offset in zip(sums, offsets, strict=True):
            builder.store(back.load(offset), total)
        with cgutils.for_range(builder, windows, intp=_INT64) as loop:
            here = builder.add(to, builder.mul(loop.index, step))
            value, place = gradient.load(here), won.load(here)
            if not isinstance(signature.args[1].dtype, types.Float):
                value = _from_bf16(builder, value, back.type)
            patch = _Patch(
                context, builder, signature.args[0], rows, row_length, loop.index, channels_,
                back.type,
            )  # fmt: skip
            parts = [
                builder.select(
                    builder.icmp_unsigned("==", place, won.all(number)), value, back.all(0.0)
                )
                for number in range(4)
            ]
            for total, (y, x, channel) in zip(sums, taps, strict=False):
                so_far = builder.load(total)
                for part, (down, right) in zip(parts, PLACES, strict=True):
                    pixel = patch.spread(y + down, x + right, channel)
                    so_far = _multiply_add(builder, part, pixel, so_far)
                builder.store(so_far, total)
            of_bias = builder.load(sums[-1])
            for part in parts:
                of_bias = builder.fadd(of_bias, part)
            builder.store(of_bias, sums[-1])
        for total, offset in zip(sums, offsets, strict=True):
            back.store(builder.load(total), offset)
        return context.get_dummy_value()

    offsets = [types.uint64] * 5
    return types.void(rows, gradient, won, back, *offsets, channels, kinds, lanes), generate


@compiled
def _fill(image, i, rows):
    """Bring the four rows of pixels around the windows of row i, as floats from 0 to 1."""
    height, width, channels = image.shape
    for r in range(4):
        y = 2 * i - 1 + r
        if r < 2 and i > 0:
            rows[r] = rows[r + 2]
        elif 0 <= y < height:
            pixels = image[y].reshape(width * channels)
            for k in range(np.uint64(width * channels)):
                rows[r, np.uint64(channels) + k] = np.float32(pixels[k]) * np.float32(1 / 255)
        else:
            rows[r] = 0


@cache
def block(channels: int, kinds: int) -> tuple[Callable, Callable]:
    """Return the two passes of `kernels.first_block`.

    The first takes images uint8 (S, B, height, width, channels) and weights float32
    (S, 9 * channels + 1, kinds), and fills pooled and won (B, height // 2, width // 2,
    S * kinds). The second takes images, the gradient of pooled and won, and adds to the
    gradient of the weights.
    """
    lanes = max(n for n in range(1, MOST_LANES + 1) if kinds % n == 0)
    parts = 9 * channels + 1

    def compile_pass(back):
        # weights, pooled, won of the pass forward; gradient, won, back of the other.
        def run(images, first, second, third):
            seeds, batch, height, width, _ = images.shape
            rows = np.zeros((4, (width + 2) * channels), np.float32)
            row_length, step = np.uint64((width + 2) * channels), np.uint64(seeds * kinds)
            windows = np.uint64(width // 2)
            for seed in range(seeds):
                for image in range(batch):
                    for i in range(height // 2):
                        _fill(images[seed, image], i, rows)
                        to = ((image * (height // 2) + i) * (width // 2) * seeds + seed) * kinds
                        for kind in range(0, kinds, lanes):
                            at, here = np.uint64(seed * parts * kinds + kind), np.uint64(to + kind)
                            if back:
                                _row_backward(
                                    rows, first, second, third, row_length, at, here, step,
                                    windows, channels, kinds, lanes,
                                )  # fmt: skip
                            else:
                                _row_forward(
                                    rows, first, second, third, row_length, at, here, step,
                                    windows, channels, kinds, lanes,
                                )  # fmt: skip

        return compiled(run)

    return compile_pass(back=False), compile_pass(back=True)
