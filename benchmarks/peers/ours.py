"""Ours: `manyseeds.training.loop.train`, in a process of one thread."""

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.flops import layers_of
from benchmarks.peers.worker import Clock, arguments, made_up_images
from benchmarks.workloads import Steady
from manyseeds.machine import device
from manyseeds.networks import architectures
from manyseeds.randomness import rng
from manyseeds.training import loop


@dataclass
class Images:
    """Images in memory, as a pack has them."""

    images: np.ndarray
    labels: np.ndarray


def train(
    workload: Steady, seeds: Sequence[int], epochs: int, on_order: Callable[[int, int], None]
) -> loop.Trained:
    """Train a workload as the rule `train_seeds` does, without evaluating and saving.

    Parameters
    ----------
    workload : Steady
    seeds : sequence of int
    epochs : int
    on_order : callable
        Is called with seed and epoch when a seed's order of images is drawn. An epoch begins with
        that, so that the caller learns where training is.
    """
    device.prepare_process(1)
    images, labels = made_up_images(workload)

    def streams(seed: int, *what: str | int) -> np.random.Generator:
        if what[0] == "order":
            on_order(seed, what[1])
        return rng(0, "benchmark", seed, *what)

    return loop.train(
        layers_of(workload),
        Images(images, labels),
        Images(images[:1], labels[:1]),  # train() looks at test images after each epoch
        seeds,
        loop.Settings.of(
            **workload.training,
            epochs=epochs,
            batch=workload.batch,
            images_per_epoch="all",
            initial_weights="glorot",  # as Keras; from He's, AlexNet diverges on such images
        ),
        streams,
        precision=device.precision_named("auto"),
        progress=lambda line: print(line, file=sys.stderr, flush=True),
    )


def main() -> None:
    """Measure the epochs after the first."""
    given = arguments()
    clock, seen = Clock(), 0

    def on_order(seed: int, epoch: int) -> None:
        nonlocal seen
        if epoch == 2 and clock.started is None:
            clock.start()
        if clock.started is not None:
            seen += given.workload.images

    trained = train(given.workload, given.seeds, 1 + given.workload.our_epochs, on_order)
    parameters = architectures.count_parameters(layers_of(given.workload))
    loss = math.nan if trained.diverged else trained.history["loss"].iloc[-1]
    clock.stop(seen, loss, parameters, f"torch {torch.__version__}")


if __name__ == "__main__":
    main()
