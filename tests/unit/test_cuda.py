"""What training on a graphics processor must have in common with training on a processor."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from made_up import made_up, streams
from manyseeds import evaluation, machine, steps
from manyseeds.architectures import NAMES, build
from manyseeds.errors import Interrupted
from manyseeds.stacking import StackedNetwork, initial_weights
from manyseeds.training import Settings, train

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
SETTINGS = Settings(epochs=3, batch=20, images_per_epoch=None)


@pytest.fixture(scope="module", autouse=True)
def device():
    yield machine.device_for(1)
    torch.use_deterministic_algorithms(False)


def equal_bytes(one, other):
    assert one.history.equals(other.history)
    assert all(torch.equal(value, other.weights[name]) for name, value in one.weights.items())


@pytest.mark.parametrize("name", NAMES)
def test_fifty_recorded_steps_are_those_of_a_processor(name, device):
    """Weights agree to 1e-4, for seeds in which no rounding tips a window's largest value."""
    size, rate = (28, 0.001) if name == "alexnet" else (16, 0.01)
    settings = Settings(
        epochs=2, batch=4, optimizer="sgd", learning_rate=rate, images_per_epoch=None
    )
    arguments = build(name, (1, size, size), 2), made_up(100, size), made_up(4, size)
    here = train(*arguments, [0, 1], settings, streams, device=device)
    there = train(*arguments, [0, 1], settings, streams)
    alone = train(*arguments, [1], settings, streams, device=device)
    for part, weights in there.weights.items():
        torch.testing.assert_close(here.weights[part], weights, atol=1e-4, rtol=0)
        torch.testing.assert_close(alone.weights[part][0], weights[1], atol=1e-4, rtol=0)
    assert here.history["loss"].to_numpy() == pytest.approx(there.history["loss"], abs=1e-4)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", ["deep_50", "alexnet"])
def test_a_recorded_step_computes_what_the_step_does(name, precision, device, monkeypatch):
    """Also with a last minibatch that is smaller, a rate that decays, and images on the host."""
    layers, data = build(name, (1, 28, 28), 2), made_up(110, 28)
    optimizer = "adam" if name == "deep_50" else "sgd"
    settings = replace(SETTINGS, optimizer=optimizer, decay=0.1, l2=0.001)

    def trained():
        return train(
            layers, data, data, [0, 1, 4], settings, streams, device=device, precision=precision
        )

    recorded = trained()
    equal_bytes(recorded, trained())
    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "mem_get_info", lambda device: (0, 0))
        equal_bytes(recorded, trained())
    monkeypatch.setattr(steps, "_STEPS_BEFORE_RECORDING", 10**9)
    equal_bytes(recorded, trained())


@pytest.mark.parametrize("steps_done", [2, 5, 9])
def test_training_that_was_stopped_ends_in_the_same_bytes(tmp_path, device, steps_done):
    data = made_up(100, 28)
    arguments = build("deep_50", (1, 28, 28), 2), data, data, [0, 1], SETTINGS, streams
    whole = train(*arguments, device=device)
    asked = iter(range(10**9))
    with pytest.raises(Interrupted):
        train(
            *arguments, device=device, checkpoint=tmp_path,
            stop=lambda: next(asked) + 1 == steps_done,
        )  # fmt: skip
    equal_bytes(whole, train(*arguments, device=device, checkpoint=tmp_path))


def test_a_stack_of_large_images_is_predicted_as_on_a_processor(device):
    layers = build("deep_50", (3, 72, 72), 3)
    weights = [initial_weights(layers, np.random.default_rng(seed)) for seed in range(3)]
    network = StackedNetwork.of_seeds(layers, weights)
    images = np.random.default_rng(0).integers(0, 256, (9, 72, 72, 3), dtype=np.uint8)
    there = evaluation.predict(network, images)
    here = evaluation.predict(network.to(device), images)
    np.testing.assert_allclose(here, there, atol=1e-5)
