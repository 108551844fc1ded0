"""The files of snapshots: how training writes them, and how they are read.

- ``seed-003/step-000050.safetensors``, one file a seed and moment: float32 weights, and moving
  averages, with the names and shapes of one seed (no axis of seeds), after 50 steps;
- ``snapshots.csv``, written when training ends, a row a file: seed, moment (counted from 0), epoch
  (that the last step belongs to; 0 before training), step (steps done over all epochs), file
  (relative to the table).
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load_file, save
from torch import Tensor

from manyseeds import tables
from manyseeds.errors import InputError
from manyseeds.machine.disks import megabytes, naming_full, written_whole
from manyseeds.networks.layers import PlacedLayer
from manyseeds.training.checkpoints import fingerprint
from manyseeds.training.snapshots import (
    Requested,
    kept_weights,
    merge,
    size,
)

TABLE = "snapshots.csv"


def file_of(seed: int, step: int) -> Path:
    """Return where a snapshot lies in its folder."""
    return Path(f"seed-{seed:03d}", f"step-{step:06d}.safetensors")


class SnapshotFiles:
    """The files that a training writes for a request; none where nothing is asked for.

    A file is there whole or not at all. Those of a stack of seeds that goes on from a checkpoint
    are there up to it; those of one that begins again are deleted first.

    Parameters
    ----------
    folder : Path or None
        Needed where something is asked for.
    request : SnapshotRequest, MergedRequests or None
    seeds : sequence of int
        That are trained; others of the request are passed over.
    layers : sequence of PlacedLayer
    steps_per_epoch, epochs : int
        Of the training.
    """

    def __init__(
        self,
        folder: Path | None,
        request: Requested | None,
        seeds: Sequence[int],
        layers: Sequence[PlacedLayer],
        steps_per_epoch: int,
        epochs: int,
    ):
        # The folder of those who ask for nothing is never looked at.
        self._folder, self._steps_per_epoch = folder or Path(), steps_per_epoch
        requested = merge([request] if request else []).among(seeds)
        of_seeds = {seed: requested.among([seed]) for seed in requested.seeds}
        self._moments = {
            seed: one.moments(steps_per_epoch, epochs) for seed, one in of_seeds.items()
        }
        self._names = {seed: list(kept_weights(one, layers)) for seed, one in of_seeds.items()}
        self._size = size(requested, layers, steps_per_epoch, epochs)
        self._due: dict[int, list[int]] = {}
        for seed, moments in self._moments.items():
            for step in moments:
                self._due.setdefault(step, []).append(seed)

    def __bool__(self) -> bool:
        """Whether anything is asked for."""
        return bool(self._moments)

    def __str__(self) -> str:
        """How many there will be, and how large."""
        count = sum(map(len, self._moments.values()))
        return f"{count:,} snapshots, {megabytes(self._size)}, in {self._folder}"

    def due(self, seeds: Sequence[int], step: int, diverged: Iterable[int]) -> list[int]:
        """Return which seeds of a stack are kept after so many steps."""
        return [s for s in self._due.get(step, ()) if s in seeds and s not in diverged]

    def write(
        self, weights: dict[str, Tensor], seeds: Sequence[int], step: int, diverged: Iterable[int]
    ) -> None:
        """Write what is due of a stack's weights, seeds along their leading axis.

        Raises
        ------
        InputError
            The disk is full.
        """
        for seed in self.due(seeds, step, diverged):
            place = seeds.index(seed)
            own = {name: weights[name][place].cpu() for name in self._names[seed]}
            self._write(file_of(seed, step), save(own))

    def clear(self, seeds: Sequence[int]) -> None:
        """Delete what an earlier training left of a stack."""
        if self:
            self._folder.joinpath(TABLE).unlink(missing_ok=True)
            for seed in seeds:
                for path in self._folder.joinpath(file_of(seed, 0)).parent.glob("step-*"):
                    path.unlink()

    def end_diverged(self, diverged: dict[int, int]) -> None:
        """Delete what was kept of seeds after the last epoch before they diverged.

        Parameters
        ----------
        diverged : dict of int to int
            The epoch in which each did.
        """
        for seed in diverged:
            kept = self._kept(seed, diverged)
            for step in self._moments.get(seed, [])[len(kept) :]:
                self._folder.joinpath(file_of(seed, step)).unlink(missing_ok=True)

    def description(self, seeds: Sequence[int]) -> str:
        """Return a digest of what is kept of a stack, empty where nothing is."""
        kept = [(s, self._moments[s], self._names[s]) for s in seeds if s in self._moments]
        return fingerprint(kept) if kept else ""

    def are_there(
        self, seeds: Sequence[int], epoch: int, step: int, diverged: dict[int, int]
    ) -> bool:
        """Return whether all are there of a stack up to a step of an epoch."""
        done = (epoch - 1) * self._steps_per_epoch + step
        return all(
            self._folder.joinpath(file_of(seed, moment)).exists()
            for seed in seeds
            for moment in self._kept(seed, diverged)
            if moment <= done
        )

    def write_table(self, diverged: dict[int, int]) -> None:
        """Write ``snapshots.csv``; `diverged` as for `end_diverged`."""
        if self:
            rows = [
                (
                    seed,
                    moment,
                    -(-step // self._steps_per_epoch),
                    step,
                    file_of(seed, step).as_posix(),
                )
                for seed in self._moments
                for moment, step in enumerate(self._kept(seed, diverged))
            ]
            table = pd.DataFrame(rows, columns=["seed", "moment", "epoch", "step", "file"])
            self._write(Path(TABLE), table.to_csv(index=False).encode())

    def _kept(self, seed: int, diverged: dict[int, int]) -> list[int]:
        moments = self._moments.get(seed, [])
        if seed not in diverged:
            return moments
        return [step for step in moments if step <= (diverged[seed] - 1) * self._steps_per_epoch]

    def _write(self, file: Path, content: bytes) -> None:
        path = self._folder / file
        with naming_full(self._folder):
            path.parent.mkdir(parents=True, exist_ok=True)
            with written_whole(path) as unfinished:
                unfinished.write_bytes(content)


def open_snapshots(folder: Path, seed: int) -> Iterator[tuple[int, dict[str, Tensor]]]:
    """Return the snapshots of a seed in the order of training, each read when it is reached.

    Parameters
    ----------
    folder : Path
        With the ``snapshots.csv`` of a training that has ended.
    seed : int

    Returns
    -------
    iterator of (int, dict of str to Tensor)
        Steps done, and the weights then. A seed that diverged has none after its last epoch
        with a finite loss.

    Raises
    ------
    InputError
        When there are none of this seed.
    """
    rows = _rows(folder, [seed])
    return (
        (step, load_file(folder / file))
        for step, file in zip(rows["step"], rows["file"], strict=True)
    )


def stack_snapshots(folder: Path, seeds: Sequence[int], step: int) -> dict[str, Tensor]:
    """Return the weights of several seeds after so many steps, stacked as a network takes them.

    Parameters
    ----------
    folder : Path
        As for `open_snapshots`.
    seeds : sequence of int
    step : int
        One of the moments.

    Returns
    -------
    dict of str to Tensor
        float32, seeds along the leading axis in the order given; the weights that all of them
        have.

    Raises
    ------
    InputError
        When a seed has no snapshot of this moment.
    """
    rows = _rows(folder, seeds)
    files = rows[rows["step"] == step].set_index("seed")["file"]
    for seed in seeds:
        if seed not in files.index:
            raise InputError(
                f"{folder / TABLE}: seed {seed} has no snapshot of step {step}. Choose one of its "
                f"steps there, or train again with that moment."
            )
    loaded = [load_file(folder / files[seed]) for seed in seeds]
    names = [name for name in loaded[0] if all(name in one for one in loaded)]
    return {name: torch.stack([one[name] for one in loaded]) for name in names}


def _rows(folder: Path, seeds: Sequence[int]) -> pd.DataFrame:
    table = tables.read(folder / TABLE)
    for seed in seeds:
        if seed not in set(table["seed"]):
            raise InputError(
                f"{folder / TABLE}: has no snapshots of seed {seed}. Choose another seed, or train "
                f"again with snapshots of this one."
            )
    return table[table["seed"].isin(seeds)]
