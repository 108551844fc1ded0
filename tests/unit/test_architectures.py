from pathlib import Path

import pytest
import torch
import yaml

from manyseeds import architectures
from manyseeds.architectures import Conv, MaxPool, build, count_parameters
from manyseeds.errors import InputError
from networks import deep_plain


@pytest.mark.parametrize(
    ("name", "image", "classes", "parameters"),
    [
        ("deep_50", (3, 256, 256), 2, 179_608),
        ("deep_50", (1, 28, 28), 10, 179_728),
        ("deep", (3, 256, 256), 2, 154_882),
    ],
)
def test_parameter_counts(name, image, classes, parameters):
    assert count_parameters(build(name, image, classes)) == parameters


def test_parameters_are_those_of_the_network_written_out():
    plain = deep_plain(3, 5, poolings=7)
    counted = sum(parameter.numel() for parameter in plain.parameters())
    assert count_parameters(build("deep_50", (3, 128, 128), 5)) == counted


@pytest.mark.parametrize(("side", "poolings"), [(256, 8), (128, 7), (28, 4), (8, 3)])
def test_last_poolings_are_left_out_of_small_images(side, poolings):
    layers = build("deep", (3, side, side), 2)
    assert sum(isinstance(placed.layer, MaxPool) for placed in layers) == poolings
    assert min(layers[-3].input) >= 1


def test_no_pooling_follows_the_fifth_convolution():
    layers = build("deep", (3, 256, 256), 2)
    fifth = next(i for i, placed in enumerate(layers) if placed.name == "conv5")
    assert isinstance(layers[fifth + 2].layer, Conv)


def test_shapes_are_those_of_a_forward_pass():
    x = torch.zeros(1, 1, 28, 28)
    placed = [layer for layer in build("deep_50", (1, 28, 28), 10)]
    for module, layer in zip(deep_plain(1, 10, poolings=4), placed, strict=True):
        assert tuple(x.shape[1:]) == layer.input
        x = module(x)
        assert tuple(x.shape[1:]) == layer.output


def test_unknown_name_is_refused_with_the_choices():
    with pytest.raises(InputError, match=r"'vgg'.*deep, deep_50"):
        build("vgg", (3, 32, 32), 2)


def test_schema_offers_every_architecture():
    schema = yaml.safe_load(
        Path(__file__).parents[2].joinpath("schemas/config.schema.yaml").read_text()
    )
    experiment = schema["properties"]["experiments"]["items"]["properties"]
    assert tuple(experiment["architectures"]["items"]["enum"]) == architectures.NAMES
    assert tuple(schema["properties"]["training"]["properties"]) == architectures.NAMES
