"""What is wrong with a study is said in one message: the key, the fault, the remedy."""

import re

import pytest

from manyseeds.errors import InputError
from studies import MINE, laid_over, mine, study_over_default


def fault_of(study) -> str:
    with pytest.raises(InputError) as raised:
        study_over_default(study)
    return str(raised.value)


def of_source(**keys):
    """Say a study of one dataset from this source."""
    return {"datasets": {"mine": {"source": keys}}, "experiments": MINE}


def snapshots(**keys):
    """Say a study that keeps these snapshots."""
    experiment = {"dataset": "snf7-sim", "architectures": ["deep"], "snapshots": keys}
    return {"experiments": [experiment]}


@pytest.mark.parametrize(
    ("study", "says"),
    [
        (
            {"studdy": "x"},
            "config key studdy: there is no such key; did you mean study[?] Keys here: study, seed",
        ),
        (
            {"studdy": "x", "sed": 1},
            "config key studdy: there is no such key; .* Nor is there sed.",
        ),
        (
            {"seeds": "twelve"},
            "config key seeds: twelve is no whole number. Allowed: whole number, 1 to 1000. .*How",
        ),
        ({"seeds": 0}, "config key seeds: 0 is too small. Allowed: whole number, 1 to 1000."),
        ({"seeds": 1001}, "config key seeds: 1001 is too large. Allowed: whole number, 1 to 1000."),
        ({"seeds": True}, "config key seeds: true is no whole number"),
        ({"study": "../x"}, r"config key study: \.\./x will not do. A name has letters"),
        (
            {"training": {"deep": {"epoch": 3}}},
            "config key training.deep.epoch: there is no such key; did you mean epochs[?]",
        ),
        (
            {"training": {"deep": {"lr": 0}}},
            r"training.deep.lr: 0 is too small. Allowed: number, above 0. \(lr: Learning rate",
        ),
        (
            {"training": {"deep": {"images_per_epoch": "al"}}},
            "images_per_epoch: al will not do; did you mean all[?] Allowed: all or whole number",
        ),
        (
            {"training": {"alexnet": {"momentum": 1}}},
            "1 is too large. Allowed: number, at least 0 and below 1",
        ),
        (
            {"experiments": [{"dataset": "snf7-sim", "architectures": ["deep50"]}]},
            "experiments.0.architectures.0: deep50 is not one of deep, .*; did you mean deep_50[?]",
        ),
        (
            {"experiments": [{"dataset": "snf7-sim", "architectures": ["deep", "deep"]}]},
            "experiments.0.architectures: deep is in the list twice. Name it once.",
        ),
        ({"experiments": []}, "config key experiments: it is empty; give a value"),
        (
            {"experiments": [{"dataset": "snf7", "architectures": ["deep"]}]},
            "experiments.0.dataset: no dataset is named snf7; did you mean snf7-sim[?] Choose one",
        ),
        (
            {"experiments": [{"architectures": ["deep"]}]},
            "experiments.0.dataset: it is missing. .*Keys here: dataset, arch",
        ),
        (
            {"experiments": [{"dataset": "snf7-sim", "architectures": ["deep"]}] * 2},
            "experiments.1: experiments.0 has deep on snf7-sim already.*snf7-sim-2: {like",
        ),
        (
            snapshots(seeds=[3, 12]),
            "experiments.0.snapshots.seeds: seed 12 is not trained. The study has the seeds 0 to",
        ),
        (
            snapshots(most=20),
            "experiments.0.snapshots.most: 20 snapshots are fewer than .* the first 50 minibatches",
        ),
        (
            snapshots(layers=["conv1", "relu1"]),
            "experiments.0.snapshots.layers: relu1 is no layer with .*conv1, conv2, .* is deep",
        ),
        (
            {"datasets": {"snf7-sim": {"source": {"kind": "disk"}}}},
            "datasets.snf7-sim.source.kind: disk is not one of .*folder",
        ),
        ({"datasets": {"x": {"source": 5}}}, "datasets.x.source: 5 has no keys. Give keys"),
        (
            {"datasets": {"a b": {"like": "snf7-sim"}}},
            "config key datasets.a b: such a name will not do. A name has letters",
        ),
        (
            {"datasets": {"snf7-sim": {"split": {"test": {"a": 0.6, "b": 0.5}}}}},
            "datasets.snf7-sim.split.test: nothing is left to train on",
        ),
        (
            {"datasets": {"snf7-sim": {"split": {"by": "group"}}}},
            "datasets.snf7-sim.split.by: no groups are known of a simulated source",
        ),
        (
            {"datasets": {"snf7-sim": {"split": {"by": "source"}}}},
            "datasets.snf7-sim.split.by: the source does not come split",
        ),
        (
            {"datasets": {"snf7-sim": {"classes": ["control", "snap29"]}}},
            r"datasets.snf7-sim.classes: a simulated dataset has the classes \[control, snf7\]",
        ),
        (
            {"datasets": {"snf7-sim": {"rotate": {"splits": ["validation"]}}}},
            "rotate.splits: no split is named validation. Choose from train, test",
        ),
        (
            {"datasets": {"snf7-sim": {"rotate": {"splits": ["test"]}, "split": {"by": "tile"}}}},
            "rotate.splits: split tile by tile, every split has rotated tiles",
        ),
        (mine(source={"angle": r"_(\d+)"}, rotate={"angles": [0, 5]}), "came rotated already"),
        (
            {
                "datasets": {"mine": {"source": {"kind": "folder", "path": "$NOWHERE/images"}}},
                "experiments": MINE,
            },
            r"datasets.mine.source.path: \$NOWHERE/images does not exist.*environment variable",
        ),
        (
            {"datasets": {"mine": {"source": {"kind": "torchvision", "name": "MNIST"}}}},
            "datasets.mine.source.name: MNIST is not one of .*; did you mean FashionMNIST",
        ),
        (
            {
                "datasets": {
                    "mine": {"source": {"kind": "git", "url": "https://x", "commit": "main"}}
                }
            },
            "datasets.mine.source.commit: main will not do. Give the full hash",
        ),
        (
            {"datasets": {"mine": {"source": {"kind": "folder", "path": "x"}, "on_bad_image": 1}}},
            "datasets.mine.on_bad_image: 1 is not one of stop, skip",
        ),
        (
            {"datasets": {"mine": {"source": {"kind": "archive"}}}},
            "datasets.mine.source: give `path` or `url`, not both",
        ),
        (
            {"datasets": {"mine": {"source": {"kind": "idx", "path": "x", "url": "http://x"}}}},
            "datasets.mine.source: give `path` or `url`, not both",
        ),
        (
            mine(source={"groop": "x"}),
            "datasets.mine.source.groop: .*did you mean group.*Keys here: kind, .*group",
        ),
        (
            mine(source={"group": "(day"}),
            r"datasets.mine.source.group: '\(day' is not a regular expression .*Fix it",
        ),
        (
            mine(source={"splits": {"train": "a", "test": "a/b"}}),
            "datasets.mine.source.splits.test: a/b lies in the folder of train. Give each split",
        ),
        # Neither may lead to other folders of this machine.
        (
            of_source(kind="archive", path="x.zip", inside="/etc"),
            "source.inside: /etc does not lie in what is f",
        ),
        (
            of_source(kind="git", url="https://x.org/x", commit="0" * 40, inside="a/../../x"),
            "source.inside: a/../../x does not lie in",
        ),
        # A split may have the name of a form that a key has.
        (
            mine(source={"splits": {"train": 5, "mapping": "b"}}),
            "splits.train: 5 is no text. Put it in quotes: '5'",
        ),
        (
            mine(source={"splits": {"train": "a", "list": 3}}),
            "splits.list: 3 is no text. Put it in",
        ),
        (mine(source={"splits": "x"}), "splits: give a list of the splits, or their folders"),
        (mine(source={"splits": ["train", "train"]}), "source.splits: train is in the list twice"),
        (
            mine(source={"splits": ["train", "test"]}, split={"test": 0.3}),
            "datasets.mine.split.test: the source comes split. .*split.by: source.*by: field",
        ),
        (
            mine(split={"test": {"test": ["day3"], "held": 0.2}}),
            "datasets.mine.split.test: shares and lists of groups do not mix",
        ),
        (
            mine(split={"test": {"test": ["day3"], "held": ["day4", "day3"]}}),
            "datasets.mine.split.test: group day3 is in two splits",
        ),
        (
            mine(split={"by": "tile", "test": ["day3"]}),
            "datasets.mine.split.test: by: tile holds out no groups by name. Split by field",
        ),
        (
            mine(split={"test": [3]}),
            "datasets.mine.split.test.0: 3 is no text. Put it in quotes: '3'",
        ),
        (
            mine(split={"test": {"train": 0.5}}),
            "split.test.train: such a name will not do. A test split",
        ),
        (mine(split={"test": {"mapping": 2}}), "split.test.mapping: 2 is too large"),
        (mine(classes=["a"]), r"datasets.mine.classes: \[a\] is too short; give at least 2"),
        (mine(pages=["green", "pink"]), "datasets.mine.pages.1: pink is not one of"),
        (
            mine(pages="last"),
            "datasets.mine.pages: last is not one of first, max. Allowed: .* or list of red, green",
        ),
        (mine(scale={"low": 1}), "datasets.mine.scale.high: it is missing. Keys here: low, high"),
        (mine(scale={"percentiles": [1]}), r"scale.percentiles: \[1\] is too short"),
        (
            mine(scale={"percentiles": [90, 10]}),
            "datasets.mine.scale: 90 is not below 10. .*lower one first",
        ),
        (mine(scale={"high": 7, "low": 7}), "datasets.mine.scale: 7 is not below 7"),
        (
            {"datasets": {"x": {"like": "nothing"}}},
            "datasets.x.like: no dataset is named nothing. Choose",
        ),
        (
            {"datasets": {"x": {"like": "y"}, "y": {"like": "x"}}},
            "datasets.y.like: x is like itself in the end",
        ),
        ({"datasets": {"x": {"like": ["snf7-sim"]}}}, "config key datasets.x"),
        ({"datasets": {"x": {"like": "y"}, "y": 5}}, "config key datasets"),
        ({"datasets": {"x": {"like": "snf7-sim", "split": 5}}}, "datasets.x.split: 5 has no keys"),
        (mine(pages=3), "datasets.mine.pages: 3 is not allowed. Allowed: first"),
        (mine(pages={}), "datasets.mine.pages: {} is not allowed"),
        (mine(pages=None), "datasets.mine.pages: it is empty; give a value"),
        (mine(classes=None), "datasets.mine.classes: it is empty; give a value, or leave the key"),
        (mine(label=None), "datasets.mine.label: it is empty"),
        (mine(source={"group": None}), "datasets.mine.source.group: it is empty"),
        (
            mine(split={"test": "x"}),
            r"datasets.mine.split.test: x is not allowed. Write a list: \[x\]",
        ),
        (mine(split={"test": {"a": "x"}}), "datasets.mine.split.test.a: x is not allowed"),
        (mine(split=None), "datasets.mine.split: it is empty; give its keys, .*: by, test"),
        (
            {"engine": {"stack": []}},
            r"config key engine.stack: \[\] is not allowed. Allowed: auto or",
        ),
        (
            {"training": {"deep": {"images_per_epoch": [1]}}},
            r"images_per_epoch: \[1\] is not allowed",
        ),
        (
            {"training": {"deep": None}},
            "training.deep: it is empty; give its keys, .*optimizer, lr",
        ),
        ({"experiments": ["x"]}, "experiments.0: x has no keys.*dataset, arch"),
        (
            {"experiments": [{"dataset": "snf7-sim", "architecture": ["deep"]}]},
            "experiments.0.architecture: there is no such key; did you mean architectures",
        ),
        (
            {"datasets": {"x": {"sources": {}}}},
            "datasets.x.sources: there is no such key; did you mean source",
        ),
        ({"datasets": {"x": {"source": {"kind": 3}}}}, "datasets.x.source.kind: 3 is not one of"),
        (
            {"engine": {"stack": "some"}},
            "engine.stack: some will not do. Allowed: auto or whole number",
        ),
    ],
)
def test_the_message_names_the_key(study, says):
    message = fault_of(study)
    assert re.match(says if says.startswith("config key") else f"config key .*{says}", message)
    assert "\n" not in message


def test_datasets_that_are_no_mapping():
    for datasets in (None, 5, []):
        assert "config key datasets" in fault_of({"datasets": datasets})


def test_a_dataset_may_have_the_name_of_a_key():
    """What is allowed and what a key means is looked up where it stands."""
    study = {"datasets": {"size": {"like": "snf7-sim", "colour": "gray"}}}
    assert "config key datasets.size.colour: there is no such key; did you mean color?" in fault_of(
        study
    )
    assert "Keys here: like, source, label" in fault_of(study)


def test_all_missing_sources_are_named_at_once(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    paths = {"one": "no/images", "two": "$NOWHERE/b.zip", "again": "no/images", "three": "here"}
    kinds = {"one": "folder", "two": "archive", "again": "folder", "three": "archive"}
    lines = fault_of(
        {
            "datasets": {
                name: {"source": {"kind": kinds[name], "path": path}}
                for name, path in paths.items()
            },
            "experiments": [{"dataset": name, "architectures": ["deep"]} for name in paths],
        }
    ).splitlines()
    for line, says in zip(
        lines,
        (
            "datasets.one.source.path, datasets.again.source.path: no/images does not exist",
            r"datasets.two.source.path: \$NOWHERE/b.zip .*variable NOWHERE",
            "datasets.three.source.path: here is a folder.*kind: folder",
        ),
        strict=True,
    ):
        assert re.match(f"config key {says}", line)


def test_a_configuration_is_not_changed():
    config = laid_over({"datasets": {"x": {"like": "snf7-sim"}}}, {})
    before = laid_over(config, {})
    study_over_default(config)
    assert config == before
