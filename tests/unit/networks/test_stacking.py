from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from made_up import made_up, streams
from manyseeds.networks.architectures import NAMES, build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.layers import BatchNorm, Dense, Dropout, Flatten, PlacedLayer
from manyseeds.networks.stacking import StackedNetwork
from manyseeds.training.loop import Settings, train
from peer_networks import SMALL, as_if_trained, learned_and_moving, load, plain

SEEDS = 3
CLASSES = 4


@dataclass
class Case:
    """A stack of seeds, and each seed's network written out plainly."""

    layers: list[PlacedLayer]
    weights: list[dict[str, np.ndarray]]
    alone: list[nn.Sequential]
    images: torch.Tensor

    def stacked(self) -> StackedNetwork:
        return StackedNetwork.of_seeds(self.layers, self.weights).eval()


@pytest.fixture(scope="module", params=NAMES)
def case(request):
    image, poolings = SMALL[request.param]
    layers = build(request.param, image, CLASSES)
    weights, alone = [], []
    for seed in range(SEEDS):
        one = as_if_trained(initial_weights(layers, np.random.default_rng(seed)), seed)
        weights.append(one)
        alone.append(load(plain(request.param, image, CLASSES, poolings).eval(), one))
    images = torch.rand(SEEDS, 5, *image, generator=torch.Generator().manual_seed(0))
    return Case(layers, weights, alone, images)


@pytest.mark.parametrize(("distribution", "fans"), [("he", 9 * 32), ("glorot", 9 * 32 + 9 * 64)])
def test_initial_weights_are_uniform(distribution, fans):
    layers = build("deep_50", (3, 28, 28), 4)
    weights = initial_weights(layers, np.random.default_rng(0), distribution)
    limit = np.sqrt(6 / fans)  # conv7: 32 to 64 channels, 3 x 3
    drawn = weights["conv7.weight"]
    assert np.abs(drawn).max() <= limit
    assert drawn.std() == pytest.approx(limit / np.sqrt(3), rel=0.02)
    # PyTorch's own initialisers have the same spread.
    init = {"he": nn.init.kaiming_uniform_, "glorot": nn.init.xavier_uniform_}
    theirs = torch.empty(64, 32, 3, 3)
    gain = {"nonlinearity": "relu"} if distribution == "he" else {}
    assert drawn.std() == pytest.approx(init[distribution](theirs, **gain).std().item(), rel=0.03)
    assert all(not value.any() for name, value in weights.items() if name.endswith("bias"))


def test_batch_normalisation_starts_as_the_identity():
    weights = initial_weights(
        [PlacedLayer("batchnorm1", BatchNorm(), (6, 4, 4), (6, 4, 4), "batchnorm1")],
        np.random.default_rng(0),
    )
    starts = {name: set(value.tolist()) for name, value in weights.items()}
    assert starts == {
        "batchnorm1.weight": {1},
        "batchnorm1.bias": {0},
        "batchnorm1.mean": {0},
        "batchnorm1.variance": {1},
    }


def test_each_seed_of_a_stack_is_the_network_alone(case):
    with torch.no_grad():
        stacked = case.stacked()(case.images)
        for logits, plain_network, images in zip(stacked, case.alone, case.images, strict=True):
            torch.testing.assert_close(logits, plain_network(images), atol=1e-5, rtol=1e-4)


def test_shared_images_give_every_seed_its_own_logits(case):
    with torch.no_grad():
        stacked = case.stacked()(case.images[0])
        assert stacked.shape == (SEEDS, 5, CLASSES)
        for logits, plain_network in zip(stacked, case.alone, strict=True):
            expected = plain_network(case.images[0])
            torch.testing.assert_close(logits, expected, atol=1e-5, rtol=1e-4)


def test_a_seeds_gradient_is_the_gradient_alone(case):
    labels = torch.tensor([0, 1, 2, 3, 0])
    network = case.stacked()
    sum(F.cross_entropy(logits, labels) for logits in network(case.images)).backward()
    for seed, plain_network in enumerate(case.alone):
        loss = F.cross_entropy(plain_network(case.images[seed]), labels)
        gradients = torch.autograd.grad(loss, list(plain_network.parameters()))
        for ours, theirs in zip(network.parameters(), gradients, strict=True):
            torch.testing.assert_close(ours.grad[seed], theirs, atol=1e-6, rtol=1e-3)


def test_weights_come_back_as_they_went_in(case):
    """Moving averages among them, and those of a layer used twice once."""
    back = case.stacked().weights()
    assert list(back) == list(case.weights[0])
    for name, value in back.items():
        for seed, one in enumerate(case.weights):
            np.testing.assert_array_equal(value[seed], one[name])
    # Neither a file's order nor the way through one change them.
    again = StackedNetwork(case.layers, dict(reversed(back.items()))).weights()
    assert list(again) == list(back)
    assert all(torch.equal(value, back[name]) for name, value in again.items())


def test_only_weights_of_convolutions_and_dense_layers_decay(case):
    decaying = [tuple(weight.shape) for weight in case.stacked().decaying_weights()]
    assert decaying == [
        (SEEDS, *module.weight.shape)
        for module in dict.fromkeys(case.alone[0])
        if isinstance(module, nn.Conv2d | nn.Linear)
    ]


def test_batch_normalisation_in_training_is_pytorchs_of_each_seed():
    shape = (4, 3, 5)
    layers = [
        PlacedLayer("batchnorm1", BatchNorm(), shape, shape, "batchnorm1"),
        PlacedLayer("flatten1", Flatten(), shape, (60,), "flatten1"),
    ]
    start = initial_weights(layers, np.random.default_rng(0))
    weights = [as_if_trained(start, seed) for seed in range(SEEDS)]
    network = StackedNetwork.of_seeds(layers, weights).train()
    alone = [load(nn.Sequential(nn.BatchNorm2d(4, 0.001, 0.01)), one) for one in weights]
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):
        x = 3 + 2 * torch.randn(SEEDS, 6, *shape, generator=generator)
        for ours, one, images in zip(network(x), alone, x, strict=True):
            torch.testing.assert_close(ours, one(images).flatten(1))
    for seed, one in enumerate(alone):
        for ours, theirs in zip(network.weights().values(), learned_and_moving(one), strict=True):
            torch.testing.assert_close(ours[seed], theirs.detach())
    x = torch.randn(SEEDS, 6, *shape, generator=generator)
    for ours, one, images in zip(network.eval()(x), alone, x, strict=True):
        torch.testing.assert_close(ours, one.eval()(images).flatten(1))


@pytest.mark.parametrize("kind", [int, lambda seen: torch.tensor(seen, dtype=torch.float64)])
def test_moving_averages_can_leave_out_what_they_began_from(kind):
    """They are the means of what was seen, the n-th minibatch from the end weighing 0.99^n."""
    shape = (2, 3, 3)
    layers = [
        PlacedLayer("batchnorm1", BatchNorm(), shape, shape, "batchnorm1"),
        PlacedLayer("flatten1", Flatten(), shape, (18,), "flatten1"),
    ]
    start = initial_weights(layers, np.random.default_rng(0))
    network = StackedNetwork.of_seeds(layers, [start] * 2).train()
    x = 0.1 + 0.02 * torch.randn(5, 2, 6, *shape, generator=torch.Generator().manual_seed(0))
    for seen, minibatch in enumerate(x):
        network(minibatch, seen=kind(seen))
    weights = 0.99 ** np.arange(4, -1, -1)
    found = network.weights()
    of_channels = x.numpy().transpose(0, 1, 3, 2, 4, 5).reshape(5, 2, 2, -1)
    for name, values in (("mean", of_channels.mean(-1)), ("variance", of_channels.var(-1, ddof=1))):
        expected = np.average(values, axis=0, weights=weights)
        np.testing.assert_allclose(found[f"batchnorm1.{name}"], expected, rtol=1e-4)


def dropout(rate=0.3, seeds=SEEDS):
    """A network whose outputs, for images of ones, are the factors of dropout."""
    layers = [
        PlacedLayer("flatten1", Flatten(), (1, 20, 20), (400,), "flatten1"),
        PlacedLayer("dropout1", Dropout(rate), (400,), (400,), "dropout1"),
        PlacedLayer("dense1", Dense(400), (400,), (400,), "dense1"),
    ]
    identity = {"dense1.weight": np.eye(400, dtype="f4"), "dense1.bias": np.zeros(400, "f4")}
    network = StackedNetwork.of_seeds(layers, [identity] * seeds).train()
    return network, torch.ones(seeds, 50, 1, 20, 20)


def kept(network, *seeds):
    return network.draw_kept([np.random.default_rng(seed) for seed in seeds], 50)


@pytest.mark.parametrize("rate", [0.3, 0.5])
def test_dropout_drops_its_share_and_scales_the_rest(rate):
    network, ones = dropout(rate)
    factors = network(ones, kept(network, 0, 1, 2)).detach()
    assert factors.unique().tolist() == pytest.approx([0, 1 / (1 - rate)])
    share = (factors == 0).float().mean((1, 2))
    assert share.tolist() == pytest.approx([rate] * SEEDS, abs=0.015)
    assert not torch.equal(factors[0, 0], factors[0, 1])  # every image has a draw of its own


def test_a_seeds_dropout_is_drawn_from_its_own_generator():
    network, ones = dropout()
    first, second, third = network(ones, kept(network, 0, 1, 2))
    assert not torch.equal(first, second)
    assert torch.equal(network(ones, kept(network, 5, 1, 6))[1], second)
    alone, ones = dropout(seeds=1)
    assert torch.equal(alone(ones, kept(alone, 2))[0], third)


def test_nothing_is_dropped_in_evaluation_or_when_nothing_was_drawn():
    network, ones = dropout()
    assert (network(ones) == 1).all()
    assert (network.eval()(ones, kept(network, 0, 1, 2)) == 1).all()


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_fifty_steps_are_the_same_stacked_in_turn_and_alone(name):
    """Weights agree to 1e-4.

    These are seeds in which no rounding error makes another value the largest of a window, and
    SGD, because Adam divides by the size of the gradient, also where that is a rounding error.
    """
    slow = name == "alexnet"
    size, rate = (28, 0.001) if slow else (16, 0.01)
    settings = Settings(
        epochs=2, batch=4, optimizer="sgd", learning_rate=rate, images_per_epoch=None
    )
    layers, training, test = build(name, (1, size, size), 2), made_up(100, size), made_up(4, size)
    together = train(layers, training, test, [0, 1], settings, streams, stack=2)
    for seeds in [[1]] if slow else [[0, 1], [1]]:
        apart = train(layers, training, test, seeds, settings, streams, stack=1)
        for part, weights in apart.weights.items():
            torch.testing.assert_close(weights, together.weights[part][seeds], atol=1e-4, rtol=0)
    losses = together.history.pivot(index="epoch", columns="seed", values="loss")
    assert (losses.loc[2] < losses.loc[1]).all()
