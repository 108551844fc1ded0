"""What is wrong with a study or its images is said once, clearly, and leaves nothing behind."""

import hashlib
import re
import tarfile

import numpy as np
import pytest
import yaml
from PIL import Image

from study import ROOT, snakemake

pytestmark = pytest.mark.workflow
MINE = [{"dataset": "mine", "architectures": ["deep"]}]


@pytest.mark.parametrize(
    ("study", "says"),
    [
        ({"studdy": "x"}, r"'studdy' was unexpected.*Allowed here: study, seed"),
        ({"seeds": "twelve"}, "config key seeds: 'twelve' is not of type 'integer'"),
        ({"training": {"deep": {"epoch": 3}}}, "config key training.deep: .*'epoch'.*epochs"),
        (
            {"experiments": [{"dataset": "snf7-sim", "architectures": ["vgg"]}]},
            r"experiments.0.architectures.0: 'vgg' is not one of .*deep_50",
        ),
        (
            {"experiments": [{"dataset": "snf", "architectures": ["deep"]}]},
            r"experiments.0.dataset: no dataset is named 'snf'. Choose one of snap29-sim",
        ),
        (
            {"datasets": {"snf7-sim": {"source": {"kind": "disk"}}}},
            r"datasets.snf7-sim.source.kind: 'disk' is not one of .*folder",
        ),
        (
            {"datasets": {"snf7-sim": {"split": {"test": {"a": 0.6, "b": 0.5}}}}},
            "datasets.snf7-sim.split.test: nothing is left to train on",
        ),
        (
            {"datasets": {"snf7-sim": {"split": {"by": "group"}}}},
            "datasets.snf7-sim.split.by: no groups are known. Give source.group",
        ),
        (
            {"datasets": {"snf7-sim": {"rotate": {"splits": ["validation"]}}}},
            "rotate.splits: no split is named validation. Choose from train, test",
        ),
        (
            {
                "datasets": {"mine": {"source": {"kind": "folder", "path": "$NOWHERE/images"}}},
                "experiments": MINE,
            },
            r"datasets.mine.source.path: \$NOWHERE/images does not exist.*environment variable",
        ),
    ],
)
def test_a_faulty_study_stops_before_any_job(tmp_path, study, says):
    run = snakemake(tmp_path, "all", "--cores", "1", study=study)
    assert run.code != 0
    assert_said_once(run.text, says)
    assert not (tmp_path / "results").exists()


def test_all_missing_sources_are_named_at_once(tmp_path):
    (tmp_path / "here").mkdir()
    paths = {"one": "no/images", "two": "$NOWHERE/b.zip", "again": "no/images", "three": "here"}
    kinds = {"one": "folder", "two": "archive", "again": "folder", "three": "archive"}
    study = {
        "datasets": {
            name: {"source": {"kind": kinds[name], "path": path}} for name, path in paths.items()
        },
        "experiments": [{"dataset": name, "architectures": ["deep"]} for name in paths],
    }
    run = snakemake(tmp_path, "data", "--cores", "1", study=study)
    assert run.code != 0
    assert_said_once(
        run.text,
        "datasets.one.source.path, datasets.again.source.path: no/images does not exist",
    )
    assert_said_once(run.text, r"datasets.two.source.path: \$NOWHERE/b.zip .*variable NOWHERE")
    assert_said_once(run.text, "datasets.three.source.path: here is a folder.*kind: folder")


@pytest.fixture
def folder(tmp_path):
    """Ten good images of 64 x 64 pixels in each of two classes."""
    generator = np.random.default_rng(0)
    for name in ("control", "treated"):
        (tmp_path / "images" / name).mkdir(parents=True)
        for number in range(10):
            pixels = generator.integers(0, 256, (64, 64), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / f"images/{name}/{name}{number}_a.png")
    return tmp_path / "images"


def missing_class(folder):
    for file in (folder / "treated").iterdir():
        file.unlink()
    return {}, "treated has no images", "images.csv"


def one_class(folder):
    missing_class(folder)
    (folder / "treated").rmdir()
    return {}, "has one class only", "images.csv"


def truncated_jpeg(folder):
    image = Image.effect_noise((64, 64), 50)
    image.save(folder / "control/cut.jpg")
    whole = (folder / "control/cut.jpg").read_bytes()
    (folder / "control/cut.jpg").write_bytes(whole[: len(whole) // 2])
    return {}, r"control/cut\.jpg: ", "images.csv"


def text_as_png(folder):
    (folder / "treated/notes.png").write_text("pictures taken on Monday")
    return {}, r"treated/notes\.png: ", "images.csv"


def wrong_checksum(folder):
    archive = folder.parent / "images.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(folder, "images")
    checksum = hashlib.sha256(b"another file").hexdigest()
    source = {"kind": "archive", "path": str(archive), "sha256": checksum, "inside": "images"}
    return {"source": source}, r"images\.tar\.gz: .*sha256", "images.csv"


def grid_that_does_not_divide(folder):
    return {"slice": {"rows": 3, "columns": 4}}, r"control0_a\.png: .*3 x 4.*crop", "tiles.npy"


def empty_test_split(folder):
    return {"split": {"test": 0.01}}, "split.*test is empty", "split.csv"


def group_in_two_splits(folder):
    for split in ("train", "test"):
        for name in ("control", "treated"):
            (folder / split / name).mkdir(parents=True)
            half = range(5) if split == "train" else range(4, 10)
            for number in half:
                image = Image.open(folder / name / f"{name}{number}_a.png")
                image.save(folder / split / name / f"{name}{number}_{split}.png")
    source = {"splits": ["train", "test"], "group": r"([a-z]+\d)_"}
    return (
        {"source": source, "split": {"by": "source"}},
        "its group 'control4' is in test and.*in train",
        "split.csv",
    )


def diverging_training(folder):
    return {}, r"training\.deep\.lr: with 1e\+30 every seed diverged.*lower", "history.csv"


@pytest.mark.parametrize(
    "spoil",
    [
        missing_class, one_class, truncated_jpeg, text_as_png, wrong_checksum,
        grid_that_does_not_divide, empty_test_split, group_in_two_splits, diverging_training,
    ],
)  # fmt: skip
def test_faulty_images_stop_with_one_message_and_no_half_written_output(folder, spoil):
    settings, says, unwritten = spoil(folder)
    dataset = {"size": 16, "source": {"kind": "folder", "path": str(folder)}}
    dataset |= {"slice": {"rows": 2, "columns": 2}} | settings
    dataset["source"] = {"kind": "folder", "path": str(folder)} | dataset["source"]
    study = {"study": "mine", "seeds": 1, "datasets": {"mine": dataset}, "experiments": MINE}
    if spoil is diverging_training:
        study["training"] = {"deep": {"lr": 1e30, "epochs": 1, "images_per_epoch": 40}}
    run = snakemake(folder.parent, "all", "--cores", "1", study=study)
    assert run.code != 0
    assert_said_once(run.text, says)
    assert "Traceback" not in run.text
    assert not list((folder.parent / "results").rglob(unwritten))
    assert not list((folder.parent / "results").rglob("*.safetensors"))


def test_a_users_folder_needs_three_lines(folder, tmp_path):
    """What is right goes through, with phantom files beside it."""
    (folder / "control/.DS_Store").write_bytes(b"\0")
    study = {
        "study": "mine",
        "seeds": 1,
        "datasets": {"mine": {"source": {"kind": "folder", "path": str(folder)}, "size": 16}},
        "training": {"deep_50": {"epochs": 1, "images_per_epoch": 40}},
        "experiments": [{"dataset": "mine", "architectures": ["deep_50"]}],
    }
    run = snakemake(tmp_path, "all", "--cores", "2", study=study)
    assert run.code == 0, run.text
    assert "1 phantom file" in run.text
    # What is read is said once, before any job, with its size; the phantom file does not count.
    before, after = run.text.split("Sources of the images:")
    assert "Fetch the images" not in before
    assert "Fetch the images" in after
    row = next(line for line in after.splitlines() if line.startswith("mine "))
    size = sum(file.stat().st_size for file in folder.rglob("*.png"))
    assert f" {size / 1000:.1f} kB " in row
    assert row.split()[-1] == "nothing"


def test_what_is_read_is_not_said_when_nothing_may_be(folder, tmp_path):
    study = {
        "datasets": {"mine": {"source": {"kind": "folder", "path": str(folder)}, "size": 16}},
        "experiments": MINE,
    }
    target = "results/default/fetch/mine/images.csv"
    dry = snakemake(tmp_path, target, "--cores", "1", "--dry-run", study=study)
    assert "fetch" in dry.jobs()
    assert "Sources of the images" not in dry.text
    quiet = snakemake(tmp_path, target, "--cores", "1", "--quiet", study=study)
    assert quiet.code == 0
    assert "Sources of the images" not in quiet.text


def assert_said_once(text, pattern):
    found = [line for line in text.splitlines() if re.search(pattern, line)]
    assert found, text
    assert len(found) == 1, found


def test_conda_environments_have_the_pins_of_the_requirements():
    pins = set((ROOT / "requirements.txt").read_text().splitlines())
    environments = list((ROOT / "envs").glob("*.yaml"))
    assert len(environments) == 3
    for environment in environments:
        packages = yaml.safe_load(environment.read_text())["dependencies"][-1]["pip"]
        assert packages
        assert set(packages) <= pins, environment
