"""Scores of what networks predict: accuracy, loss and calibration, as tables."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from manyseeds.networks.prediction import accuracy


def cross_entropy(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the mean negative log-likelihood in nats, (S,), from (S, n, classes) and (n,).

    Probabilities below 1e-12 count as 1e-12, so that one confident mistake stays finite.
    """
    of_true_class = probabilities[:, np.arange(len(labels)), labels]
    return -np.log(np.maximum(of_true_class, 1e-12, dtype=np.float64)).mean(-1)


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> np.ndarray:
    """Return the expected calibration error of every seed.

    The confidence of a prediction is the probability of the predicted class. Predictions are put
    into bins of equal width by their confidence. The error is the gap between a bin's accuracy and
    its mean confidence, averaged over the predictions.

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
        (S,), from 0 (confidence equals accuracy) to 1.

    References
    ----------
    Guo et al. (2017), On Calibration of Modern Neural Networks, equation 3.
    """
    confidence = probabilities.max(-1).astype(np.float64)
    correct = probabilities.argmax(-1) == labels
    number = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    gaps = [
        np.abs(np.bincount(b, right - confident, minlength=bins)).sum()
        for b, right, confident in zip(number, correct, confidence, strict=True)
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
    probabilities: np.ndarray, labels: np.ndarray, seeds: Sequence[int], head: str = "logits"
) -> pd.DataFrame:
    """Return a row a seed: seed, n, accuracy, chance, loss, calibration_error.

    Chance is the accuracy of always naming the commonest class of these images. The outputs of a
    sigmoid head do not add up to 1: for the loss each is divided by their sum. Otherwise a network
    that is sure of every class at once would have a loss of 0.
    """
    shares = probabilities
    if head == "sigmoid":
        shares = probabilities / np.maximum(probabilities.sum(-1, keepdims=True), 1e-12)
    return pd.DataFrame(
        {
            "seed": list(seeds),
            "n": len(labels),
            "accuracy": accuracy(probabilities, labels),
            "chance": np.bincount(labels).max() / len(labels),
            "loss": cross_entropy(shares, labels),
            "calibration_error": calibration_error(probabilities, labels),
        }
    )
