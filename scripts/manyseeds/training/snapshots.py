"""Snapshots: weights of chosen moments of training.

A `SnapshotRequest` says of which seeds, layers and moments; several are merged, so that those who
ask for snapshots of the same network share one training. `size` and `check_room` tell what a
request costs before training begins. Their files: `manyseeds.training.snapshot_files`.
"""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from manyseeds.errors import InputError
from manyseeds.machine.disks import megabytes
from manyseeds.networks.layers import PlacedLayer, Shape, weight_owners, weight_shapes

_BYTES = 4  # of a float32


@dataclass(frozen=True)
class SnapshotRequest:
    """Which snapshots training keeps.

    The moments are every `every`-th minibatch, or the end of each epoch, or both. Where neither is
    asked for, they are each of the `first` minibatches, then fewer and fewer: equally spaced in the
    square root of (step - first). Before training (step 0) and after it are always among them.

    Attributes
    ----------
    seeds : tuple of int
        Those that a training does not train are passed over.
    layers : tuple of str or None
        Names such as ``conv1``, of layers with weights; None means all. A layer that is used again
        stands for the weights it shares.
    first : int
    most : int
        Most moments that are kept when they grow fewer and fewer. Training with fewer steps keeps
        all. Where several moments round to one step, fewer than these are left.
    every : int or None
    each_epoch : bool

    Raises
    ------
    InputError
        When `most` leaves no room for the end of training.
    """

    seeds: tuple[int, ...]
    layers: tuple[str, ...] | None = None
    first: int = 50
    most: int = 150
    every: int | None = None
    each_epoch: bool = False

    def __post_init__(self):
        least = self.first + 2
        if self.most < least and not (self.every or self.each_epoch):
            raise InputError(
                f"most: {self.most} snapshots are fewer than those before training, after each of "
                f"the first {self.first} minibatches and after training, {least} in all. Give a "
                f"larger most or a smaller first."
            )

    @classmethod
    def of(cls, **keys: Any) -> "SnapshotRequest":
        """Return the request that a study spells out, with lists of seeds and layers."""
        tuples: Any = {k: tuple(v) if isinstance(v, list) else v for k, v in keys.items()}
        return cls(**tuples)

    def moments(self, steps_per_epoch: int, epochs: int) -> list[int]:
        """Return the moments: how many steps are done, ascending, from 0 to the end."""
        end = steps_per_epoch * epochs
        if self.every or self.each_epoch:
            found = set(range(0, end, self.every)) if self.every else set()
            found |= set(range(0, end, steps_per_epoch)) if self.each_epoch else set()
        elif end < self.most:
            found = set(range(end))
        else:
            found = set(range(self.first + 1))
            left = self.most - len(found)
            found |= {
                self.first + round((end - self.first) * i**2 / left**2) for i in range(1, left)
            }
        return sorted(found | {0, end})


@dataclass(frozen=True)
class MergedRequests:
    """Several requests as one.

    Of each seed the moments and layers are those of all requests that name the seed.

    Attributes
    ----------
    requests : tuple of SnapshotRequest
    """

    requests: tuple[SnapshotRequest, ...]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds of all requests, ascending."""
        return tuple(sorted({seed for one in self.requests for seed in one.seeds}))

    @property
    def layers(self) -> tuple[str, ...] | None:
        """The layers of all requests; None means all there are."""
        named = [one.layers for one in self.requests if one.layers is not None]
        if len(named) < len(self.requests):
            return None
        return tuple(dict.fromkeys(name for layers in named for name in layers))

    def moments(self, steps_per_epoch: int, epochs: int) -> list[int]:
        """Return the moments of all requests, as `SnapshotRequest.moments` does."""
        found = (one.moments(steps_per_epoch, epochs) for one in self.requests)
        return sorted(set().union(*found))

    def among(self, seeds: Iterable[int]) -> "MergedRequests":
        """Return what is asked of some seeds, such as those of one job."""
        seeds = set(seeds)
        left = (
            replace(one, seeds=tuple(s for s in one.seeds if s in seeds)) for one in self.requests
        )
        return MergedRequests(tuple(one for one in left if one.seeds))


Requested = SnapshotRequest | MergedRequests


def merge(requests: Iterable[Requested]) -> MergedRequests:
    """Return several requests as one, which one training can meet."""
    flat = (
        one
        for request in requests
        for one in (request.requests if isinstance(request, MergedRequests) else [request])
    )
    return MergedRequests(tuple(dict.fromkeys(flat)))


def kept_weights(request: Requested, layers: Sequence[PlacedLayer]) -> dict[str, Shape]:
    """Return the shapes of the weights that a snapshot holds, by name, in the network's order.

    Raises
    ------
    InputError
        When the request names what is no layer of this network, or one without weights.
    """
    owners = weight_owners(layers)
    wanted = owners if request.layers is None else request.layers
    for name in wanted:
        if name not in owners:
            raise InputError(
                f"layers: {name} is no layer with weights of this network, which has "
                f"{', '.join(owners)}. Choose from these."
            )
    kept = {owners[name] for name in wanted}
    return weight_shapes([placed for placed in layers if placed.name in kept])


def size(
    request: Requested, layers: Sequence[PlacedLayer], steps_per_epoch: int, epochs: int
) -> int:
    """Return the bytes of all snapshots of a request, without the 2 kB or so of each file's header.

    Parameters
    ----------
    request : SnapshotRequest or MergedRequests
    layers : sequence of PlacedLayer
        As from `manyseeds.networks.architectures.build`.
    steps_per_epoch, epochs : int
        Of the training, see `manyseeds.training.settings.Settings.steps`.
    """
    total, merged = 0, merge([request])
    for seed in merged.seeds:
        of_seed = merged.among([seed])
        values = sum(prod(shape) for shape in kept_weights(of_seed, layers).values())
        total += _BYTES * values * len(of_seed.moments(steps_per_epoch, epochs))
    return total


def check_room(folder: Path, needed: int, key: str) -> None:
    """Refuse snapshots that the disk has no room for.

    Parameters
    ----------
    folder : Path
        Where they will be written; need not exist. Snapshots that are there already count as
        room, for they will be replaced.
    needed : int
        Bytes, as from `size`.
    key : str
        The config key that asks for them, for the message.

    Raises
    ------
    InputError
        When they are larger than what is free.
    """
    there = sum(path.stat().st_size for path in folder.glob("seed-*/step-*"))
    disk = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    free = shutil.disk_usage(disk).free + there
    if needed > free:
        raise InputError(
            f"config key {key}: the snapshots take {megabytes(needed)}, and the disk of {folder} "
            f"has {megabytes(free)} for them. Ask for fewer seeds, fewer layers or fewer moments "
            f"(a smaller most, a larger every), or free space there."
        )
