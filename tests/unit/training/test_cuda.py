"""What training on a graphics processor must have in common with training on a processor."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from made_up import made_up, streams, streams_where_seed_1_explodes
from manyseeds.errors import Interrupted
from manyseeds.machine.device import device_for, prepare_process
from manyseeds.networks import prediction
from manyseeds.networks.architectures import NAMES, build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.stacking import StackedNetwork
from manyseeds.training import step
from manyseeds.training.loop import Settings, train
from manyseeds.training.snapshots import SnapshotRequest

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
# Of 110 images, five minibatches of 20 and one of 10 an epoch.
SETTINGS = Settings(epochs=3, batch=20, images_per_epoch=None, decay=0.1, l2=0.001)
REPLAYS = 3 * 5 - 3
OPTIMIZERS = {"deep_50": "adam", "alexnet": "sgd"}


@pytest.fixture(scope="module", autouse=True)
def device():
    matmul, cudnn = torch.backends.cuda.matmul, torch.backends.cudnn
    before = torch.are_deterministic_algorithms_enabled(), matmul.allow_tf32, cudnn.allow_tf32
    device = device_for(1)
    prepare_process(1, device)
    yield device
    torch.use_deterministic_algorithms(before[0])
    matmul.allow_tf32, cudnn.allow_tf32 = before[1:]


@pytest.fixture
def replays(monkeypatch):
    """How often a recorded step was replayed."""
    counted = []
    replay = torch.cuda.CUDAGraph.replay
    monkeypatch.setattr(
        torch.cuda.CUDAGraph, "replay", lambda graph: (counted.append(1), replay(graph))
    )
    return counted


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
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_recorded_step_computes_what_the_step_does(name, precision, device, monkeypatch, replays):
    """Also with a last minibatch that is smaller, a rate that decays, and images on the host."""
    layers, data = build(name, (1, 28, 28), 2), made_up(110, 28)
    settings = replace(SETTINGS, optimizer=OPTIMIZERS[name])

    def trained():
        replays.clear()
        return train(
            layers, data, data, [0, 1, 4], settings, streams, device=device, precision=precision
        )

    recorded = trained()
    assert len(replays) == REPLAYS
    equal_bytes(recorded, trained())
    with monkeypatch.context() as patch:
        patch.setattr(torch.cuda, "mem_get_info", lambda device: (0, 0))
        assert step.on_device(data.images, device) is data.images
        equal_bytes(recorded, trained())
    monkeypatch.setattr(step, "_STEPS_BEFORE_RECORDING", 10**9)
    equal_bytes(recorded, trained())
    assert not replays


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
def test_a_recorded_step_trains_through_its_head(head, device, replays):
    """Weights agree with a processor's to 1e-4, see above."""
    settings = Settings(
        epochs=2, batch=4, optimizer="sgd", learning_rate=0.01, images_per_epoch=None, head=head
    )
    arguments = build("deep_50", (1, 16, 16), 2), made_up(100, 16), made_up(4, 16)
    there = train(*arguments, [0, 1], settings, streams, device=device)
    here = train(*arguments, [0, 1], settings, streams)
    assert replays
    for part, weights in here.weights.items():
        torch.testing.assert_close(there.weights[part], weights, atol=1e-4, rtol=0)
    assert there.history["loss"].to_numpy() == pytest.approx(here.history["loss"], abs=1e-4)


@pytest.mark.parametrize("steps_done", [2, 5, 6, 9])
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_training_that_was_stopped_ends_in_the_same_bytes(
    name, precision, steps_done, tmp_path, device, replays
):
    """Stopped before it is recorded, before an epoch's smaller minibatch, at its end, later."""
    data, settings = made_up(110, 28), replace(SETTINGS, optimizer=OPTIMIZERS[name])
    arguments = build(name, (1, 28, 28), 2), data, data, [0, 1], settings, streams
    options = {"device": device, "precision": precision}
    whole = train(*arguments, **options)
    asked = iter(range(10**9))
    with pytest.raises(Interrupted):
        train(
            *arguments, **options, checkpoint=tmp_path, stop=lambda: next(asked) + 1 == steps_done
        )
    replays.clear()
    equal_bytes(whole, train(*arguments, **options, checkpoint=tmp_path))
    assert len(replays) == 3 * 5 - steps_done + (steps_done >= 6) - 3


def test_snapshots_are_the_weights_after_each_recorded_step(tmp_path, device, replays, monkeypatch):
    data = made_up(110, 28)
    arguments = build("deep_50", (1, 28, 28), 2), data, data, [0, 1], SETTINGS, streams
    request, kept = SnapshotRequest((0, 1), every=1), {}
    plain = train(*arguments, device=device)
    for name in ("recorded", "computed"):
        replays.clear()
        trained = train(
            *arguments, device=device, snapshots=request, snapshot_folder=tmp_path / name
        )
        assert len(replays) == (REPLAYS if name == "recorded" else 0)
        equal_bytes(trained, plain)
        kept[name] = [path.read_bytes() for path in sorted((tmp_path / name).rglob("step-*"))]
        monkeypatch.setattr(step, "_STEPS_BEFORE_RECORDING", 10**9)
    assert len(kept["recorded"]) == 2 * 19
    assert kept["recorded"] == kept["computed"]


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_a_seed_that_diverges_leaves_the_others_alone(precision, device):
    """Not a number times zero is not a number: no convolution may fill its groups with zeros."""
    layers, data = build("deep_50", (3, 32, 32), 2), made_up(110, 32)
    data.images = data.images.repeat(3, axis=-1)
    trained = train(
        layers, data, data, list(range(6)), SETTINGS, streams_where_seed_1_explodes, device=device,
        precision=precision,
    )  # fmt: skip
    assert trained.diverged == {1: 1}
    whole = train(layers, data, data, list(range(6)), SETTINGS, streams, device=device,
                  precision=precision)  # fmt: skip
    others = whole.history[whole.history["seed"] != 1]
    np.testing.assert_allclose(trained.history["loss"], others["loss"], atol=1e-5)


def test_images_are_copied_in_parts(device, monkeypatch):
    images = np.random.default_rng(0).integers(0, 256, (9, 4, 4, 3), dtype=np.uint8)
    images.flags.writeable = False
    monkeypatch.setattr(step, "_COPIED_AT_ONCE", 2 * 4 * 4 * 3)
    there = step.on_device(images, device)
    np.testing.assert_array_equal(there.cpu().numpy(), images)


def test_a_stack_of_large_images_is_predicted_as_on_a_processor(device):
    layers = build("deep_50", (3, 72, 72), 3)
    weights = [initial_weights(layers, np.random.default_rng(seed)) for seed in range(3)]
    network = StackedNetwork.of_seeds(layers, weights)
    images = np.random.default_rng(0).integers(0, 256, (9, 72, 72, 3), dtype=np.uint8)
    there = prediction.predict(network, images)
    here = prediction.predict(network.to(device), images)
    np.testing.assert_allclose(here, there, atol=1e-5)
