"""What trained networks say of images: predictions, accuracy, loss and calibration."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from manyseeds.stacking import StackedNetwork, as_bytes, stack_width

_ACTIVATION_BUDGET = {"cpu": 4_000_000, "cuda": 20_000_000}
"""Input values of a batch at evaluation, over all seeds: bounds the memory of activations. The
first convolution makes 16 values of each of a gray image, so that on CUDA, where large batches pay,
these are at most 1.3 GB in fp32, and about twice that with what the pooling keeps."""


@torch.inference_mode()
def predict(
    network: StackedNetwork, images: np.ndarray, precision: torch.dtype = torch.float32
) -> np.ndarray:
    """Return the class probabilities that every seed gives every image.

    Parameters
    ----------
    network : StackedNetwork
        Of S seeds.
    images : numpy.ndarray
        uint8 (n, height, width, channels), memory-mapped or not.
    precision : torch.dtype
        Of convolutions and products.

    Returns
    -------
    numpy.ndarray
        float32 (S, n, classes): the softmax of the logits.
    """
    device = next(network.parameters()).device
    network.eval()
    # As in training: of six seeds of `deep_50` at 128 x 128, one after another takes half the time.
    stacks = network.in_stacks(stack_width(network.layers, network.seeds, device))
    return np.concatenate([_predict_at_once(stack.eval(), images, precision) for stack in stacks])


def _predict_at_once(network, images, precision):
    device = next(network.parameters()).device
    batch = max(
        1, _ACTIVATION_BUDGET[device.type] // (network.seeds * int(np.prod(images.shape[1:])))
    )
    parts = []
    for start in range(0, len(images), batch):
        x = as_bytes(images[start : start + batch], device)
        with torch.autocast(device.type, precision, enabled=precision != torch.float32):
            logits = network(x)
        parts.append(logits.float().softmax(-1).cpu())
    return torch.cat(parts, 1).numpy()


def without_diverged(
    weights: dict[str, Tensor], seeds: Sequence[int]
) -> tuple[dict[str, Tensor], list[int]]:
    """Leave out the seeds whose training diverged, which have weights that are not finite.

    Parameters
    ----------
    weights : dict of str to Tensor
        Seeds along the leading axis.
    seeds : sequence of int
        Their numbers.

    Returns
    -------
    dict of str to Tensor, list of int
        The weights and numbers of the others.
    """
    finite = torch.stack([value.flatten(1).isfinite().all(1) for value in weights.values()]).all(0)
    left = [seed for seed, is_finite in zip(seeds, finite.tolist(), strict=True) if is_finite]
    return {name: value[finite] for name, value in weights.items()}, left


def accuracy(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the fraction of images classified right, (S,), from (S, n, classes) and (n,)."""
    return (probabilities.argmax(-1) == labels).mean(-1)


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean negative log-likelihood in nats, (S,), from (S, n, classes) and (n,).

    Probabilities below 1e-12 count as 1e-12, so that one confident mistake stays finite.
    """
    of_the_truth = probabilities[:, np.arange(len(labels)), labels]
    return -np.log(np.maximum(of_the_truth, 1e-12, dtype=np.float64)).mean(-1)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> np.ndarray:
    """Return the expected calibration error of every seed.

    The confidence of a prediction is the probability of the predicted class. Predictions are
    put into bins of equal width by confidence; the error is the mean over predictions of the
    gap between a bin's accuracy and its mean confidence.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (S, n, classes).
    labels : numpy.ndarray
        (n,).
    bins : int
        Bins between 0 and 1.

    Returns
    -------
    numpy.ndarray
        (S,), 0 (confidence is accuracy) to 1.

    References
    ----------
    Guo et al. (2017), On Calibration of Modern Neural Networks, equation 3.
    """
    confidence = probabilities.max(-1).astype(np.float64)
    correct = probabilities.argmax(-1) == labels
    number = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = [
        np.abs(np.bincount(b, right - sure, minlength=bins)).sum()
        for b, right, sure in zip(number, correct, confidence, strict=True)
    ]
    return np.array(gaps) / len(labels)


def prediction_table(
    probabilities: np.ndarray, labels: np.ndarray, tiles: pd.DataFrame, seeds: Sequence[int]
) -> pd.DataFrame:
    """Return a row a seed and image: seed, tile, angle, label, predicted, confidence, correct.

    Parameters
    ----------
    probabilities : numpy.ndarray
        (S, n, classes).
    labels : numpy.ndarray
        (n,).
    tiles : pandas.DataFrame
        Columns tile and angle, which name the images; n rows.
    seeds : sequence of int
        (S,).
    """
    predicted = probabilities.argmax(-1)
    return pd.DataFrame(
        {
            "seed": np.repeat(np.asarray(seeds), len(labels)),
            "tile": np.tile(tiles["tile"].to_numpy(object), len(seeds)),
            "angle": np.tile(tiles["angle"].to_numpy(float), len(seeds)),
            "label": np.tile(labels, len(seeds)),
            "predicted": predicted.ravel(),
            "confidence": probabilities.max(-1).ravel(),
            "correct": (predicted == labels).ravel(),
        }
    )


def evaluation_table(
    probabilities: np.ndarray, labels: np.ndarray, seeds: Sequence[int]
) -> pd.DataFrame:
    """Return a row a seed: seed, n, accuracy, chance, loss, calibration_error.

    Chance is the accuracy of always naming the commonest class of these images.
    """
    return pd.DataFrame(
        {
            "seed": list(seeds),
            "n": len(labels),
            "accuracy": accuracy(probabilities, labels),
            "chance": np.bincount(labels).max() / len(labels),
            "loss": cross_entropy(probabilities, labels),
            "calibration_error": calibration_error(probabilities, labels),
        }
    )
