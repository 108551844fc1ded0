"""Opening trained networks: weights and architecture become a network."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from manyseeds.errors import InputError
from manyseeds.networks.layers import PlacedLayer, weight_shapes
from manyseeds.networks.stacking import StackedNetwork
from manyseeds.networks.summary import shape_text

_AGAIN = "Delete the file and run again, so that its networks are trained again."


@dataclass(frozen=True)
class Opened:
    """Trained networks of one architecture.

    Attributes
    ----------
    network : StackedNetwork
        In evaluation mode, float32.
    seeds : list of int
        The numbers of its seeds, in the order of its leading axis.
    diverged : list of int
        The numbers of the file's seeds that were left out because their training diverged.
    """

    network: StackedNetwork
    seeds: list[int]
    diverged: list[int]


def open_networks(
    weights_path: Path | str,
    layers: Sequence[PlacedLayer],
    seeds: Sequence[int],
    *,
    chosen: Collection[int] | None = None,
    device: torch.device | str = "cpu",
) -> Opened:
    """Open the trained networks of a job of seeds, without those that diverged.

    A seed whose training diverged has weights that are not finite.

    Parameters
    ----------
    weights_path : path
        ``weights.safetensors`` as training writes it, the seeds along the leading axis.
    layers : sequence of PlacedLayer
        The architecture as it was trained, from `manyseeds.networks.architectures.build`.
    seeds : sequence of int
        The numbers of the job's seeds, in the order of the file.
    chosen : collection of int, optional
        Seeds to keep; all by default. They stay in the order of the file.
    device : torch.device or str
        Where the network is to be.

    Raises
    ------
    InputError
        The file cannot be read or is not of these layers and seeds; every seed diverged; a chosen
        seed is not in the file or diverged.
    """
    try:
        weights = load_file(weights_path)
    except (OSError, SafetensorError) as fault:
        raise InputError(f"{weights_path}: cannot be read ({fault}). {_AGAIN}") from fault
    _check_fit(weights_path, weights, layers, seeds)
    finite = torch.stack([value.flatten(1).isfinite().all(1) for value in weights.values()]).all(0)
    whole = [seed for seed, is_finite in zip(seeds, finite.tolist(), strict=True) if is_finite]
    diverged = [seed for seed in seeds if seed not in whole]
    if not whole:
        raise InputError(
            f"{weights_path}: the training of every seed diverged. Give a lower learning rate, "
            f"then train again."
        )
    for seed in chosen or ():
        if seed not in whole:
            reason = "diverged in training" if seed in diverged else "is not in it"
            raise InputError(
                f"{weights_path}: seed {seed} {reason}. Choose among {', '.join(map(str, whole))}."
            )
    left = [seed for seed in whole if chosen is None or seed in chosen]
    if not left:
        raise InputError(f"{weights_path}: no seed is chosen. Choose among {whole}.")
    places = [place for place, seed in enumerate(seeds) if seed in left]
    network = StackedNetwork(layers, {name: value[places] for name, value in weights.items()})
    return Opened(network.to(device).eval(), left, diverged)


def _check_fit(
    path: Path | str,
    weights: Mapping[str, Tensor],
    layers: Sequence[PlacedLayer],
    seeds: Sequence[int],
) -> None:
    """Raise InputError unless a file's weights are those of such layers and so many seeds."""
    needed = weight_shapes(layers)
    for name in [*needed, *weights]:
        if name not in weights:
            different = f"has no {name}"
        elif name not in needed:
            different = f"has {name}, which the architecture lacks"
        elif weights[name].shape[1:] != needed[name]:
            of_each_seed = shape_text(weights[name].shape[1:])
            different = f"has a {name} of {of_each_seed}, not {shape_text(needed[name])}"
        elif len(weights[name]) != len(seeds):
            different = f"has {len(weights[name])} seeds, not {len(seeds)}"
        else:
            continue
        raise InputError(
            f"{path}: these are not the weights of this network, for the file {different}. {_AGAIN}"
        )
