import jsonschema
import pytest
import yaml

from manyseeds.study import reference
from studies import DEFAULT


def test_schema_and_page_are_those_of_the_models():
    assert reference.SCHEMA.read_text() == reference.schema_file(), "run make docs"
    page = reference.PAGE.read_text()
    assert reference.renewed(page) == page, "run make docs"


def test_the_schema_takes_the_default_study_and_refuses_an_unknown_key():
    validator = jsonschema.Draft202012Validator(reference.schema())
    validator.validate(DEFAULT)
    assert not validator.is_valid(DEFAULT | {"studdy": "x"})
    # A study of one's own is laid over the default one: it says only what differs.
    validator.validate({"study": "mine", "datasets": {"x": {"like": "snf7-sim", "size": 64}}})


@pytest.mark.parametrize(
    "study",
    [
        {"experiments": []},
        {"experiments": [{"dataset": "x", "architectures": []}]},
        {"experiments": [{"dataset": "x", "architectures": ["deep", "deep"]}]},
        {"datasets": {"x": {"classes": ["a"]}}},
        {"datasets": {"x": {"source": {"kind": "folder", "path": "x", "splits": ["train"]}}}},
    ],
)
def test_an_editor_sees_lists_that_are_too_short_or_repeat(study):
    assert not jsonschema.Draft202012Validator(reference.schema()).is_valid(study)


def test_every_key_says_what_it_means():
    for name, section in reference.TABLES.items():
        for key, field in section.model_fields.items():
            assert field.description, f"{name}.{key}"


def test_a_table_has_a_key_its_values_and_its_default():
    rows = {row.split(" | ")[0]: row for row in reference.table(reference.Training).splitlines()}
    assert "| whole number, at least 1 | `9`; `5` for `logistic`" in rows["| `epochs`"]
    assert "| number, at least 0 and below 1 | `0.9` |" in rows["| `momentum`"]
    rows = {row.split(" | ")[0]: row for row in reference.table(reference.StudyKeys).splitlines()}
    assert rows["| `seeds`"].endswith("| whole number, 1 to 1000 | `12` |")
    assert rows["| `study`"].endswith("| required |")


def test_the_file_is_yaml_with_every_section():
    read = yaml.safe_load(reference.schema_file())
    assert {"DatasetKeys", "Training", "TrainingOfAlexNet", "Snapshots"} <= set(read["$defs"])
