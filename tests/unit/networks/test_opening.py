import dataclasses

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from manyseeds.errors import InputError
from manyseeds.networks.architectures import build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.opening import open_networks
from manyseeds.networks.stacking import StackedNetwork
from peer_networks import as_if_trained

LAYERS = build("deep_tied", (1, 8, 8), 3)
SEEDS = [4, 5, 6, 7]


def weights_of(layers, seeds=SEEDS):
    each = [as_if_trained(initial_weights(layers, np.random.default_rng(n)), n) for n in seeds]
    return StackedNetwork.of_seeds(layers, each).weights()


@pytest.fixture
def file(tmp_path):
    """Returns a function that writes weights, some of its seeds diverged."""

    def write(weights, diverged=()):
        for number, seed in enumerate(diverged):
            # One weight is enough, in any layer, not a number or infinite.
            value = list(weights.values())[3 * number]
            value[SEEDS.index(seed)].view(-1)[-1] = (torch.nan, -torch.inf)[number % 2]
        save_file(weights, tmp_path / "weights.safetensors")
        return tmp_path / "weights.safetensors"

    return write


def test_all_seeds_come_back_ready_to_predict(file):
    weights = weights_of(LAYERS)
    opened = open_networks(file(weights), LAYERS, SEEDS)
    assert (opened.seeds, opened.diverged) == (SEEDS, [])
    assert not opened.network.training
    back = opened.network.weights()
    assert list(back) == list(weights)
    assert all(torch.equal(back[name], value) for name, value in weights.items())
    with pytest.raises(dataclasses.FrozenInstanceError):
        opened.seeds = []


@pytest.mark.parametrize(
    ("diverged", "chosen", "left"),
    [
        ([5], None, [4, 6, 7]),
        ([4, 6], None, [5, 7]),
        ([], [7, 5], [5, 7]),
        ([5], {6}, [6]),
    ],
)
def test_diverged_seeds_and_those_not_chosen_are_left_out(file, diverged, chosen, left):
    expected = {name: value[[n - 4 for n in left]] for name, value in weights_of(LAYERS).items()}
    path = file(weights_of(LAYERS), diverged)
    opened = open_networks(path, LAYERS, SEEDS, chosen=chosen)
    assert (opened.seeds, opened.diverged) == (left, diverged)
    assert opened.network.seeds == len(left)
    for name, value in opened.network.weights().items():
        assert torch.equal(value, expected[name])


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        ([4, 9], "seed 9 is not in it. Choose among 4, 6, 7."),
        ([5], "seed 5 diverged in training. Choose among 4, 6, 7."),
    ],
)
def test_a_chosen_seed_must_be_there(file, chosen, message):
    path = file(weights_of(LAYERS), diverged=[5])
    with pytest.raises(InputError) as fault:
        open_networks(path, LAYERS, SEEDS, chosen=chosen)
    assert str(fault.value) == f"{path}: {message}"


def test_one_seed_at_least_must_be_left(file):
    path = file(weights_of(LAYERS), diverged=SEEDS)
    with pytest.raises(InputError, match=r"safetensors: .*every seed diverged.* lower"):
        open_networks(path, LAYERS, SEEDS)


@pytest.mark.parametrize(
    ("layers", "seeds", "message"),
    [
        (build("deep_tied", (3, 8, 8), 3), SEEDS, "a conv1.weight of 16 x 1 x 3 x 3, not 16 x 3 x"),
        (build("deep_tied", (1, 8, 8), 2), SEEDS, "a dense2.weight of 3 x 512, not 2 x 512"),
        (build("deep", (1, 8, 8), 3), SEEDS, "no conv3.weight"),
        (build("linear_relu", (1, 8, 8), 3), SEEDS, "conv1.bias, which the architecture lacks"),
        (LAYERS, SEEDS[:3], "4 seeds, not 3"),
    ],
)
def test_a_file_of_other_networks_is_refused(file, layers, seeds, message):
    path = file(weights_of(LAYERS))
    with pytest.raises(InputError) as fault:
        open_networks(path, layers, seeds)
    assert str(fault.value).startswith(f"{path}: ")
    assert f"the file has {message}" in str(fault.value)
    assert "trained again" in str(fault.value)


def test_a_file_cut_short_is_refused(file):
    path = file(weights_of(LAYERS))
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match=r"weights.safetensors: cannot be read.*trained again"):
        open_networks(path, LAYERS, SEEDS)


def test_a_file_that_is_not_there_or_a_choice_of_nothing_is_a_fault(file, tmp_path):
    with pytest.raises(InputError, match=r"nothing\.safetensors: cannot be read"):
        open_networks(tmp_path / "nothing.safetensors", LAYERS, SEEDS)
    with pytest.raises(InputError, match="no seed is chosen"):
        open_networks(file(weights_of(LAYERS)), LAYERS, SEEDS, chosen=[])
