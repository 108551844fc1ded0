import numpy as np
import pytest
import torch

from manyseeds.networks import prediction
from manyseeds.networks.architectures import build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.stacking import StackedNetwork
from peer_networks import load, plain

# Two seeds, four images, two classes.
PROBABILITIES = np.array(
    [
        [[0.95, 0.05], [0.15, 0.85], [0.75, 0.25], [0.65, 0.35]],
        [[0.95, 0.05], [0.85, 0.15], [0.25, 0.75], [0.35, 0.65]],
    ],
    dtype=np.float32,
)
LABELS = np.array([0, 1, 1, 0])


def test_accuracy_by_hand():
    np.testing.assert_allclose(prediction.accuracy(PROBABILITIES, LABELS), [0.75, 0.5])


@pytest.mark.parametrize(("side", "poolings", "stacks"), [(16, 4, [2]), (72, 6, [1, 1])])
def test_predict_is_the_softmax_of_each_network(side, poolings, stacks, monkeypatch):
    """Small images run through all seeds at once, large ones seed by seed."""
    seen, predict = [], prediction._predict_at_once
    monkeypatch.setattr(
        prediction,
        "_predict_at_once",
        lambda stack, *rest: (seen.append(stack.seeds), predict(stack, *rest))[1],
    )
    layers = build("deep_50", (3, side, side), 3)
    weights = [initial_weights(layers, np.random.default_rng(seed)) for seed in range(2)]
    images = np.random.default_rng(0).integers(0, 256, (7, side, side, 3), dtype=np.uint8)
    found = prediction.predict(StackedNetwork.of_seeds(layers, weights), images)
    assert found.shape == (2, 7, 3) and seen == stacks
    x = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    for seed, one in enumerate(weights):
        alone = load(plain("deep_50", (3, side, side), 3, poolings), one)
        np.testing.assert_allclose(found[seed], alone(x).softmax(-1).detach(), atol=1e-5)


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_predict_gives_the_outputs_of_the_head(head):
    layers = build("deep_50", (1, 16, 16), 3)
    weights = initial_weights(layers, np.random.default_rng(0))
    images = np.random.default_rng(0).integers(0, 256, (7, 16, 16, 1), dtype=np.uint8)
    found = prediction.predict(StackedNetwork.of_seeds(layers, [weights]), images, head=head)
    last = {"softmax": torch.nn.Softmax(-1), "sigmoid": torch.nn.Sigmoid()}[head]
    alone = load(plain("deep_50", (1, 16, 16), 3, 4), weights).append(last)
    x = torch.from_numpy(images).permute(0, 3, 1, 2) / 255
    np.testing.assert_allclose(found[0], alone(x).detach(), atol=1e-5)


def test_predict_does_not_depend_on_its_batches(monkeypatch):
    layers = build("deep", (1, 16, 16), 2)
    network = StackedNetwork.of_seeds(layers, [initial_weights(layers, np.random.default_rng(0))])
    images = np.random.default_rng(0).integers(0, 256, (9, 16, 16, 1), dtype=np.uint8)
    at_once = prediction.predict(network, images)
    monkeypatch.setitem(prediction._ACTIVATION_BUDGET, "cpu", 16 * 16 * 2)
    np.testing.assert_allclose(prediction.predict(network, images), at_once, atol=1e-6)
