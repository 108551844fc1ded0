"""A run: the training of one stack of seeds, its state, and where that is kept."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from manyseeds.networks.initial import initial_weights
from manyseeds.networks.layers import PlacedLayer
from manyseeds.networks.stacking import StackedNetwork
from manyseeds.training import checkpoints
from manyseeds.training.settings import Settings
from manyseeds.training.snapshot_files import SnapshotFiles


@dataclass
class Run:
    """The training of one stack: its state, and where that is saved.

    Attributes
    ----------
    network, optimizer, settings
    seeds : list of int
    snapshots : SnapshotFiles
        Of the whole training; the stack writes its own.
    loss_sum, correct : Tensor
        float32 (S,), of this epoch so far, as `manyseeds.training.step.Step` adds them up.
    epoch : int
        From 1.
    step : int
        Steps done of this epoch.
    seconds : float
        Wall time of this epoch so far.
    history, timing : list
        Rows as in `manyseeds.training.loop.Trained`.
    diverged : dict of int to int
        The epoch in which a seed did.
    path : Path or None
        Of the checkpoint.
    fingerprint : str
        Of what the training starts from.
    """

    network: StackedNetwork
    optimizer: torch.optim.Optimizer
    settings: Settings
    seeds: list[int]
    snapshots: SnapshotFiles
    loss_sum: Tensor
    correct: Tensor
    epoch: int = 1
    step: int = 0
    seconds: float = 0.0
    history: list = field(default_factory=list)
    timing: list = field(default_factory=list)
    diverged: dict[int, int] = field(default_factory=dict)
    path: Path | None = None
    fingerprint: str = ""

    @classmethod
    def begin(
        cls,
        layers: Sequence[PlacedLayer],
        seeds: Sequence[int],
        settings: Settings,
        streams: Callable[..., np.random.Generator],
        device: torch.device,
        snapshots: SnapshotFiles,
    ) -> "Run":
        """Return the run before its first step."""
        distribution = settings.initial_weights
        network = StackedNetwork.of_seeds(
            layers,
            [initial_weights(layers, streams(seed, "weights"), distribution) for seed in seeds],
        ).to(device)
        optimizer = settings.optimizer_for(network)
        loss_sum, correct = torch.zeros(2, len(seeds), device=device)
        return cls(network, optimizer, settings, list(seeds), snapshots, loss_sum, correct)

    @property
    def names(self) -> str:
        """Its seeds, for lines of progress."""
        first, last = self.seeds[0], self.seeds[-1]
        return f"seed {first}" if first == last else f"seeds {first}-{last}"

    def steps_done(self, n: int) -> int:
        """Return the steps done over all epochs, of n images to train on."""
        return (self.epoch - 1) * self.settings.steps(n) + self.step

    def save(self) -> None:
        """Save the state, if a checkpoint is asked for."""
        if self.path:
            tensors = dict(self.network.state_dict())
            tensors |= checkpoints.optimizer_tensors(self.optimizer)
            tensors |= {"loss_sum": self.loss_sum, "correct": self.correct}
            state = {name: getattr(self, name) for name in self._STATE}
            # The keys of a JSON object are strings.
            state["diverged"] = list(self.diverged.items())
            state["snapshots"] = self.snapshots.description(self.seeds)
            checkpoints.save(self.path, tensors, state)

    def resume(self, progress: Callable[[str], None]) -> bool:
        """Take up the saved state, if there is one of this very training, and say so.

        Its snapshots must be there up to that state, for it could not write them any more.
        """
        tensors, state = (checkpoints.load(self.path) if self.path else None) or ({}, {})
        if state.get("fingerprint") != self.fingerprint:
            return False
        if not self._has_snapshots_of(state):
            progress(
                f"{self.names}: beginning again, for not all snapshots are there up to the "
                f"checkpoint in epoch {state['epoch']}, step {state['step']}"
            )
            return False
        device = self.loss_sum.device
        self.network.load_state_dict({k: tensors[k] for k in self.network.state_dict()})
        checkpoints.restore_optimizer(self.optimizer, {k: v.to(device) for k, v in tensors.items()})
        self.loss_sum, self.correct = (tensors[k].to(device) for k in ("loss_sum", "correct"))
        for name in self._STATE:
            setattr(self, name, state[name])
        self.diverged = dict(state["diverged"])
        progress(f"{self.names}: going on from epoch {self.epoch}, step {self.step}")
        return True

    def _has_snapshots_of(self, state: dict) -> bool:
        """Return whether what a saved state had written of the same snapshots is still there."""
        asked = self.snapshots.description(self.seeds)
        written = asked == state["snapshots"] and self.snapshots.are_there(
            self.seeds, state["epoch"], state["step"], dict(state["diverged"])
        )
        return written or not asked

    def begin_snapshots(self) -> None:
        """Write the weights before training, and delete what an earlier training has written.

        Its checkpoint, too: with the snapshots of this training it must not be taken up.
        """
        if self.snapshots.description(self.seeds):
            if self.path:
                self.path.unlink(missing_ok=True)
            self.snapshots.clear(self.seeds)
            self.write_snapshots(0)

    def write_snapshots(self, step: int) -> None:
        """Write what is due after so many steps over all epochs, all of which are done."""
        self.snapshots.write(self.network.weights(), self.seeds, step, self.diverged)

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
        self.snapshots.end_diverged(self.diverged)
        self.loss_sum.zero_()
        self.correct.zero_()
        self.epoch, self.step, self.seconds = self.epoch + 1, 0, 0.0
        if len(self.diverged) == len(self.seeds):
            self.epoch = self.settings.epochs + 1
