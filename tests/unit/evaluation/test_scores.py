import numpy as np
import pandas as pd
import pytest
import torch

from manyseeds.evaluation import scores

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


def test_cross_entropy_is_that_of_torch():
    ours = scores.cross_entropy(PROBABILITIES, LABELS)
    theirs = [
        torch.nn.functional.nll_loss(torch.from_numpy(p).log(), torch.from_numpy(LABELS)).item()
        for p in PROBABILITIES
    ]
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


def test_a_confident_mistake_keeps_the_loss_finite():
    sure = np.array([[[1.0, 0.0]]])
    assert np.isfinite(scores.cross_entropy(sure, np.array([1]))).all()


def test_calibration_error_by_hand():
    # A bin each: .95 right, .85 right, .75 wrong, .65 right: (.05 + .15 + .75 + .35) / 4.
    found = scores.calibration_error(PROBABILITIES, LABELS, bins=10)
    assert found[0] == pytest.approx(0.325, abs=1e-6)


def test_calibration_error_of_a_calibrated_forecast_is_zero():
    probabilities = np.tile([[0.75, 0.25]], (1, 8, 1)).reshape(1, 8, 2)
    labels = np.array([0, 0, 0, 0, 0, 0, 1, 1])
    assert scores.calibration_error(probabilities, labels)[0] == pytest.approx(0)


def test_tables():
    table = scores.prediction_table(PROBABILITIES, LABELS, TILES, [5, 6])
    assert table.columns.tolist() == [
        "seed", "tile", "angle", "label", "predicted", "confidence", "correct",
    ]  # fmt: skip
    assert table["angle"].tolist() == [0, 5, 0, 5] * 2
    row = table.query("seed == 6 and tile == 'c'").iloc[0]
    assert (row["label"], row["predicted"], row["correct"]) == (1, 1, True)
    assert row["confidence"] == pytest.approx(0.75)
    by_seed = scores.evaluation_table(PROBABILITIES, LABELS, [5, 6])
    right = table.groupby("seed")["correct"].mean().tolist()
    assert by_seed["accuracy"].tolist() == right
    assert by_seed["n"].tolist() == [4, 4]
    unequal = scores.evaluation_table(PROBABILITIES, np.array([1, 0, 0, 0]), [5, 6])
    assert unequal["chance"].tolist() == [0.75, 0.75]


def test_a_sigmoid_head_sure_of_all_classes_has_the_loss_of_guessing():
    """Each of four classes has a quarter of the outputs: the loss is ln 4."""
    table = scores.evaluation_table(np.ones((1, 8, 4)), np.arange(8) % 4, [0], "sigmoid")
    assert table["loss"].item() == pytest.approx(np.log(4))
