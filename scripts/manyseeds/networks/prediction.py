"""What networks predict of images, and how often they are right."""

import numpy as np
import torch

from manyseeds.networks.heads import head_outputs
from manyseeds.networks.stacking import StackedNetwork, stack_width
from manyseeds.networks.tensors import as_bytes

_ACTIVATION_BUDGET = {"cpu": 4_000_000, "cuda": 20_000_000}
"""Input values of a batch at evaluation, over all seeds: bounds the memory of activations. The
first convolution makes 16 values of each of a gray image, so that on CUDA, where large batches pay,
these are at most 1.3 GB in fp32, and about twice that with what the pooling keeps."""


@torch.inference_mode()
def predict(
    network: StackedNetwork,
    images: np.ndarray,
    precision: torch.dtype = torch.float32,
    head: str = "logits",
) -> np.ndarray:
    """Return the outputs that every seed gives every image: how probable it holds each class.

    Parameters
    ----------
    network : StackedNetwork
        Of S seeds.
    images : numpy.ndarray
        uint8 (n, height, width, channels), memory-mapped or not.
    precision : torch.dtype
        Of convolutions and products.
    head : "logits", "softmax" or "sigmoid"
        With which the network was trained, see `manyseeds.networks.heads.head_outputs`.

    Returns
    -------
    numpy.ndarray
        float32 (S, n, classes), 0 to 1: the softmax of the logits, or their sigmoid, which does
        not add up to 1.
    """
    device = next(network.parameters()).device
    network.eval()
    # As in training: of six seeds of `deep_50` at 128 x 128, one after another takes half the time.
    stacks = network.in_stacks(stack_width(network.layers, network.seeds, device))
    parts = [_predict_at_once(stack.eval(), images, precision, head) for stack in stacks]
    return np.concatenate(parts)


def _predict_at_once(network, images, precision, head):
    device = next(network.parameters()).device
    batch = max(
        1, _ACTIVATION_BUDGET[device.type] // (network.seeds * int(np.prod(images.shape[1:])))
    )
    parts = []
    for start in range(0, len(images), batch):
        x = as_bytes(images[start : start + batch], device)
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            logits = network(x)
        parts.append(head_outputs(logits.float(), head).cpu())
    return torch.cat(parts, 1).numpy()


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the fraction of images classified right, (S,), from (S, n, classes) and (n,)."""
    return (outputs.argmax(-1) == labels).mean(-1)
