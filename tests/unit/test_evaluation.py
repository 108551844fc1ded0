import numpy as np
import pandas as pd
import pytest
import torch

from manyseeds import evaluation
from manyseeds.architectures import build
from manyseeds.stacking import StackedNetwork, initial_weights
from networks import load, plain

# Two seeds, four images, two classes.
PROBABILITIES = np.array(
    [
        [[0.95, 0.05], [0.15, 0.85], [0.75, 0.25], [0.65, 0.35]],
        [[0.95, 0.05], [0.85, 0.15], [0.25, 0.75], [0.35, 0.65]],
    ],
    dtype=np.float32,
)
LABELS = np.array([0, 1, 1, 0])
TILES = pd.DataFrame({"tile": ["a", "b", "c", "d"], "angle": [0, 5, 0, 5]})


def test_accuracy_by_hand():
    np.testing.assert_allclose(evaluation.accuracy(PROBABILITIES, LABELS), [0.75, 0.5])


def test_cross_entropy_is_that_of_torch():
    ours = evaluation.cross_entropy(PROBABILITIES, LABELS)
    theirs = [
        torch.nn.functional.nll_loss(torch.from_numpy(p).log(), torch.from_numpy(LABELS)).item()
        for p in PROBABILITIES
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_a_confident_mistake_keeps_the_loss_finite():
    sure = np.array([[[1.0, 0.0]]])
    assert np.isfinite(evaluation.cross_entropy(sure, np.array([1]))).all()


def test_calibration_error_by_hand():
    # A bin each: .95 right, .85 right, .75 wrong, .65 right: (.05 + .15 + .75 + .35) / 4.
    found = evaluation.calibration_error(PROBABILITIES, LABELS, bins=10)
    assert found[0] == pytest.approx(0.325, abs=1e-6)


def test_calibration_error_of_a_calibrated_forecast_is_zero():
    probabilities = np.tile([[0.75, 0.25]], (1, 8, 1)).reshape(1, 8, 2)
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    assert evaluation.calibration_error(probabilities, labels)[0] == pytest.approx(0)


@pytest.mark.parametrize(("side", "poolings", "stacks"), [(16, 4, [2]), (72, 6, [1, 1])])
def test_predict_is_the_softmax_of_each_network(side, poolings, stacks, monkeypatch):
    """Small images run through all seeds at once, large ones seed by seed."""
    seen, predict = [], evaluation._predict_at_once
    monkeypatch.setattr(
        evaluation,
        "_predict_at_once",
        lambda stack, *rest: (seen.append(stack.seeds), predict(stack, *rest))[1],
    )
    layers = build("deep_50", (3, side, side), 3)
    weights = [initial_weights(layers, np.random.default_rng(seed)) for seed in range(2)]
    images = np.random.default_rng(0).integers(0, 256, (7, side, side, 3), dtype=np.uint8)
    found = evaluation.predict(StackedNetwork.of_seeds(layers, weights), images)
    assert found.shape == (2, 7, 3) and seen == stacks
    x = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    for seed, one in enumerate(weights):
        alone = load(plain("deep_50", (3, side, side), 3, poolings), one)
        np.testing.assert_allclose(found[seed], alone(x).softmax(-1).detach(), atol=1e-5)


def test_predict_does_not_depend_on_its_batches(monkeypatch):
    layers = build("deep", (1, 16, 16), 2)
    network = StackedNetwork.of_seeds(layers, [initial_weights(layers, np.random.default_rng(0))])
    images = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 1), dtype=np.uint8)
    at_once = evaluation.predict(network, images)
    monkeypatch.setitem(evaluation._ACTIVATION_BUDGET, "cpu", 16 * 16 * 2)
    np.testing.assert_allclose(evaluation.predict(network, images), at_once, atol=1e-6)


def test_tables():
    table = evaluation.prediction_table(PROBABILITIES, LABELS, TILES, [5, 6])
    assert table.columns.tolist() == [
        "seed", "tile", "angle", "label", "predicted", "confidence", "correct",
    ]  # fmt: skip
    assert table["angle"].tolist() == [0, 5, 0, 5] * 2
    row = table.query("seed == 6 and tile == 'c'").iloc[0]
    assert (row["label"], row["predicted"], row["correct"]) == (1, 1, True)
    assert row["confidence"] == pytest.approx(0.75)
    by_seed = evaluation.evaluation_table(PROBABILITIES, LABELS, [5, 6])
    right = table.groupby("seed")["correct"].mean().tolist()
    assert by_seed["accuracy"].tolist() == right
    assert by_seed["n"].tolist() == [4, 4]
    unequal = evaluation.evaluation_table(PROBABILITIES, np.array([1, 0, 0, 0]), [5, 6])
    assert unequal["chance"].tolist() == [0.75, 0.75]


def test_diverged_seeds_are_left_out():
    weights = {"a": torch.ones(3, 2), "b": torch.ones(3, 4, 5)}
    weights["b"][1, 2, 3] = torch.nan
    left, seeds = evaluation.without_diverged(weights, [4, 5, 6])
    assert seeds == [4, 6]
    assert left["a"].shape == (2, 2)
    assert left["b"].shape == (2, 4, 5)
    assert left["b"].isfinite().all()
