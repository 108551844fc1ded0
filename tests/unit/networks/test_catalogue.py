import re

import pytest

from manyseeds.networks import catalogue
from manyseeds.networks.architectures import ARCHITECTURES, NAMES, build, count_parameters

PAGE = catalogue.PAGE.read_text()


def rows():
    lines = [line for line in catalogue.table().splitlines()[2:]]
    return {cells[0].strip("`"): cells for cells in (line[2:-2].split(" | ") for line in lines)}


def test_the_page_is_up_to_date():
    assert catalogue.renewed(PAGE) == PAGE, "run scripts/manyseeds/networks/catalogue.py"


def test_every_architecture_has_its_row():
    assert tuple(rows()) == NAMES
    assert {len(row) for row in rows().values()} == {6}


@pytest.mark.parametrize(
    ("name", "parameters", "small"),
    [
        ("deep_50", "179 608", "179 728"),
        ("alexnet", "26 824 770", "10 040 714"),
        # 3072 x 10 + 10, and 784 x 10 + 10.
        ("logistic", "30 730", "7 850"),
        # 3072 x 512 + 512 + 512 x 10 + 10, and the same with 784.
        ("linear_relu", "1 578 506", "407 050"),
        # As PyTorch's tutorial has it.
        ("convnet", "62 006", "44 426"),
    ],
)
def test_parameters(name, parameters, small):
    assert rows()[name][4:] == [parameters, small]


def test_layers_in_a_line():
    assert rows()["deep_tied"][2] == (
        "3 x 3: 16, 16 ↓, 16 again ↓, 32 ↓, 32, 32 again ↓, 64, 64 ↓, 64 again ↓; dense: 512, 2"
    )
    assert rows()["alexnet"][2] == (
        "11 x 11, stride 4, not padded: 96 ↓3 norm; 5 x 5: 256 ↓3 norm; "
        "3 x 3: 384, 384, 256 ↓3; dense: dropout 0.5, 2048, dropout 0.5, 2048, 2"
    )
    assert rows()["convnet"][2] == "5 x 5, not padded: 6 ↓, 16 ↓; dense: 120, 84, 10"


def test_numbers_in_the_prose_are_those_of_the_architectures():
    prose = PAGE.split(catalogue.END)[1].replace("\n", " ")
    named = {int(n.replace(" ", "")) for n in re.findall(r"\d{1,3}(?: \d{3})+", prose)}
    counts = {
        count_parameters(build(name, images, classes))
        for name, made_for in ARCHITECTURES.items()
        for images, classes in [(made_for.images, made_for.classes), ((1, 28, 28), 10)]
    }
    # Keras' total of alexnet, the features of deep_tied, the units of alexnet.
    assert named - counts == {26_824_770 + 704, 1_024, 2_048}
