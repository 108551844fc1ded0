"""Opening a network by its name."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING

from manyseeds.errors import InputError

if TYPE_CHECKING:
    from manyseeds.networks.pretrained.network import PretrainedNetwork

NAMES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2", "squeezenet1_1")
"""Networks that can be opened."""


def open_pretrained(name: str) -> PretrainedNetwork:
    """Open a network trained on ImageNet.

    Parameters
    ----------
    name : str
        One of `NAMES`.

    Returns
    -------
    PretrainedNetwork
        In eval mode, float32, on the processor, its weights without gradients.

    Raises
    ------
    InputError
        When no network has that name, or its weights are missing: the package that ships them is
        not installed, or they cannot be downloaded.
    """
    if name not in NAMES:
        near = get_close_matches(str(name), NAMES, n=1)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        raise InputError(f"network {name!r}: unknown. {meant}Choose one of {', '.join(NAMES)}.")
    # Both import torch, which takes seconds.
    if name == "squeezenet1_1":
        from manyseeds.networks.pretrained import squeezenet

        return squeezenet.open_network()
    from manyseeds.networks.pretrained import efficientnet_lite

    return efficientnet_lite.open_network(name)
