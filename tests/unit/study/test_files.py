"""Studies as files: what is certain is taken, and a fault is named with its file and line."""

import re
import subprocess
import sys

import pytest

from manyseeds.errors import InputError
from manyseeds.study import Study
from manyseeds.study.files import read_files
from studies import DEFAULT, ROOT

EXPERIMENTS = "experiments: [{dataset: mine, architectures: [deep_50]}]\n"


@pytest.fixture
def study(tmp_path, monkeypatch):
    """Return the study of files of these texts, laid over config.yaml."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "images").mkdir()

    def of(*texts, **options):
        names = [f"{number}.yaml" for number in range(len(texts))]
        for name, text in zip(names, texts, strict=True):
            (tmp_path / name).write_text(text)
        return Study.read(names, **options)

    return of


def mine(keys="", training="", name="mine", source="", experiments=EXPERIMENTS):
    """Say a study of one dataset; each part on lines of its own."""
    return (
        f"study: {name}\n"
        "datasets:\n"
        "  mine:\n"
        f"    source: {{kind: folder, path: images{source}}}\n"
        f"    {keys}\n"
        f"{training}\n" + experiments
    )


def fault(study, *texts, **options) -> str:
    with pytest.raises(InputError) as raised:
        study(*texts, **options)
    assert "\n" not in str(raised.value)
    return str(raised.value)


def test_names_are_what_was_typed(study):
    keys = study(mine("classes: [no, yes, 1, 007, 2024-01-01, 1e3, true]")).datasets["mine"].keys
    assert keys.classes == ("no", "yes", "1", "007", "2024-01-01", "1e3", "true")
    assert study(mine("label: 2024", name="007")).name == "007"
    named = (
        "datasets: {2024: {source: {kind: folder, path: images}}, '2025': {like: 2024, size: 32}}\n"
        "experiments: [{dataset: '2024', architectures: [deep]}, "
        "{dataset: 2025, architectures: [deep]}]\n"
    )
    assert [dataset.fetched_as for dataset in study(named).used] == ["2024", "2024"]


def test_numbers_are_what_was_meant(study):
    training = "training: {deep_50: {lr: 1e-3, epochs: 2.0, images_per_epoch: 40.0}}"
    read = study(mine("size: 64.0", training=f"seeds: 3.0\n{training}"))
    found = read.training("mine", "deep_50")
    numbers = (read.keys.seeds, read.datasets["mine"].keys.size, found.epochs)
    assert numbers == (3, 64, 2)
    assert {type(number) for number in numbers} == {int}
    assert (found.lr, found.images_per_epoch) == (0.001, 40)


@pytest.mark.parametrize("word", ["yes", "On", "true", "TRUE"])
def test_what_can_only_be_true_is_true(study, word):
    said = EXPERIMENTS.replace("}]", f", snapshots: {{each_epoch: {word}}}}}]")
    assert study(mine(experiments=said)).snapshots("mine", "deep_50").each_epoch is True


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        ({"keys": "sizes: 64"}, "line 5: config key datasets.mine.sizes: .*did you mean size[?]"),
        ({"keys": "classes: [null, a]"}, "line 5: .*classes.0: null .* put it in quotes: 'null'"),
        ({"keys": "classes: a, b"}, r"line 5: .*a, b is no list. Write it in brackets: \[a, b\]"),
        ({"keys": 'size: "64"'}, 'line 5: .*size: "64" is no whole number. Write 64'),
        ({"keys": "size: 64.5"}, "line 5: .*size: 64.5 is no whole number"),
        ({"keys": "split: {test: 20%}"}, "line 5: .*split.test: 20% is not allowed. Write 0.2"),
        ({"keys": "split: {test: day3}"}, r"split.test: day3 .*Write a list: \[day3\]"),
        ({"keys": "split: {test: 0,2}"}, "split.test: 0,2 has a comma. .*: 0.2"),
        ({"keys": "split: {test:0.2}"}, "no blank follows the colon. Write test: 0.2"),
        ({"keys": "label: &x"}, "label: it is empty"),
        (
            {"training": "training:\n  deep:\n    lr: 0,5"},
            "line 8: config key training.deep.lr: 0,5 is no number. Write 0.5",
        ),
        ({"training": "training: {deep: {lr: .nan}}"}, "lr: .nan is no number to compute with"),
        ({"training": "training: {deep: {epochs: 1_000}}"}, "epochs: 1_000 .* Write 1000"),
        ({"training": "size: 64"}, "line 6: config key size: .* It is a key of datasets.NAME."),
        ({"source": ", splits: [Training, Testing]"}, "line 4: .*{train: Training, test: Testing}"),
        ({"keys": "pages: green, blue"}, r"pages: green, blue .* Write a list: \[green, blue\]"),
        ({"source": "\n      , splits: 2024"}, "line 5: .*splits: give a list of the splits"),
        ({"source": ", path2: C:\\x"}, "line 4: .*path2: there is no such key"),
        ({"source": "/none #1\n      "}, "line 4: .*does not exist.*What follows # .*comment"),
        (
            {"experiments": "experiments:\n- dataset: mine\n  architectures: deep_50\n"},
            r"line 9: config key experiments.0.architectures: deep_50 .* brackets: \[deep_50\]",
        ),
        (
            {"experiments": "experiments:\n- {dataset: mime, architectures: [deep]}\n"},
            "line 8: config key experiments.0.dataset: .* did you mean mine[?]",
        ),
    ],
)
def test_a_fault_is_named_with_its_line_as_it_was_typed(study, parts, says):
    message = fault(study, mine(**parts))
    assert re.search(f"^0.yaml, {says}" if says.startswith("line") else says, message), message
    assert not re.search(r"None|True|type '|properties|schema|unique|\\\\", message)


def test_the_line_is_that_of_the_file_that_says_it(study):
    below = mine("size: 64")
    assert fault(study, below, "seeds: 3\ndatasets: {mine: {size: big}}\n").startswith(
        "1.yaml, line 2: config key datasets.mine.size: big is no whole number"
    )
    # What a dataset has from another stands where the other says it.
    like = "datasets: {twin: {like: mine}}\nexperiments: [{dataset: twin, architectures: [deep]}]\n"
    assert fault(study, mine("size: big"), like).startswith("0.yaml, line 5: config key datasets.")


def test_files_are_laid_over_each_other(study):
    changes = {"seeds": 2, "training": {"deep_50": {"epochs": "3", "lr": "1e-4"}}}
    read = study(
        mine("size: 64\n    color: gray"), "datasets: {mine: {size: 32}}\nseeds: 5", changes=changes
    )
    keys = read.datasets["mine"].keys
    assert (keys.size, keys.color, read.keys.seeds) == (32, "gray", 2)
    # Those of config.yaml are there, too, and lists and mappings of the command line are read.
    assert set(read.datasets) == {*DEFAULT["datasets"], "mine"}
    training = read.training("mine", "deep_50")
    assert (training.epochs, training.lr, training.batch) == (3, 1e-4, 20)


def test_a_number_of_the_command_line_is_no_name(study):
    assert fault(study, mine(), changes={"study": 2024}) == (
        "--config: config key study: 2024 is no text to Snakemake there. Give it in a study file. "
        "(study: Name of the study.)"
    )


def test_config_yaml_may_be_among_the_files(study):
    study("study: more\nseeds: 2\n")
    read = read_files([ROOT / "config.yaml", "0.yaml"], base=None)
    assert read.names == ("0.yaml",)
    assert read.config == read_files(["0.yaml"]).config


def test_datasets_without_experiments_are_refused(study):
    assert fault(study, mine(experiments="")) == (
        "0.yaml: config key experiments: it is missing, and datasets has mine. Say what is "
        "trained: experiments: [{dataset: mine, architectures: [deep_50]}]"
    )
    # One file may say the datasets, and another the experiments.
    assert study(mine(experiments=""), EXPERIMENTS).networks == (("mine", "deep_50"),)
    inside = fault(study, mine("size: 64\n  " + EXPERIMENTS.strip(), experiments=""))
    assert inside.startswith("0.yaml, line 6: config key datasets.experiments: it stands among")


def test_what_is_left_to_config_yaml_is_said(study):
    said = study("seeds: 3\n").notes
    assert "0.yaml: has no experiments. Those of config.yaml are run: deep on snap29-sim" in said[0]
    assert "results/default/" in said[1]
    assert len(study("study: x\nseeds: 3\n").notes) == 1
    assert study(mine()).notes == ()
    assert Study.read([]).notes == ()


def test_a_dataset_that_nothing_uses_is_said(study):
    base = "base: {source: {kind: folder, path: images}}"
    more = f"datasets: {{{base}, mine: {{like: base}}, odd: {{like: mine}}}}"
    (note,) = study(f"study: x\n{more}\n{EXPERIMENTS}").notes
    assert note == (
        "0.yaml: no experiment uses odd. To train on it, add to experiments: "
        "{dataset: odd, architectures: [deep_50]}"
    )


def checked(folder, *words):
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "manyseeds.study", *words],
        cwd=folder, env={"PYTHONPATH": str(ROOT / "scripts")}, capture_output=True, text=True,
    )  # fmt: skip


def test_a_file_is_checked_before_a_run(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "my study.yaml").write_text(mine(name="007"))
    good = checked(tmp_path, "my study.yaml")
    assert (good.returncode, good.stdout) == (
        0, "The study 007 can be run: 12 networks on mine.\n",
    )  # fmt: skip
    # It starts in no time.
    assert not {"torch", "numpy", "pandas"} & set(good.stderr.replace("|", " ").split())
    assert checked(tmp_path, "--name", "my study.yaml").stdout == "007\n"

    (tmp_path / "bad.yaml").write_text("study: mine\nseeds:3\n")
    bad = checked(tmp_path, "bad.yaml")
    assert bad.returncode == 1
    said = [line for line in bad.stderr.splitlines() if not line.startswith("import time")]
    assert said == ["bad.yaml, line 2: no blank follows the colon. Write seeds: 3."]
