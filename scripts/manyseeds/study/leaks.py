"""Datasets that differ in nothing but a leaky split: their difference is what the leak is worth."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from manyseeds.study.dataset import Dataset

if TYPE_CHECKING:
    from manyseeds.study.study import Study

SHOWN_ALONE = {"like", "label", "audit", "expert_accuracy", "split"}
"""Keys of a dataset that change nothing of its images or networks, and that of the split itself."""


@dataclass(frozen=True)
class LeakyPair:
    """A dataset split tile by tile, the one it is like, and a network trained on both.

    Attributes
    ----------
    honest, leaky : str
        Names of the datasets.
    architecture : str
    differ : tuple of str
        Keys besides the split in which what the two are, and are trained with, differs. Unless it
        is empty, the two do not tell what the leak is worth.
    """

    honest: str
    leaky: str
    architecture: str
    differ: tuple[str, ...]


def leaky_pairs(study: "Study") -> tuple[LeakyPair, ...]:
    """Return the pairs of a study, also those that cannot tell what a leak is worth."""
    pairs, networks = [], study.networks
    for leaky in study.used:
        honest = study.datasets.get(leaky.keys.like or "")
        if honest in study.used and leaky.split_by == "tile" != honest.split_by:
            for dataset, architecture in sorted(networks):
                if dataset == leaky.name and (honest.name, architecture) in networks:
                    differ = _differences(study, honest, leaky, architecture)
                    pairs.append(LeakyPair(honest.name, leaky.name, architecture, differ))
    return tuple(pairs)


def _differences(
    study: "Study", honest: Dataset, leaky: Dataset, architecture: str
) -> tuple[str, ...]:
    keys = [
        key for key in _unequal(honest.keys.plain(), leaky.keys.plain()) if key not in SHOWN_ALONE
    ]
    # How much the splits of a source hold is not said in the study.
    if honest.split_by != "source" and honest.held_out != leaky.held_out:
        keys.append("split.test")
    trained = _unequal(*(study.training(one.name, architecture).plain() for one in (honest, leaky)))
    return (*keys, *(f"training.{key}" for key in trained))


def _unequal(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """Return the keys of which two mappings have different values."""
    both = dict.fromkeys([*first, *second])
    return [key for key in both if first.get(key) != second.get(key)]
