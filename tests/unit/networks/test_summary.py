import pytest

from manyseeds.networks.architectures import ARCHITECTURES, NAMES, build, count_parameters
from manyseeds.networks.summary import blocks, grouped, summary

SIZES = [*{*((a.images, a.classes) for a in ARCHITECTURES.values()), ((1, 28, 28), 10)}]


def row(table, layer):
    return table.set_index("layer").loc[layer].tolist()


def test_rows_of_alexnet_worked_by_hand():
    table = summary(build("alexnet", (3, 256, 256), 2))
    assert table.columns.tolist() == [
        "layer", "kind", "output_shape", "parameters", "moving_averages", "multiplications",
    ]  # fmt: skip
    # (256 - 11) // 4 + 1 = 62; then (62 - 3) // 2 + 1 = 30.
    assert row(table, "conv1") == [
        "convolution 11 x 11, 96, stride 4, not padded",
        "96 x 62 x 62", 96 * 3 * 121 + 96, 0, 96 * 62 * 62 * 3 * 121,
    ]  # fmt: skip
    assert row(table, "relu1") == ["ReLU", "96 x 62 x 62", 0, 0, 0]
    assert row(table, "maxpool1") == ["max-pooling 3 x 3, stride 2", "96 x 30 x 30", 0, 0, 0]
    assert row(table, "batchnorm1") == ["batch normalisation", "96 x 30 x 30", 192, 192, 0]
    assert row(table, "flatten1") == ["flatten", "9216", 0, 0, 0]
    assert row(table, "dropout1") == ["dropout 0.5", "9216", 0, 0, 0]
    assert row(table, "dense1") == [
        "dense 2048", "2048", 2048 * 9216 + 2048, 0, 2048 * 9216,
    ]  # fmt: skip


def test_total_of_alexnet_is_that_of_keras():
    table = summary(build("alexnet", (3, 256, 256), 2))
    assert table["parameters"].sum() == 26_824_770
    assert table["moving_averages"].sum() == 704
    assert table[["parameters", "moving_averages"]].sum().sum() == 26_825_474


def test_a_layer_used_again_has_no_parameters_but_its_multiplications():
    table = summary(build("deep_tied", (3, 256, 256), 2))
    assert row(table, "conv2") == [
        "convolution 3 x 3, 16", "16 x 256 x 256", 16 * 16 * 9 + 16, 0, 16 * 256**2 * 16 * 9,
    ]  # fmt: skip
    assert row(table, "conv3") == [
        "convolution 3 x 3, 16, weights of conv2",
        "16 x 128 x 128", 0, 0, 16 * 128**2 * 16 * 9,
    ]  # fmt: skip
    assert table["kind"].str.contains("weights of").sum() == 3


def test_usual_strides_and_padding_are_not_said():
    table = summary(build("convnet", (3, 32, 32), 10))
    assert row(table, "conv1") == [
        "convolution 5 x 5, 6, not padded", "6 x 28 x 28", 456, 0, 6 * 28**2 * 3 * 25,
    ]  # fmt: skip
    assert row(table, "maxpool2") == ["max-pooling 2 x 2", "16 x 5 x 5", 0, 0, 0]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("images", "classes"), SIZES)
def test_columns_add_up_to_the_network(name, images, classes):
    layers = build(name, images, classes)
    table = summary(layers)
    assert table["layer"].is_unique
    assert len(table) == len(layers)
    assert table["parameters"].sum() == count_parameters(layers)
    assert sum(block.parameters for block in blocks(layers)) == count_parameters(layers)
    assert sum(block.multiplications for block in blocks(layers)) == table["multiplications"].sum()


@pytest.mark.parametrize("name", NAMES)
def test_blocks_are_the_layers_in_order(name):
    layers = build(name, ARCHITECTURES[name].images, ARCHITECTURES[name].classes)
    assert [placed for block in blocks(layers) for placed in block.layers] == layers


@pytest.mark.parametrize(
    ("name", "mains"),
    [("alexnet", 8), ("deep", 11), ("deep_tied", 11), ("logistic", 1), ("convnet", 5)],
)
def test_a_block_a_convolution_or_dense_layer(name, mains):
    layers = build(name, ARCHITECTURES[name].images, ARCHITECTURES[name].classes)
    assert len(blocks(layers)) == mains


def test_dropout_belongs_to_the_layer_it_feeds():
    layers = build("alexnet", (3, 256, 256), 2)
    names = [[placed.name for placed in block.layers] for block in blocks(layers)]
    assert names[0] == ["conv1", "relu1", "maxpool1", "batchnorm1"]
    assert names[5:] == [
        ["flatten1", "dropout1", "dense1", "relu6"],
        ["dropout2", "dense2", "relu7"],
        ["dense3"],
    ]


@pytest.mark.parametrize(
    ("number", "text"), [(7, "7"), (999, "999"), (1000, "1 000"), (26824770, "26 824 770")]
)
def test_digits_are_grouped(number, text):
    assert grouped(number) == text
