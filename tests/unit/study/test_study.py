"""What follows from a study: what datasets inherit and share, and who trains what."""

import subprocess
import sys
from dataclasses import FrozenInstanceError

import pytest
import yaml
from pydantic import ValidationError

from manyseeds.networks.architectures import NAMES
from studies import DEFAULT, ROOT, mine, study_over_default

LETTERS = {
    "source": {"kind": "folder", "path": str(ROOT / "docs")},
    "size": 32,
    "label": "Letters",
    "rotate": {"angles": [0, 90]},
}


def study_of_letters(**datasets):
    return study_over_default(
        {
            "datasets": {"abc": LETTERS, **datasets},
            "experiments": [{"dataset": name, "architectures": ["deep"]} for name in datasets],
        }
    )


def test_a_dataset_has_the_keys_of_the_one_it_is_like_but_its_label():
    study = study_of_letters(
        mono={"like": "abc", "color": "gray", "rotate": {"fill": "black"}}, twin={"like": "mono"}
    )
    mono, twin = study.datasets["mono"], study.datasets["twin"]
    assert (mono.keys.size, mono.keys.color, mono.label) == (32, "gray", "mono")
    assert mono.angles("train") == [0, 90]
    assert mono.angles("test") == [0]
    assert (mono.keys.rotate.fill, study.datasets["abc"].keys.rotate.fill) == ("black", "reflect")
    assert twin.keys.color == "gray"
    assert twin.stream == mono.stream == "abc"


def test_images_and_tiles_are_shared_as_far_as_they_can_be():
    study = study_of_letters(
        bc={"like": "abc", "classes": ["b", "c"]},
        mono={"like": "abc", "color": "gray"},
        leaky={"like": "mono", "split": {"by": "tile"}},
        skipping={"like": "abc", "on_bad_image": "skip"},
        more={"like": "bc", "classes": ["a", "b"]},
    )
    fetched = {name: dataset.fetched_as for name, dataset in study.datasets.items()}
    tiled = {name: dataset.tiled_as for name, dataset in study.datasets.items()}
    assert fetched["bc"] == fetched["mono"] == fetched["leaky"] == "abc"
    assert (tiled["bc"], tiled["mono"], tiled["leaky"]) == ("abc", "mono", "mono")
    # Another rule for damaged images, or a class that the other leaves out, is another fetch.
    assert (fetched["skipping"], fetched["more"]) == ("skipping", "more")
    assert [dataset.name for dataset in study.fetched] == ["abc", "skipping", "more"]
    assert [dataset.name for dataset in study.used] == ["bc", "mono", "leaky", "skipping", "more"]


def test_a_source_that_comes_split_is_taken_as_it_is_unless_the_study_says_otherwise():
    split = {"kind": "folder", "path": str(ROOT / "docs"), "splits": {"val": "v", "train": "t"}}
    study = study_of_letters(
        kept={"like": "abc", "source": split},
        again={"like": "kept", "split": {"by": "field"}},
    )
    assert (study.datasets["kept"].split_by, study.datasets["kept"].splits) == (
        "source", ("train", "val"),
    )  # fmt: skip
    assert (study.datasets["again"].split_by, study.datasets["again"].splits) == (
        "field", ("train", "test"),
    )  # fmt: skip
    assert study.datasets["kept"].plain()["split"]["by"] == "source"


def test_split_tile_by_tile_all_splits_have_all_angles():
    leaky = study_of_letters(leaky={"like": "abc", "split": {"by": "tile"}}).datasets["leaky"]
    assert leaky.angles_by_split == {"train": [0, 90], "test": [0, 90]}


@pytest.mark.parametrize(
    ("keys", "label"),
    [
        ({}, "snf7-sim (simulated)"),
        ({"label": "Snf7"}, "Snf7 (simulated)"),
        ({"label": "Snf7, simulated"}, "Snf7, simulated"),
        ({"label": "Snf7", "split": {"by": "tile"}}, "Snf7, leaky split (simulated)"),
    ],
)
def test_simulated_images_and_leaky_splits_are_called_so(keys, label):
    bare = {**DEFAULT["datasets"]["snf7-sim"]}
    bare.pop("label")
    study = study_over_default({"datasets": {"x": bare | keys}})
    assert study.datasets["x"].label.replace("x", "snf7-sim") == label


def test_a_test_split_may_have_any_name_or_be_several():
    study = study_over_default(mine(split={"test": {"test": 0.2, "held": 0.1}}))
    assert study.datasets["mine"].splits == ("train", "test", "held")
    assert study.datasets["mine"].held_out == {"test": 0.2, "held": 0.1}
    assert study.datasets["mine"].tested == "test"
    named = study_over_default(mine(split={"test": ["day3", "day4"]})).datasets["mine"]
    assert named.held_out == {"test": ["day3", "day4"]}


def test_seeds_are_shared_out_over_jobs():
    study = study_over_default({"seeds": 14, "engine": {"seeds_per_job": 6}})
    assert [job.name for job in study.seed_jobs] == [
        "seeds-000-005", "seeds-006-011", "seeds-012-013",
    ]  # fmt: skip
    assert [seed for job in study.seed_jobs for seed in job.seeds] == list(range(14))


def test_training_of_an_experiment_is_laid_over_the_general_one():
    study = study_over_default(
        {
            "training": {"deep": {"epochs": 4}},
            "experiments": [
                {"dataset": "snf7-sim", "architectures": ["deep"], "training": {"lr": 0.1}},
                {"dataset": "snap29-sim", "architectures": ["deep", "alexnet"]},
            ],
        }
    )
    changed = study.training("snf7-sim", "deep")
    assert (changed.lr, changed.epochs, changed.batch) == (0.1, 4, 20)
    assert study.training("snap29-sim", "deep").lr == 0.001
    alexnet = study.training("snap29-sim", "alexnet")
    assert (alexnet.optimizer, alexnet.lr, alexnet.decay) == ("sgd", 0.01, 0.3)
    assert study.networks == (
        ("snf7-sim", "deep"), ("snap29-sim", "deep"), ("snap29-sim", "alexnet"),
    )  # fmt: skip


def test_snapshots_are_kept_where_an_experiment_asks_for_them():
    experiments = [
        {"dataset": "snf7-sim", "architectures": ["deep"], "snapshots": {}},
        {"dataset": "snap29-sim", "architectures": ["deep"]},
    ]
    study = study_over_default({"experiments": experiments})
    assert study.snapshots("snf7-sim", "deep").seeds == (0,)
    assert study.snapshots("snap29-sim", "deep") is None


@pytest.mark.parametrize("keys", [{"every": 10, "most": 20}, {"first": 200, "each_epoch": True}])
def test_moments_by_the_calendar_have_no_limit(keys):
    experiment = {"dataset": "snf7-sim", "architectures": ["deep"], "snapshots": keys}
    assert study_over_default({"experiments": [experiment]}).snapshots("snf7-sim", "deep")


def test_a_job_is_asked_for_the_snapshots_of_its_own_seeds():
    experiment = {"dataset": "snf7-sim", "architectures": ["deep"], "snapshots": {"seeds": [0, 7]}}
    kept = study_over_default({"experiments": [experiment]}).snapshots("snf7-sim", "deep")
    assert kept.of_seeds(range(6)) == kept.plain() | {"seeds": [0]}


def test_snapshots_may_name_a_layer_that_is_used_again():
    experiment = {"dataset": "snf7-sim", "architectures": ["deep_tied", "medium_tied"]}
    study = study_over_default({"experiments": [experiment | {"snapshots": {"layers": ["conv3"]}}]})
    assert study.snapshots("snf7-sim", "medium_tied").layers == ("conv3",)


@pytest.mark.parametrize(
    ("leaky", "training", "differ"),
    [
        ({}, {}, ()),
        ({"label": "x", "audit": "strict", "expert_accuracy": 0.9}, {"epochs": 9}, ()),
        ({"size": 64, "color": "gray"}, {"lr": 0.1}, ("size", "color", "training.lr")),
        ({"split": {"by": "tile", "test": {"held": 0.5}}}, {}, ("split.test",)),
    ],
)
def test_a_leak_is_measured_where_nothing_but_the_split_differs(leaky, training, differ):
    study = study_over_default(
        {
            "datasets": {"leaky": {"like": "snf7-sim", "split": {"by": "tile"}} | leaky},
            "training": {"deep": {"epochs": 9}},
            "experiments": [
                {"dataset": "snf7-sim", "architectures": ["deep"]},
                {"dataset": "leaky", "architectures": ["deep", "medium"], "training": training},
            ],
        }
    )
    (twins,) = study.twins
    assert (twins.honest, twins.leaky, twins.architecture) == ("snf7-sim", "leaky", "deep")
    assert twins.differ == differ
    assert bool(study.leaky_pairs) == (not differ)


def test_a_study_cannot_be_changed():
    study = study_over_default({})
    with pytest.raises(TypeError):
        study.datasets["new"] = study.datasets["snf7-sim"]
    with pytest.raises(FrozenInstanceError):
        study.datasets["snf7-sim"].name = "x"
    with pytest.raises(ValidationError):
        study.keys.seeds = 3


def test_a_resolved_study_is_the_same_study():
    study = study_over_default({"datasets": {"x": {"like": "snf7-sim", "color": "gray"}}})
    plain = yaml.safe_load(yaml.safe_dump(study.plain()))
    assert study_over_default(plain).plain() == plain


@pytest.mark.parametrize("path", sorted(ROOT.glob("studies/*.yaml")), ids=lambda path: path.name)
def test_every_study_of_the_project_is_well_formed(path, monkeypatch):
    # Whether the images are here is another question.
    monkeypatch.setattr("manyseeds.study.study.check_sources", lambda datasets: None)
    study = study_over_default(yaml.safe_load(path.read_text()))
    assert study.networks


def test_every_architecture_has_its_training():
    assert set(study_over_default({}).plain()["training"]) == set(NAMES)


def test_a_study_is_read_by_a_bare_snakemake():
    """Which brings pydantic and YAML, but not what the jobs have from their environments."""
    absent = ["numpy", "pandas", "PIL", "scipy", "torch", "torchvision", "pooch", "rich", "tqdm"]
    script = f"""
import sys
for name in {absent!r}:
    sys.modules[name] = None
sys.path[:0] = [{str(ROOT / "scripts")!r}]
import yaml
from manyseeds.study import Study
study = Study.of(yaml.safe_load(open({str(ROOT / "config.yaml")!r})))
print([study.datasets[name].source.files() for name in study.datasets])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
