"""Training many seeds: the loop, its settings and its history.

Results of a seed depend on its own generators and on the images, never on the seeds beside
it: `train` may run the seeds as one stack or in turn, whichever is faster.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol

import numpy as np
import pandas as pd
import torch
import torch.nn.functional as F
from torch import Tensor

from manyseeds.architectures import PlacedLayer
from manyseeds.evaluation import accuracy, predict, to_float
from manyseeds.stacking import StackedNetwork, initial_weights

Streams = Callable[..., np.random.Generator]
"""`streams(seed, "weights")` and `streams(seed, "order", epoch)`: a seed's generators."""

LARGEST_STACKED_MAP = 64 * 64
"""Pixels of the largest images whose seeds pay to be trained as one stack.

Below it the cost of a step is mostly that of starting each operation, which a stack shares;
above it arithmetic and memory dominate and a stack only crowds the cache. On one core with bf16
and batch 20, six seeds stacked trained 3 500 against 1 330 images/s at 28 x 28, 1 420 against
1 090 at 64 x 64, and 330 against 360 at 128 x 128."""


PROGRESS_SECONDS = 10
"""Seconds between two lines of progress."""


@dataclass(frozen=True)
class Settings:
    """How one architecture is trained.

    Attributes
    ----------
    epochs : int
    batch : int
        Images of a minibatch; the last of an epoch may be smaller.
    learning_rate : float
        Of Adam, with beta 0.9 and 0.999 and epsilon 1e-7 (the defaults of Keras).
    images_per_epoch : int or None
        So many images, drawn anew for each epoch and seed; None, or more than there are,
        means all.
    initial_weights : "he" or "glorot"
        Their distribution, see `manyseeds.stacking.initial_weights`.
    """

    epochs: int = 9
    batch: int = 20
    learning_rate: float = 0.001
    images_per_epoch: int | None = 800
    initial_weights: str = "he"

    @classmethod
    def of(cls, *, optimizer: str, lr: float, images_per_epoch: int | str, **settings):
        """Return the settings that a study spells out; ``images_per_epoch`` may be "all"."""
        if optimizer != "adam":
            raise ValueError(f"unknown optimizer {optimizer!r}")
        images = None if images_per_epoch == "all" else images_per_epoch
        return cls(learning_rate=lr, images_per_epoch=images, **settings)

    def images_seen(self, n: int) -> int:
        """Return how many of n images a seed sees in an epoch."""
        return min(n, self.images_per_epoch or n)


class Images(Protocol):
    """Images with labels, such as a `manyseeds.packs.Pack`.

    Attributes
    ----------
    images : numpy.ndarray
        uint8 (n, height, width, channels); a memory-mapped array is read as needed.
    labels : numpy.ndarray
        int64 (n,), 0 to classes - 1.
    """

    images: np.ndarray
    labels: np.ndarray


@dataclass(frozen=True)
class Trained:
    """What training leaves.

    Attributes
    ----------
    weights : dict of str to Tensor
        float32, seeds along the leading axis in the order given.
    history : pandas.DataFrame
        A row a seed and epoch: seed, epoch (from 1), loss and train_accuracy (means over the
        minibatches of the epoch while the network learns, as Keras reports them) and
        test_accuracy (after the epoch).
    timing : pandas.DataFrame
        A row a seed and epoch: seed, epoch, seconds (wall time of the seed's training in that
        epoch; the seeds of a stack share its time equally).
    """

    weights: dict[str, Tensor]
    history: pd.DataFrame
    timing: pd.DataFrame


def train(
    layers: Sequence[PlacedLayer],
    training: Images,
    test: Images,
    seeds: Sequence[int],
    settings: Settings,
    streams: Streams,
    *,
    stack: int | None = None,
    device: torch.device | str = "cpu",
    precision: torch.dtype = torch.float32,
    progress: Callable[[str], None] = lambda line: None,
) -> Trained:
    """Train one architecture with several seeds.

    The networks minimise the cross-entropy of their logits with Adam, as the essays do. The
    test images are only looked at: nothing is chosen by them.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.architectures.build`.
    training, test : Images
    seeds : sequence of int
    settings : Settings
    streams : callable
        Gives the generators of a seed's weights and of its order of images.
    stack : int, optional
        So many seeds train as one; by default `stack_width` decides.
    device : torch.device
    precision : torch.dtype
        Of convolutions and products: float32, or bfloat16 (weights stay float32).
    progress : callable
        Is given a line every ten seconds or so, and a last one.

    Returns
    -------
    Trained
    """
    width = stack or stack_width(training.images.shape[1:3], len(seeds))
    images = len(seeds) * settings.epochs * settings.images_seen(len(training.labels))
    meter = _Meter(images, progress)
    parts = []
    for start in range(0, len(seeds), width):
        some = seeds[start : start + width]
        network = StackedNetwork.of_seeds(
            layers,
            [
                initial_weights(layers, streams(seed, "weights"), settings.initial_weights)
                for seed in some
            ],
        ).to(device)
        history, timing = _train_stack(
            network, training, test, some, settings, streams, precision, meter
        )
        parts.append((network.weights(), history, timing))
    weights, histories, timings = zip(*parts, strict=True)
    order = ["seed", "epoch"]
    return Trained(
        {name: torch.cat([part[name].cpu() for part in weights]) for name in weights[0]},
        pd.concat(histories).sort_values(order, ignore_index=True),
        pd.concat(timings).sort_values(order, ignore_index=True),
    )


def _train_stack(network, training, test, seeds, settings, streams, precision, meter):
    """Train one stack; return its history and timing, a row a seed and epoch."""
    device = next(network.parameters()).device
    optimizer = torch.optim.Adam(
        network.parameters(), lr=settings.learning_rate, eps=1e-7, fused=True
    )
    history, timing = [], []
    for epoch in range(1, settings.epochs + 1):
        started = time.perf_counter()
        order = epoch_order(len(training.labels), seeds, epoch, settings, streams)
        loss_sum = torch.zeros(len(seeds), device=device)
        correct = torch.zeros(len(seeds), device=device)
        seen = 0
        for minibatch in np.split(order, range(settings.batch, order.shape[1], settings.batch), 1):
            images = to_float(training.images[minibatch], device)
            labels = torch.from_numpy(training.labels[minibatch]).to(device)
            with torch.autocast(device.type, precision, enabled=precision != torch.float32):
                logits = network(images)
            losses = F.cross_entropy(
                logits.float().flatten(0, 1), labels.flatten(), reduction="none"
            ).view_as(labels)
            optimizer.zero_grad()
            # The sum over seeds of each one's mean: no seed's gradient is scaled by another.
            losses.mean(1).sum().backward()
            optimizer.step()
            loss_sum += losses.detach().sum(1)
            correct += (logits.detach().argmax(-1) == labels).sum(1)
            seen += minibatch.shape[1]
            meter.seen(minibatch.size, partial(_so_far, seeds, epoch, loss_sum, correct, seen))
        seconds = time.perf_counter() - started
        tested = accuracy(predict(network, test.images, precision), test.labels)
        rows = zip(seeds, loss_sum.tolist(), correct.tolist(), tested, strict=True)
        for seed, loss, right, test_accuracy in rows:
            history.append((seed, epoch, loss / seen, right / seen, test_accuracy))
            timing.append((seed, epoch, seconds / len(seeds)))
    columns = ["seed", "epoch", "loss", "train_accuracy", "test_accuracy"]
    return pd.DataFrame(history, columns=columns), pd.DataFrame(
        timing, columns=["seed", "epoch", "seconds"]
    )


def epoch_order(
    n: int, seeds: Sequence[int], epoch: int, settings: Settings, streams: Streams
) -> np.ndarray:
    """Return the images of an epoch in their order, int (S, images): no image comes twice."""
    seen = settings.images_seen(n)
    return np.stack([streams(seed, "order", epoch).permutation(n)[:seen] for seed in seeds])


def stack_width(map_shape: tuple[int, int], seeds: int) -> int:
    """Return how many seeds should train as one: all where the images are small, else one."""
    return seeds if map_shape[0] * map_shape[1] <= LARGEST_STACKED_MAP else 1


def prepare_process(threads: int) -> None:
    """Set this process up for training: its threads, and fast arithmetic near zero.

    Adam's running squares of the gradients of units that have gone silent fade until they are
    denormal numbers, with which processors compute many times slower. They are taken as zero.
    To be called before the first operation, so that every thread is set up alike.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)


def device_for(gpus: int) -> torch.device:
    """Return the CUDA device of a job that was given one and sees it, or else the processor."""
    return torch.device("cuda" if gpus and torch.cuda.is_available() else "cpu")


def precision_named(name: str, device: torch.device | str = "cpu") -> torch.dtype:
    """Return the type of "bf16", "fp32" or, by the device, "auto"."""
    named = {"bf16": torch.bfloat16, "fp32": torch.float32}
    return named[name] if name in named else best_precision(device)


def best_precision(device: torch.device | str = "cpu") -> torch.dtype:
    """Return bfloat16 where the device multiplies it in hardware, else float32."""
    if torch.device(device).type == "cuda":
        fast = torch.cuda.is_bf16_supported()
    else:
        fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


def _so_far(seeds, epoch, loss_sum, correct, seen) -> str:
    names = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]}-{seeds[-1]}"
    loss, right = (float(total.mean()) / seen for total in (loss_sum, correct))
    return f"{names}, epoch {epoch}: loss {loss:.3f}, training accuracy {right:.1%}"


class _Meter:
    """Says from time to time how training goes, how fast, and how long it will still take."""

    def __init__(self, total: int, progress: Callable[[str], None]):
        self.total, self.progress = total, progress
        self.done = self.done_then = 0
        self.started = self.then = time.perf_counter()

    def seen(self, images: int, describe: Callable[[], str]) -> None:
        """Count images trained on; if it is time, say so with what `describe` returns."""
        self.done += images
        now = time.perf_counter()
        if now - self.then < PROGRESS_SECONDS and self.done < self.total:
            return
        speed = (self.done - self.done_then) / (now - self.then)
        left = round((now - self.started) / self.done * (self.total - self.done))
        self.progress(
            f"{describe()}; {speed:,.0f} images/s, {left // 60} min {left % 60:02d} s left"
        )
        self.then, self.done_then = now, self.done
