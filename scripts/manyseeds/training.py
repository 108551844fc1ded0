"""Training many seeds: the loop, its state and its history.

Results of a seed depend on its own generators and on the images, never on the seeds beside
it: `train` may run the seeds as one stack or in turn, whichever is faster. Cut off and called
again with the same checkpoint folder, it goes on where it was and ends in the same bytes.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from manyseeds import checkpoints, steps
from manyseeds.architectures import Dropout, PlacedLayer
from manyseeds.errors import Interrupted
from manyseeds.evaluation import accuracy, predict
from manyseeds.progress import Meter
from manyseeds.settings import Settings
from manyseeds.stacking import StackedNetwork, initial_weights, stack_width

Streams = Callable[..., np.random.Generator]
"""`streams(seed, "weights")`, `streams(seed, "order", epoch)` and
`streams(seed, "dropout", epoch, step)`: a seed's generators."""


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
        float32, seeds along the leading axis in the order given; NaN for those that diverged.
    history : pandas.DataFrame
        A row a seed and epoch: seed, epoch (from 1), loss and train_accuracy (means over the
        minibatches of the epoch while the network learns, as Keras reports them) and
        test_accuracy (after the epoch). The rows of a seed that diverged end before it did.
    timing : pandas.DataFrame
        A row a seed and epoch: seed, epoch, seconds (wall time of the seed's training in that
        epoch; the seeds of a stack share its time equally).
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
    stop: Callable[[], bool] = lambda: False,
    progress: Callable[[str], None] = lambda line: None,
) -> Trained:
    """Train one architecture with several seeds.

    The networks minimise the cross-entropy of their logits, as in the essays. The test images
    are only looked at: nothing is chosen by them.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.architectures.build`.
    training, test : Images
    seeds : sequence of int
    settings : Settings
    streams : callable
        Gives the generators of a seed's weights, order of images and dropout.
    stack : int, optional
        So many seeds train as one; by default `stack_width` decides.
    device : torch.device
    precision : torch.dtype
        Of convolutions and products: float32, or bfloat16 (weights stay float32).
    checkpoint : Path, optional
        Folder where the state is saved after every epoch, and taken up from if it is that of
        the same training. The caller deletes it when the results are safe.
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
    """
    width = stack or stack_width(layers, len(seeds), device)
    images = len(seeds) * settings.epochs * settings.images_seen(len(training.labels))
    meter = Meter(images, progress)
    device, data = torch.device(device), None
    near = steps.on_device(training.images, device)
    if checkpoint:
        data = checkpoints.fingerprint(training.images, training.labels, test.images, test.labels)
    parts = []
    for start in range(0, len(seeds), width):
        some = seeds[start : start + width]
        run = _Run.begin(layers, some, settings, streams, device)
        if checkpoint:
            names = f"seeds-{some[0]:03d}-{some[-1]:03d}"
            run.path = checkpoint / f"{names}.safetensors"
            start_from = run.network.weights().values()
            run.fingerprint = checkpoints.fingerprint(
                data, layers, some, settings, precision, str(device), *start_from
            )
            if run.resume():
                progress(f"{run.names}: going on from epoch {run.epoch}, step {run.step}")
        meter.seen_before(run.steps_done(len(training.labels)) * settings.batch * len(some))
        _train_run(run, near, training.labels, test, settings, streams, precision, stop, meter)
        parts.append(run)
    order = ["seed", "epoch"]
    weights = [run.network.weights() for run in parts]
    columns = ["seed", "epoch", "loss", "train_accuracy", "test_accuracy"]
    history = pd.DataFrame([row for run in parts for row in run.history], columns=columns)
    timing = pd.DataFrame([row for run in parts for row in run.timing], columns=[*order, "seconds"])
    diverged = {seed: epoch for run in parts for seed, epoch in run.diverged.items()}
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


@dataclass
class _Run:
    """The training of one stack: its state, and where that is saved."""

    network: StackedNetwork
    optimizer: torch.optim.Optimizer
    settings: Settings
    seeds: list[int]
    loss_sum: Tensor  # of this epoch, (S,), like `correct`
    correct: Tensor
    epoch: int = 1
    step: int = 0  # steps done of this epoch
    seconds: float = 0.0  # of this epoch
    history: list = field(default_factory=list)
    timing: list = field(default_factory=list)
    diverged: dict[int, int] = field(default_factory=dict)
    path: Path | None = None
    fingerprint: str = ""

    @classmethod
    def begin(cls, layers, seeds, settings, streams, device):
        """Return the run before its first step."""
        distribution = settings.initial_weights
        network = StackedNetwork.of_seeds(
            layers,
            [initial_weights(layers, streams(seed, "weights"), distribution) for seed in seeds],
        ).to(device)
        optimizer = settings.optimizer_for(network)
        loss_sum, correct = torch.zeros(2, len(seeds), device=device)
        return cls(network, optimizer, settings, list(seeds), loss_sum, correct)

    @property
    def names(self) -> str:
        first, last = self.seeds[0], self.seeds[-1]
        return f"seed {first}" if first == last else f"seeds {first}-{last}"

    def steps_done(self, n: int) -> int:
        return (self.epoch - 1) * self.settings.steps(n) + self.step

    def save(self) -> None:
        if self.path:
            tensors = dict(self.network.state_dict())
            tensors |= checkpoints.optimizer_tensors(self.optimizer)
            tensors |= {"loss_sum": self.loss_sum, "correct": self.correct}
            state = {name: getattr(self, name) for name in self._STATE}
            # The keys of a JSON object are strings.
            state["diverged"] = list(self.diverged.items())
            checkpoints.save(self.path, tensors, state)

    def resume(self) -> bool:
        """Take up the saved state, if there is one of this very training."""
        tensors, state = checkpoints.load(self.path) or ({}, {})
        if state.get("fingerprint") != self.fingerprint:
            return False
        device = self.loss_sum.device
        self.network.load_state_dict({k: tensors[k] for k in self.network.state_dict()})
        checkpoints.restore_optimizer(self.optimizer, {k: v.to(device) for k, v in tensors.items()})
        self.loss_sum, self.correct = (tensors[k].to(device) for k in ("loss_sum", "correct"))
        for name in self._STATE:
            setattr(self, name, state[name])
        self.diverged = dict(state["diverged"])
        return True

    _STATE = ("fingerprint", "epoch", "step", "seconds", "history", "timing")

    def end_epoch(self, seen: int, tested: np.ndarray, progress: Callable[[str], None]) -> None:
        """Write down an epoch, and which seeds diverged in it."""
        finite = self.loss_sum.isfinite()
        for parameter in self.network.parameters():
            finite &= parameter.detach().flatten(1).isfinite().all(1)
        results = zip(
            self.seeds, self.loss_sum.tolist(), self.correct.tolist(), tested.tolist(),
            finite.tolist(), strict=True,
        )  # fmt: skip
        for seed, loss, right, test_accuracy, is_finite in results:
            if is_finite and seed not in self.diverged:
                row = (seed, self.epoch, loss / seen, right / seen, test_accuracy)
                self.history.append(row)
                self.timing.append((seed, self.epoch, self.seconds / len(self.seeds)))
            elif not is_finite and seed not in self.diverged:
                self.diverged[seed] = self.epoch
                progress(
                    f"seed {seed} diverged in epoch {self.epoch}: its loss is no longer a finite "
                    f"number. Its training ends here; lower lr, now {self.settings.learning_rate}."
                )
        self.loss_sum.zero_()
        self.correct.zero_()
        self.epoch, self.step, self.seconds = self.epoch + 1, 0, 0.0
        if len(self.diverged) == len(self.seeds):
            self.epoch = self.settings.epochs + 1


def _train_run(run, images, labels, test, settings, streams, precision, stop, meter):
    """Train one stack to its end, from wherever it is."""
    network = run.network
    take_step = steps.Step(
        network, run.optimizer, images, labels, settings.batch, run.loss_sum, run.correct, precision
    )
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
            meter.seen(minibatch.size, partial(_so_far, run, order.shape[1]))
            if stop():
                run.seconds += time.perf_counter() - started
                run.save()
                raise Interrupted(f"{run.names}: stopped in epoch {run.epoch}, step {run.step}")
        take_step.wait()
        run.seconds += time.perf_counter() - started
        tested = accuracy(predict(network, test.images, precision), test.labels)
        run.end_epoch(order.shape[1], tested, meter.progress)
        run.save()


def epoch_order(
    n: int, seeds: Sequence[int], epoch: int, settings: Settings, streams: Streams
) -> np.ndarray:
    """Return the images of an epoch in their order, int (S, images): no image comes twice."""
    seen = settings.images_seen(n)
    return np.stack([streams(seed, "order", epoch).permutation(n)[:seen] for seed in seeds])


def _so_far(run: _Run, images: int) -> str:
    seen = min(run.step * run.settings.batch, images)
    loss, right = (float(total.mean()) / seen for total in (run.loss_sum, run.correct))
    return f"{run.names}, epoch {run.epoch}: loss {loss:.3f}, training accuracy {right:.1%}"
