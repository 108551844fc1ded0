import copy
from dataclasses import dataclass

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.func import functional_call, grad, hessian, jvp, vmap

from manyseeds.networks.architectures import NAMES, build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.layers import BatchNorm, Dense, Dropout, Flatten, PlacedLayer
from manyseeds.networks.plain import PlainNetwork, PlainStack
from manyseeds.networks.stacking import StackedNetwork
from peer_networks import SMALL, as_if_trained, load, plain

SEEDS = 3
BATCH = 4
CLASSES = 4
LABELS = torch.tensor([0, 1, 2, 3])


@dataclass
class Case:
    """A stack of seeds, its images as bytes, and each seed's network written out by hand."""

    layers: list[PlacedLayer]
    fast: StackedNetwork
    peers: list[nn.Sequential]
    pictures: torch.Tensor

    @property
    def images(self) -> torch.Tensor:
        """What a plain network takes: float64 (S, B, channels, height, width)."""
        return self.pictures.movedim(-1, -3).double() / 255


def made(name: str) -> Case:
    image, poolings = SMALL[name]
    layers = build(name, image, CLASSES)
    weights, peers = [], []
    for seed in range(SEEDS):
        one = as_if_trained(initial_weights(layers, np.random.default_rng(seed)), seed)
        weights.append(one)
        peers.append(load(plain(name, image, CLASSES, poolings).eval(), one).double())
    generator = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (SEEDS, BATCH, *image[1:], image[0]), generator=generator)
    fast = StackedNetwork.of_seeds(layers, weights).eval()
    return Case(layers, fast, peers, pictures.to(torch.uint8))


@pytest.fixture(scope="module", params=NAMES)
def case(request):
    return made(request.param)


@pytest.fixture(scope="module")
def tied():
    return made("deep_tied")


@pytest.fixture(scope="module")
def small():
    """The smallest network with a convolution, a pooling and hidden layers."""
    return made("convnet")


def close(found, expected, relative):
    """Assert that arrays differ by no more than this part of the largest expected."""
    assert found.shape == expected.shape
    assert (found - expected).abs().max() <= relative * expected.abs().max()


def loss_of(network):
    """Return the sum of the networks' losses as a function of their images."""
    return lambda images: F.cross_entropy(network(images).flatten(0, -2), labels_of(images))


def labels_of(images):
    return LABELS.repeat(SEEDS if images.ndim == 5 else 1)


def direction(like, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(like.shape, generator=generator, dtype=like.dtype)


@pytest.mark.parametrize("shared", [True, False])
def test_it_gives_the_logits_of_the_fast_path(case, shared):
    pictures, images = case.pictures, case.images.float()
    if shared:
        pictures, images = pictures[0], images[0]
    with torch.no_grad():
        close(case.fast.plain()(images), case.fast(pictures), 1e-5)


@pytest.mark.parametrize("shared", [True, False])
def test_in_float64_it_gives_the_logits_of_networks_written_by_hand(case, shared):
    stack = case.fast.plain().double()
    logits = stack(case.images[0] if shared else case.images)
    assert logits.shape == (SEEDS, BATCH, CLASSES) and logits.dtype == torch.float64
    for seed, peer in enumerate(case.peers):
        images = case.images[0 if shared else seed]
        close(logits[seed], peer(images), 1e-13)
        close(stack.seed(seed)(images), peer(images), 1e-13)


def test_gradients_to_the_images_are_the_slope(case):
    stack, images = case.fast.plain().double(), case.images
    step = 1e-6 * direction(images)
    with torch.no_grad():
        rise = loss_of(stack)(images + step) - loss_of(stack)(images - step)
    images.requires_grad_()
    loss_of(stack)(images).backward()
    assert (images.grad * step).sum() * 2 == pytest.approx(rise.item(), rel=1e-5)


@pytest.mark.slow
def test_gradients_to_the_weights_are_those_of_networks_written_by_hand(case):
    stack = case.fast.plain().double()
    images = case.images

    def loss(weights):
        logits = stack(images, weights)
        return sum(F.cross_entropy(one, LABELS) for one in logits)

    found = grad(loss)(stack.weights())
    loss(stack.weights()).backward()
    for seed, peer in enumerate(case.peers):
        F.cross_entropy(peer(images[seed]), LABELS).backward()
        expected = [parameter.grad for parameter in peer.parameters()]
        for ours, theirs in zip(found.values(), expected, strict=True):
            torch.testing.assert_close(ours[seed], theirs)
        # The same without torch.func, as an optimizer needs it.
        for parameter, theirs in zip(stack.parameters(), expected, strict=True):
            torch.testing.assert_close(parameter.grad[seed], theirs)
        peer.zero_grad()


@pytest.mark.parametrize("name", ["convnet", "alexnet"])
def test_second_derivatives_are_the_slope_of_the_gradient(name):
    """Forward over reverse, as torch.func does it, and reverse over reverse, as autograd."""
    case = made(name)
    stack, images = case.fast.plain().double(), case.images
    gradient, along = grad(loss_of(stack)), direction(images)
    step = 1e-6 * along
    slope = (gradient(images + step) - gradient(images - step)) / 2e-6
    _, forward = jvp(gradient, (images,), (along,))
    close(forward, slope, 1e-5)
    images.requires_grad_()
    (first,) = torch.autograd.grad(loss_of(stack)(images), images, create_graph=True)
    (reverse,) = torch.autograd.grad((first * along).sum(), images)
    close(reverse, forward, 1e-12)


def test_the_hessian_of_some_weights_is_the_closed_form(small):
    """Of the biases of the logits: the mean of diag(p) - p p^T, and nothing across seeds."""
    stack, images = small.fast.plain().double(), small.images[0]

    def loss(bias):
        logits = stack(images, {"dense3.bias": bias})
        return sum(F.cross_entropy(one, LABELS) for one in logits)

    found = hessian(loss)(stack.weights()["dense3.bias"])
    assert found.shape == (SEEDS, CLASSES, SEEDS, CLASSES)
    for seed, peer in enumerate(small.peers):
        p = peer(images).detach().softmax(-1)
        expected = torch.diag_embed(p) - p[:, :, None] * p[:, None]
        torch.testing.assert_close(found[seed, :, seed], expected.mean(0))
        assert not found[seed, :, (seed + 1) % SEEDS].any()


def test_the_derivative_along_a_direction_in_weights_is_the_slope(tied):
    stack, images = tied.fast.plain().double(), tied.images[0]
    weights = {name: value.detach() for name, value in stack.weights().items()}
    along = {name: direction(value, n) for n, (name, value) in enumerate(weights.items())}

    def at(t):
        return stack(images, {name: value + t * along[name] for name, value in weights.items()})

    _, found = jvp(lambda weights: stack(images, weights), (weights,), (along,))
    close(found, (at(1e-7) - at(-1e-7)) / 2e-7, 1e-5)


def test_functions_of_one_seed_map_over_seeds(small):
    stack, images = small.fast.plain().double(), small.images
    one = stack.seed(0)

    def gradient(weights, images):
        def loss(images):
            return F.cross_entropy(functional_call(one, weights, images), LABELS)

        return grad(loss)(images)

    found = vmap(gradient)(stack.weights(), images)
    for seed, peer in enumerate(small.peers):
        expected = grad(lambda images, peer=peer: F.cross_entropy(peer(images), LABELS))
        close(found[seed], expected(images[seed]), 1e-12)


def test_hooks_see_every_layer_once_by_its_name(case):
    network = case.fast.plain().seed(1)
    calls = []
    for name, module in network.named_children():
        module.register_forward_hook(
            lambda module, inputs, output, name=name: calls.append((name, output.shape[1:]))
        )
    network(case.images[1].float())
    assert calls == [(placed.name, placed.output) for placed in case.layers]
    # They are PyTorch's own modules, which captum has rules for.
    assert {type(module) for module in network.children()} <= {
        nn.Conv2d, nn.ReLU, nn.MaxPool2d, nn.BatchNorm2d, nn.Dropout, nn.Flatten, nn.Linear
    }  # fmt: skip


def test_tied_layers_are_modules_of_their_own_with_the_same_weights(tied):
    network = tied.fast.plain().to(torch.float64).seed(0)
    assert network.conv2 is not network.conv3
    assert network.conv2.weight is network.conv3.weight
    assert network.conv2.bias is network.conv3.bias
    assert list(dict(network.named_parameters())) == list(tied.fast.weights())


@pytest.mark.parametrize("name", ["deep_tied", "convnet"])
def test_captums_attributions_add_up_to_the_difference_from_black(name):
    """Completeness of integrated gradients (Sundararajan et al. 2017, proposition 1)."""
    from captum.attr import IntegratedGradients

    case = made(name)
    network, images = case.fast.plain().double().seed(1), case.images[1]
    black = torch.zeros_like(images)
    found = IntegratedGradients(network).attribute(images, black, target=LABELS, n_steps=100)
    logits = case.peers[1](images) - case.peers[1](black)
    close(found.sum((1, 2, 3)), logits.gather(1, LABELS[:, None])[:, 0].detach(), 0.01)


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
@pytest.mark.parametrize("name", ["deep_tied", "alexnet"])
def test_captums_rules_apply_to_every_layer(name):
    """As in the network written by hand. DeepLift refuses a module that runs twice."""
    from captum.attr import DeepLift

    case = made(name)
    network, images = case.fast.plain().double().seed(1), case.images[1].requires_grad_()
    each_runs_once = nn.Sequential(*map(copy.deepcopy, case.peers[1]))
    found, expected = (
        DeepLift(one).attribute(images, torch.zeros_like(images), target=LABELS)
        for one in (network, each_runs_once)
    )
    close(found, expected, 1e-12)


@pytest.mark.parametrize("layer", ["conv2", "conv3"])
def test_captum_finds_each_use_of_a_tied_layer(tied, layer):
    from captum.attr import LayerActivation

    network, images = tied.fast.plain().double().seed(2), tied.images[2]
    found = LayerActivation(network, network.get_submodule(layer)).attribute(images)
    convolutions = (n for n, module in enumerate(tied.peers[2]) if isinstance(module, nn.Conv2d))
    place = list(convolutions)[int(layer[-1]) - 1]
    close(found, tied.peers[2][: place + 1](images), 1e-13)


def test_the_fast_network_stays_as_it_was(case):
    before = {name: value.clone() for name, value in case.fast.weights().items()}
    for training in (True, False):
        case.fast.train(training)
        random_state = torch.get_rng_state()
        stack = case.fast.plain()
        assert torch.equal(torch.get_rng_state(), random_state)
        assert not stack.training and not stack.seed(0).training
        stack.train()(case.images.float()).sum().backward()
        with torch.no_grad():
            for one in (stack, stack.seed(0)):
                for parameter in one.parameters():
                    parameter.zero_()
        stack.double()
        assert case.fast.training == training
    for name, value in case.fast.weights().items():
        assert torch.equal(value, before[name])
        assert value.dtype == torch.float32
    assert all(parameter.grad is None for parameter in case.fast.parameters())


def test_a_seed_is_a_copy(small):
    stack = small.fast.plain()
    alone = stack.seed(1)
    nn.init.zeros_(alone.conv1.weight)
    assert stack.weights()["conv1.weight"][1].any()


def test_batch_normalisation_in_training_is_that_of_the_fast_path():
    shape = (4, 3, 5)
    layers = [
        PlacedLayer("batchnorm1", BatchNorm(), shape, shape, "batchnorm1"),
        PlacedLayer("flatten1", Flatten(), shape, (60,), "flatten1"),
    ]
    start = initial_weights(layers, np.random.default_rng(0))
    each = [as_if_trained(start, seed) for seed in range(SEEDS)]
    fast = StackedNetwork.of_seeds(layers, each).train()
    stack = fast.plain().train()
    alone = PlainNetwork(layers, each[1]).train()
    generator = torch.Generator().manual_seed(0)
    for _ in range(2):
        x = 3 + 2 * torch.randn(SEEDS, 6, *shape, generator=generator)
        expected = fast(x)
        torch.testing.assert_close(stack(x), expected)
        torch.testing.assert_close(alone(x[1]), expected[1])
    # By the moving averages, which have moved alike.
    x = 3 + 2 * torch.randn(SEEDS, 6, *shape, generator=generator)
    expected = fast.eval()(x)
    torch.testing.assert_close(stack.eval()(x), expected)
    for network in (alone.eval(), stack.seed(1)):
        torch.testing.assert_close(network(x[1]), expected[1])


def test_dropout_in_training_drops_its_share_of_each_seed_apart():
    layers = [
        PlacedLayer("flatten1", Flatten(), (1, 20, 20), (400,), "flatten1"),
        PlacedLayer("dropout1", Dropout(0.3), (400,), (400,), "dropout1"),
        PlacedLayer("dense1", Dense(400), (400,), (400,), "dense1"),
    ]
    identity = {"dense1.weight": np.eye(400, dtype="f4"), "dense1.bias": np.zeros(400, "f4")}
    weights = {name: np.stack([value] * 2) for name, value in identity.items()}
    stack, ones = PlainStack(layers, weights), torch.ones(50, 1, 20, 20)
    with torch.random.fork_rng(), torch.no_grad():
        torch.manual_seed(0)
        factors = stack.train()(ones)
        alone = stack.seed(0).train()(ones)
    for one in (*factors, alone):
        assert one.unique().tolist() == pytest.approx([0, 1 / 0.7])
        assert (one == 0).float().mean().item() == pytest.approx(0.3, abs=0.015)
    assert not torch.equal(factors[0], factors[1])
    assert (stack.eval()(ones) == 1).all()
