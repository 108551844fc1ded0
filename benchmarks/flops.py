"""Arithmetic: how much of it a network needs, and how much the machine can do."""

import argparse
import time
from collections.abc import Sequence

from benchmarks.workloads import Steady
from manyseeds.networks.architectures import build
from manyseeds.networks.layers import PlacedLayer


def layers_of(workload: Steady) -> list[PlacedLayer]:
    """Return the layers of a workload's network."""
    height, width, channels = workload.shape
    return build(workload.architecture, (channels, height, width), workload.classes)


def training_flops(layers: Sequence[PlacedLayer]) -> int:
    """Return the floating-point operations of training on one image once.

    A layer multiplies and adds (two operations) as often in the forward pass as in the gradient of
    its weights, and in the gradient of its input. The input of the first layer is the image, which
    needs no gradient. Only convolutions and dense layers are counted.
    """
    forward = [2 * placed.multiplications for placed in layers if placed.multiplications]
    return 3 * sum(forward) - forward[0]


def matrix_rate(size: int, repetitions: int) -> float:
    """Return the operations a second of products of square bf16 matrices; the best of several."""
    import torch

    left, right = (torch.randn(size, size).bfloat16() for _ in range(2))
    product = torch.empty_like(left)
    seconds = []
    for _ in range(1 + repetitions):
        started = time.perf_counter()
        torch.mm(left, right, out=product)
        seconds.append(time.perf_counter() - started)
    return 2 * size**3 / min(seconds)


def main() -> None:
    """Print the machine's bf16 matrix rate, with all cores."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    sizes = (1024,) if parser.parse_args().quick else (2048, 4096, 8192)
    print(max(matrix_rate(size, repetitions=5) for size in sizes))


if __name__ == "__main__":
    main()
