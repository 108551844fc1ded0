"""When a step is recorded and when replayed; what it computes, test_training and test_cuda say."""

import numpy as np
import pytest
import torch

from made_up import made_up, streams
from manyseeds.networks.architectures import build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.stacking import StackedNetwork
from manyseeds.training.settings import Settings
from manyseeds.training.step import Step, on_device


class Recorder(Step):
    """A step that writes down what it would do on CUDA, of minibatches of 4."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self._recorded_batch, self.done = 4, []

    def _compute(self, *inputs):
        self.done.append("computed")

    def _compute_aside(self, inputs):
        self.done.append("aside")

    def _record(self, inputs):
        self.done.append("recorded")
        self._inputs, self._graph = inputs, self
        return self

    def replay(self):
        self.done.append(("replayed", self._inputs[1].tolist()))


@pytest.fixture
def step():
    layers, data = build("logistic", (1, 4, 4), 2), made_up(12, 4)
    network = StackedNetwork.of_seeds(layers, [initial_weights(layers, streams(0, "weights"))])
    sums = torch.zeros(2, 1)
    optimizer = Settings().optimizer_for(network)
    return Recorder(network, optimizer, data.images, data.labels, 4, *sums, torch.float32)


def test_the_first_steps_are_computed_the_fourth_recorded_and_then_replayed(step):
    for _ in range(6):
        step(np.array([[0, 1, 2, 3]]), 0.001, 0, [])
    replayed = ("replayed", [[0, 1, 0, 1]])
    assert step.done == ["aside"] * 3 + ["recorded"] + [replayed] * 3


def test_a_replay_is_of_the_minibatch_it_is_given(step):
    for _ in range(4):
        step(np.array([[0, 1, 2, 3]]), 0.001, 0, [])
    step(np.array([[1, 3, 5, 0]]), 0.001, 0, [])
    assert step.done[-1] == ("replayed", [[1, 1, 1, 0]])


def test_a_smaller_minibatch_is_never_recorded_wherever_it_comes(step):
    small, whole = np.array([[0, 1]]), np.array([[0, 1, 2, 3]])
    for minibatch in (small, whole, whole, small, whole, whole, small):
        step(minibatch, 0.001, 0, [])
    assert [one if isinstance(one, str) else one[0] for one in step.done] == [
        "computed", "aside", "aside", "computed", "aside", "recorded", "replayed", "computed",
    ]  # fmt: skip


def test_a_processor_records_nothing_and_takes_images_as_they_are(step):
    images = made_up(3).images
    assert on_device(images, torch.device("cpu")) is images
    step._recorded_batch = None
    for _ in range(5):
        step(np.array([[0, 1, 2, 3]]), 0.001, 0, [])
    assert step.done == ["computed"] * 5
