"""Training many seeds: the loop and its history.

Results of a seed depend on its own generators and on the images, never on the seeds beside
it: `train` may run the seeds as one stack or in turn, whichever is faster. Cut off and called
again with the same checkpoint folder, it goes on where it was and ends in the same bytes, the
snapshots it keeps on the way among them.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from manyseeds.errors import Interrupted
from manyseeds.machine.progress import Meter
from manyseeds.networks.layers import Dropout, PlacedLayer
from manyseeds.networks.prediction import accuracy, predict
from manyseeds.networks.stacking import stack_width
from manyseeds.training import checkpoints
from manyseeds.training.run import Run
from manyseeds.training.settings import Settings
from manyseeds.training.snapshot_files import SnapshotFiles
from manyseeds.training.snapshots import Requested
from manyseeds.training.step import Step, on_device

Streams = Callable[..., np.random.Generator]
"""`streams(seed, "weights")`, `streams(seed, "images")`, `streams(seed, "order", epoch)` and
`streams(seed, "dropout", epoch, step)`: a seed's generators."""


class Images(Protocol):
    """Images with labels, such as a `manyseeds.tiles.packs.Pack`.

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
        float32, seeds along the leading axis in the order given; NaN for those that diverged.
    history : pandas.DataFrame
        A row a seed and epoch: seed, epoch (from 1), loss and train_accuracy (means over the
        minibatches of the epoch while the network learns, as Keras reports them) and
        test_accuracy (after the epoch). The rows of a seed that diverged end before it did.
    timing : pandas.DataFrame
        A row a seed and epoch: seed, epoch, seconds (wall time of the seed's training in that
        epoch, snapshots included; the seeds of a stack share its time equally).
    diverged : dict of int to int
        The epoch in which the loss of a seed became infinite or not a number.
    """

    weights: dict[str, Tensor]
    history: pd.DataFrame
    timing: pd.DataFrame
    diverged: dict[int, int]


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
    checkpoint: Path | None = None,
    snapshots: Requested | None = None,
    snapshot_folder: Path | None = None,
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[str], None] = lambda line: None,
) -> Trained:
    """Train one architecture with several seeds.

    The networks minimise the cross-entropy of their logits, or the loss of another head (see
    `manyseeds.networks.heads`). The test images are only looked at: nothing is chosen by them.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.networks.architectures.build`.
    training, test : Images
    seeds : sequence of int
    settings : Settings
    streams : callable
        Gives the generators of a seed's weights, images, their order and dropout.
    stack : int, optional
        So many seeds train as one; by default `stack_width` decides.
    device : torch.device
    precision : torch.dtype
        Of convolutions and products: float32, or bfloat16 (weights stay float32).
    checkpoint : Path, optional
        Folder where the state is saved after every epoch, and taken up from if it is that of
        the same training. The caller deletes it when the results are safe.
    snapshots : SnapshotRequest or MergedRequests, optional
        Which weights are kept on the way, see `manyseeds.training.snapshots`. Those of a seed
        that diverged end where its history does.
    snapshot_folder : Path, optional
        Where, needed with `snapshots`. A stack goes on from its checkpoint only if its snapshots
        up to there are in this folder; else it begins again.
    stop : callable
        Asked after every step; when it returns True the state is saved and training ends.
    progress : callable
        Is given a line every ten seconds or so, and a last one.

    Returns
    -------
    Trained

    Raises
    ------
    Interrupted
        When `stop` asked for it.
    InputError
        When `snapshots` names a layer that the network has not, or the disk is full.
    """
    width = stack or stack_width(layers, len(seeds), device)
    images = len(seeds) * settings.epochs * settings.images_seen(len(training.labels))
    meter = Meter(images, progress)
    device, data = torch.device(device), None
    loaded = on_device(training.images, device)
    if checkpoint:
        data = checkpoints.fingerprint(training.images, training.labels, test.images, test.labels)
    in_epoch = settings.steps(len(training.labels))
    files = SnapshotFiles(snapshot_folder, snapshots, seeds, layers, in_epoch, settings.epochs)
    if files:
        progress(str(files))
    parts = []
    for start in range(0, len(seeds), width):
        some = seeds[start : start + width]
        run = Run.begin(layers, some, settings, streams, device, files)
        if checkpoint:
            names = f"seeds-{some[0]:03d}-{some[-1]:03d}"
            run.path = checkpoint / f"{names}.safetensors"
            start_from = run.network.weights().values()
            run.fingerprint = checkpoints.fingerprint(
                data, layers, some, settings, precision, str(device), *start_from
            )
        if not (checkpoint and run.resume(progress)):
            run.begin_snapshots()
        meter.seen_before(run.steps_done(len(training.labels)) * settings.batch * len(some))
        _train_run(run, loaded, training.labels, test, settings, streams, precision, stop, meter)
        parts.append(run)
    order = ["seed", "epoch"]
    weights = [run.network.weights() for run in parts]
    columns = ["seed", "epoch", "loss", "train_accuracy", "test_accuracy"]
    history = pd.DataFrame([row for run in parts for row in run.history], columns=columns)
    timing = pd.DataFrame([row for run in parts for row in run.timing], columns=[*order, "seconds"])
    diverged = {seed: epoch for run in parts for seed, epoch in run.diverged.items()}
    files.write_table(diverged)
    stacked = {name: torch.cat([part[name].cpu() for part in weights]) for name in weights[0]}
    for seed in diverged:
        for value in stacked.values():
            value[seeds.index(seed)] = torch.nan
    return Trained(
        stacked,
        history.sort_values(order, ignore_index=True),
        timing.sort_values(order, ignore_index=True),
        diverged,
    )


def _train_run(run, images, labels, test, settings, streams, precision, stop, meter):
    """Train one stack to its end, from wherever it is."""
    network = run.network
    take_step = Step(
        network, run.optimizer, images, labels, settings.batch, run.loss_sum, run.correct,
        precision, settings.head,
    )  # fmt: skip
    # Without dropout no generators are made, which costs more than some steps do.
    drawing = run.seeds if any(isinstance(one.layer, Dropout) for one in network.layers) else []
    n, in_epoch = len(labels), settings.steps(len(labels))
    while run.epoch <= settings.epochs:
        started = time.perf_counter()
        network.train()
        order = epoch_order(n, run.seeds, run.epoch, settings, streams)
        for step in range(run.step, in_epoch):
            minibatch = order[:, step * settings.batch : (step + 1) * settings.batch]
            done = (run.epoch - 1) * in_epoch + step
            rate = settings.learning_rate / (1 + settings.decay * done)
            generators = [streams(seed, "dropout", run.epoch, step) for seed in drawing]
            take_step(minibatch, rate, done, generators)
            run.step = step + 1
            if run.snapshots.due(run.seeds, done + 1, run.diverged):
                take_step.wait()
                run.write_snapshots(done + 1)
            meter.seen(minibatch.size, partial(_so_far, run, order.shape[1]))
            if stop():
                run.seconds += time.perf_counter() - started
                run.save()
                raise Interrupted(f"{run.names}: stopped in epoch {run.epoch}, step {run.step}")
        take_step.wait()
        run.seconds += time.perf_counter() - started
        outputs = predict(network, test.images, precision, settings.head)
        tested = accuracy(outputs, test.labels)
        run.end_epoch(order.shape[1], tested, meter.progress)
        run.save()


def epoch_order(
    n: int, seeds: Sequence[int], epoch: int, settings: Settings, streams: Streams
) -> np.ndarray:
    """Return the images of an epoch in their order, int (S, images): no image comes twice.

    Parameters
    ----------
    n : int
        Images to draw from.
    seeds : sequence of int
    epoch : int
        From 1.
    settings : Settings
        Its `images_drawn` says whether a seed's images are the same in every epoch.
    streams : callable
        Gives the generators of a seed's images and order.
    """
    seen = settings.images_seen(n)
    if settings.images_drawn == "each_epoch":
        return np.stack([streams(seed, "order", epoch).permutation(n)[:seen] for seed in seeds])
    # Sorted, so that where all images are seen both ways of drawing give the same order.
    once = [np.sort(streams(seed, "images").permutation(n)[:seen]) for seed in seeds]
    return np.stack(
        [
            images[streams(seed, "order", epoch).permutation(seen)]
            for seed, images in zip(seeds, once, strict=True)
        ]
    )


def _so_far(run: Run, images: int) -> str:
    seen = min(run.step * run.settings.batch, images)
    loss, right = (float(total.mean()) / seen for total in (run.loss_sum, run.correct))
    return f"{run.names}, epoch {run.epoch}: loss {loss:.3f}, training accuracy {right:.1%}"
