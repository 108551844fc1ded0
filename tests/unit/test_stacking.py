import numpy as np
import pytest
import torch
import torch.nn.functional as F

from manyseeds.architectures import build
from manyseeds.stacking import StackedNetwork, initial_weights
from networks import deep_plain, load

SEEDS = 3


@pytest.fixture(scope="module")
def layers():
    return build("deep_50", (3, 28, 28), 4)


@pytest.fixture(scope="module")
def weights(layers):
    return [initial_weights(layers, np.random.default_rng(seed)) for seed in range(SEEDS)]


@pytest.fixture(scope="module")
def alone(weights):
    """Each seed's network, written out plainly."""
    return [load(deep_plain(3, 4, poolings=4), one) for one in weights]


@pytest.fixture(scope="module")
def images():
    return torch.rand(SEEDS, 5, 3, 28, 28, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize(("distribution", "fans"), [("he", 9 * 32), ("glorot", 9 * 32 + 9 * 64)])
def test_initial_weights_are_uniform(layers, distribution, fans):
    weights = initial_weights(layers, np.random.default_rng(0), distribution)
    limit = np.sqrt(6 / fans)  # conv7: 32 to 64 channels, 3 x 3
    drawn = weights["conv7.weight"]
    assert np.abs(drawn).max() <= limit
    assert drawn.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    # PyTorch's own initialisers have the same spread.
    init = {"he": torch.nn.init.kaiming_uniform_, "glorot": torch.nn.init.xavier_uniform_}
    theirs = torch.empty(64, 32, 3, 3)
    gain = {"nonlinearity": "relu"} if distribution == "he" else {}
    assert drawn.std() == pytest.approx(init[distribution](theirs, **gain).std().item(), rel=0.03)
    assert all(not value.any() for name, value in weights.items() if name.endswith("bias"))


def test_each_seed_of_a_stack_is_the_network_alone(layers, weights, alone, images):
    stacked = StackedNetwork.of_seeds(layers, weights)(images)
    for seed in range(SEEDS):
        torch.testing.assert_close(stacked[seed], alone[seed](images[seed]), atol=1e-5, rtol=1e-4)


def test_shared_images_give_every_seed_its_own_logits(layers, weights, alone, images):
    stacked = StackedNetwork.of_seeds(layers, weights)(images[0])
    assert stacked.shape == (SEEDS, 5, 4)
    for seed in range(SEEDS):
        torch.testing.assert_close(stacked[seed], alone[seed](images[0]), atol=1e-5, rtol=1e-4)


def test_a_seeds_gradient_is_the_gradient_alone(layers, weights, alone, images):
    labels = torch.tensor([0, 1, 2, 3, 0])
    network = StackedNetwork.of_seeds(layers, weights)
    sum(F.cross_entropy(logits, labels) for logits in network(images)).backward()
    for seed, plain in enumerate(alone):
        plain.zero_grad()
        F.cross_entropy(plain(images[seed]), labels).backward()
        for ours, theirs in zip(network.parameters(), plain.parameters(), strict=True):
            torch.testing.assert_close(ours.grad[seed], theirs.grad, atol=1e-6, rtol=1e-3)


def test_weights_come_back_as_they_went_in(layers, weights):
    back = StackedNetwork.of_seeds(layers, weights).weights()
    assert list(back) == list(weights[0])
    for name, value in back.items():
        np.testing.assert_array_equal(value[1], weights[1][name])
