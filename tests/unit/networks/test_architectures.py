from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch.utils.flop_counter import FlopCounterMode

from manyseeds.errors import InputError
from manyseeds.networks import architectures
from manyseeds.networks.architectures import (
    ARCHITECTURES,
    NAMES,
    build,
    count_parameters,
    image_shape,
)
from manyseeds.networks.layers import Conv, MaxPool
from peer_networks import learned_and_moving, plain

# Name, images, classes, and the poolings that such images have room for.
CASES = [
    ("deep", (3, 256, 256), 2, 8),
    ("deep", (1, 8, 8), 2, 3),
    ("deep", (1, 1, 1), 2, 0),
    ("deep_50", (3, 128, 128), 5, 7),
    ("deep_50", (1, 28, 28), 10, 4),
    ("deep_50", (1, 100, 9), 2, 3),
    ("deep_tied", (3, 256, 256), 2, 6),
    ("deep_tied", (1, 28, 28), 10, 4),
    ("medium", (3, 128, 128), 5, 4),
    ("medium", (3, 15, 15), 5, 3),
    ("medium_tied", (3, 256, 256), 5, 4),
    ("medium_tied", (1, 28, 28), 10, 4),
    ("alexnet", (3, 256, 256), 2, 3),
    ("alexnet", (1, 35, 35), 2, 2),
    ("alexnet", (1, 28, 28), 10, 1),
    ("alexnet", (1, 11, 11), 10, 0),
    ("logistic", (3, 32, 32), 10, 0),
    ("linear_relu", (1, 28, 28), 10, 0),
    ("convnet", (3, 32, 32), 10, 2),
    ("convnet", (3, 14, 14), 10, 1),
]


@pytest.fixture
def written_out(request):
    """The plain network of a case, an image, and the layers of the library."""
    name, image, classes, poolings = request.param
    with torch.device("meta"):
        network = plain(name, image, classes, poolings).eval()
        return network, torch.zeros(1, *image), build(name, image, classes)


every_case = pytest.mark.parametrize(
    "written_out", CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES], indirect=True
)


@pytest.mark.parametrize(
    ("name", "image", "classes", "parameters"),
    [
        ("deep_50", (3, 256, 256), 2, 179_608),
        ("deep_50", (1, 28, 28), 10, 179_728),
        ("deep", (3, 256, 256), 2, 154_882),
        # Six layers of weights for its nine convolutions, and maps of 4 x 4 at the end.
        (
            "deep_tied",
            (3, 256, 256),
            2,
            448 + 2_320 + 4_640 + 9_248 + 18_496 + 36_928 + (16 * 64 + 1) * 512 + 513 * 2,
        ),
        (
            "medium",
            (3, 128, 128),
            5,
            448 + 2_320 + 2_320 + 4_640 + (8 * 8 * 32 + 1) * 512 + 513 * 50 + 51 * 5,
        ),
        # Its dense layer is given 8 192 features, as the author's has it.
        (
            "medium_tied",
            (3, 256, 256),
            5,
            448 + 2_320 + 4_640 + (8_192 + 1) * 512 + 513 * 50 + 51 * 5,
        ),
        ("alexnet", (3, 256, 256), 2, 26_824_770),
        ("alexnet", (1, 28, 28), 10, 10_040_714),  # "over ten million", as the essay says
        ("logistic", (3, 32, 32), 10, 30_730),
        ("linear_relu", (3, 32, 32), 10, 1_578_506),
        ("convnet", (3, 32, 32), 10, 62_006),
    ],
)
def test_parameter_counts(name, image, classes, parameters):
    assert count_parameters(build(name, image, classes)) == parameters


@every_case
def test_weights_are_those_of_the_network_written_out(written_out):
    network, _, layers = written_out
    assert count_parameters(layers) == sum(p.numel() for p in network.parameters())
    theirs = [tuple(tensor.shape) for tensor in learned_and_moving(network)]
    assert [shape for placed in layers for shape in placed.weight_shapes.values()] == theirs


def test_alexnets_moving_averages_complete_keras_count():
    layers = build("alexnet", (3, 256, 256), 2)
    moving = sum(placed.moving_averages for placed in layers)
    assert moving == 2 * (96 + 256)
    assert count_parameters(layers) + moving == 26_825_474


@every_case
def test_shapes_are_those_of_a_forward_pass(written_out):
    network, x, layers = written_out
    for module, placed in zip(network, layers, strict=True):
        assert tuple(x.shape[1:]) == placed.input
        x = module(x)
        assert tuple(x.shape[1:]) == placed.output


@every_case
def test_multiplications_are_those_that_pytorch_counts(written_out):
    network, x, layers = written_out
    with FlopCounterMode(display=False) as counter:
        network(x)
    # PyTorch counts a multiplication and its addition as two.
    assert 2 * sum(placed.multiplications for placed in layers) == counter.get_total_flops()


def test_multiplications_of_a_layer():
    conv1, relu, *_, dense3 = build("convnet", (3, 32, 32), 10)
    assert conv1.multiplications == (28 * 28 * 6) * (5 * 5 * 3)
    assert relu.multiplications == 0
    assert dense3.multiplications == 84 * 10


def test_last_poolings_are_left_out_of_small_images():
    for name, image, classes, poolings in CASES:
        placed = build(name, image, classes)
        assert sum(isinstance(one.layer, MaxPool) for one in placed) == poolings, (name, image)


def test_no_pooling_follows_the_fifth_convolution():
    layers = build("deep", (3, 256, 256), 2)
    fifth = next(i for i, placed in enumerate(layers) if placed.name == "conv5")
    assert isinstance(layers[fifth + 2].layer, Conv)


@pytest.mark.parametrize(
    ("name", "owners"),
    [("deep_tied", [1, 2, 2, 4, 5, 5, 7, 8, 8]), ("medium_tied", [1, 2, 2, 4])],
)
def test_tied_convolutions_have_the_weights_of_their_first_place(name, owners):
    convolutions = [one for one in build(name, (3, 256, 256), 2) if one.name[:4] == "conv"]
    assert {one.name: one.weights_of for one in convolutions} == {
        f"conv{number}": f"conv{owner}" for number, owner in enumerate(owners, start=1)
    }
    for one in convolutions:
        later = one.name != one.weights_of
        assert (one.weight_shapes == {}) == later
        assert (one.parameters == 0) == later
        assert one.multiplications > 0


@pytest.mark.parametrize(
    ("name", "height", "width", "kernel"),
    [
        ("alexnet", 10, 10, 11),
        ("alexnet", 6, 300, 11),  # smaller by more than a stride
        ("alexnet", 300, 8, 11),
        ("convnet", 4, 4, 5),
        ("convnet", 13, 13, 5),  # the second convolution's input is 4 x 4
    ],
)
def test_images_without_room_for_a_convolution_are_refused(name, height, width, kernel):
    message = f"'{name}'.*{height} x {width} pixels.*convolution of {kernel} x {kernel}"
    with pytest.raises(InputError, match=message):
        build(name, (3, height, width), 2)


def test_unknown_name_is_refused_with_the_choices():
    with pytest.raises(InputError, match=r"'vgg'.*deep, deep_50"):
        build("vgg", (3, 32, 32), 2)


@pytest.mark.parametrize("name", NAMES)
def test_every_architecture_tells_its_source_and_what_it_was_made_for(name):
    entry = ARCHITECTURES[name]
    assert any(document in entry.source for document in ("essay", "lecture"))
    assert build(name, entry.images, entry.classes)[-1].output == (entry.classes,)


def test_image_shape_has_the_channels_first():
    assert image_shape(np.zeros((7, 20, 30, 3))) == (3, 20, 30)


def test_schema_offers_every_architecture():
    schema = yaml.safe_load(
        Path(__file__).parents[3].joinpath("schemas/config.schema.yaml").read_text()
    )
    experiment = schema["$defs"]["Experiment"]["properties"]
    assert tuple(experiment["architectures"]["items"]["enum"]) == architectures.NAMES
    assert tuple(schema["$defs"]["Trainings"]["properties"]) == architectures.NAMES
