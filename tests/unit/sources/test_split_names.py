import pytest
import yaml

from manyseeds.sources import split_names


@pytest.mark.parametrize(
    ("splits", "meant"),
    [
        (["Training", "Testing"], {"train": "Training", "test": "Testing"}),
        (["training", "testing"], {"train": "training", "test": "testing"}),
        (["TEST", "TRAIN"], {"train": "TRAIN", "test": "TEST"}),
        (["Train", "Val", "Test"], {"train": "Train", "val": "Val", "test": "Test"}),
        (["training", "validation"], {"train": "training", "validation": "validation"}),
        (["train", "Test 1", "Test 2"], {"train": "train", "test1": "Test 1", "test2": "Test 2"}),
        (["data/train", "data/valid"], {"train": "data/train", "val": "data/valid"}),
        (["train", "#held: out"], {"train": "train", "heldout": "#held: out"}),
        ({"Training": "a", "Testing": "b's"}, {"train": "a", "test": "b's"}),
    ],
)
def test_names_that_are_plain_are_mapped(splits, meant):
    said = split_names.fault(splits)
    mapping = said.split("Write splits: ")[1]
    # What is written out is YAML, and means the folders that were given.
    assert yaml.safe_load(mapping) == meant
    assert split_names.fault(meant) == ""


@pytest.mark.parametrize("splits", [["2023", "2024"], ["one", "two"], ["val", "Test"]])
def test_without_a_name_for_training_none_is_guessed(splits):
    assert split_names.fault(splits).endswith("{train: FOLDER, test: FOLDER}")


@pytest.mark.parametrize("splits", [["Train", "train", "x"], ["Train", "Training"]])
def test_two_names_of_one_meaning_are_not_told_apart(splits):
    assert split_names.fault(splits).endswith("{train: FOLDER, test: FOLDER}")


@pytest.mark.parametrize(
    "splits", [["train", "test"], {"train": "A", "held2": "B"}, "Train", [1, 2]]
)
def test_good_names_and_what_is_no_list_of_names_are_let_through(splits):
    assert split_names.fault(splits) == ""
