"""What is wrong with a study or its images is said once, clearly, and leaves nothing behind."""

import gzip
import hashlib
import os
import re
import shutil
import struct
import subprocess
import tarfile

import jsonschema
import numpy as np
import pytest
import yaml
from PIL import Image

from manyseeds.tables import read
from studies import MINE, mine
from workflow_runs import ROOT, snakemake

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize(
    ("study", "says"),
    [
        (
            {"studdy": "x"},
            r"study.yaml, line 1: config key studdy: .*did you mean study.*Keys here: study",
        ),
        (
            mine(split={"test": {"test": ["day3"], "held": 0.2}}),
            "config key datasets.mine.split.test: shares and lists of groups do not mix",
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
    """Three faults of many: tests/unit/study has the others."""
    run = snakemake(tmp_path, "all", "--cores", "1", study=study)
    assert run.code != 0
    assert_said_once(run.text, says)
    assert "Traceback" not in run.text
    assert not (tmp_path / "results").exists()


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


def same_but_for_case(folder):
    (folder / "Control").mkdir()
    Image.new("L", (64, 64)).save(folder / "Control/1.png")
    return {}, "classes Control and control differ only in case", "images.csv"


def line_break_in_a_name(folder):
    Image.new("L", (64, 64)).save(folder / "control/a\nb.png")
    return {}, r"control/a\\nb\.png': its name has a line break", "images.csv"


def link_in_a_circle(folder):
    (folder / "control/up").symlink_to(folder)
    return {}, r"control/up: a link to a folder", "images.csv"


def decompression_bomb(folder):
    # The claim of a size is at bytes 18 to 25 of a BMP.
    Image.new("L", (64, 64)).save(folder / "control/a.bmp")
    data = bytearray((folder / "control/a.bmp").read_bytes())
    data[18:26] = (100_000).to_bytes(4, "little") * 2
    (folder / "control/a.bmp").write_bytes(data)
    return {}, r"control/a\.bmp: claims more pixels", "images.csv"


def class_of_damaged_images_only(folder):
    for file in (folder / "treated").iterdir():
        file.write_bytes(b"")
    return {"on_bad_image": "skip"}, "class treated has no image left, all 10", "images.csv"


def pattern_without_classes(folder):
    source = {"class": r"_([DFR])\.TIF$"}
    return {"source": source}, r"control0_a\.png: .* finds no class", "images.csv"


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


def diverging_training(folder):
    return {}, r"training\.deep\.lr: with 1e\+30 every seed diverged.*lower", "history.csv"


@pytest.mark.parametrize(
    "spoil",
    [
        same_but_for_case, line_break_in_a_name, link_in_a_circle, decompression_bomb,
        class_of_damaged_images_only, pattern_without_classes,
        missing_class, one_class, truncated_jpeg, text_as_png, wrong_checksum,
        grid_that_does_not_divide, empty_test_split, diverging_training,
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
    assert_said_once(run.text, r"left out: \.DS_Store \(1\)")
    # What is read is said once, before any job, with its size; the phantom file does not count.
    before, after = run.text.split("Sources of the images:")
    assert "Fetch the images" not in before
    assert "Fetch the images" in after
    row = next(line for line in after.splitlines() if line.startswith("mine "))
    size = sum(file.stat().st_size for file in folder.rglob("*.png"))
    assert f" {size / 1000:.1f} kB " in row
    assert row.split()[-1] == "nothing"


def test_splits_of_the_source_are_drawn_again_only_where_the_study_says_so(folder, tmp_path):
    """Whatever the order in which datasets are like another."""
    for name in ("control", "treated"):
        for number in range(10):
            split = "test" if number < 3 else "train"
            file = folder / name / f"{name}{number}_a.png"
            (folder / split / name).mkdir(parents=True, exist_ok=True)
            file.rename(folder / split / name / file.name)
        (folder / name).rmdir()
    split = {"kind": "folder", "path": str(folder), "splits": ["train", "test"]}
    study = {
        "study": "mine",
        "datasets": {
            "whole": {"source": {"kind": "folder", "path": str(folder / "train")}, "size": 64},
            "as-it-is": {"like": "whole", "source": split},
            "again": {"like": "as-it-is", "split": {"by": "field"}},
        },
        "experiments": [
            {"dataset": name, "architectures": ["deep"]} for name in ("as-it-is", "again")
        ],
    }
    tables = [f"results/mine/splits/{name}/split.csv" for name in ("as-it-is", "again")]
    run = snakemake(tmp_path, *tables, "--cores", "2", study=study)
    assert run.code == 0, run.text
    kept, drawn = (read(tmp_path / table) for table in tables)
    assert (kept["split"] == kept["image"].str.split("/").str[0]).all()
    assert kept["split"].value_counts().to_dict() == {"train": 14, "test": 6}
    assert drawn["split"].value_counts().to_dict() == {"train": 16, "test": 4}


def test_groups_are_held_out_by_name(folder, tmp_path):
    source = {"kind": "folder", "path": str(folder), "group": r"(\d)_a"}
    split = {"by": "field", "test": {"test": ["3"], "held": ["4", "7"]}}
    study = mine(source=source, size=64, split=split)
    table = "results/default/splits/mine/split.csv"
    run = snakemake(tmp_path, table, "--cores", "2", study=study)
    assert run.code == 0, run.text
    found = read(tmp_path / table)
    assert found[found["split"] == "test"]["group"].tolist() == ["3"] * 2
    assert sorted(found[found["split"] == "held"]["group"]) == ["4", "4", "7", "7"]
    split["test"] = ["day9"]
    run = snakemake(tmp_path, table, "--cores", "2", study=study)
    assert run.code != 0
    assert_said_once(run.text, "split.test: no group is named 'day9'. The 10 groups are 0, 1, 2,")


def test_classes_whose_names_no_folder_can_have(tmp_path):
    """As torchvision's FashionMNIST has one, T-shirt/top; named so, or as its folder."""
    (tmp_path / "idx").mkdir()
    pixels, labels = bytes(range(3 * 4 * 4)), bytes([0, 1, 2])
    for stem in ("train", "t10k"):
        with gzip.open(tmp_path / f"idx/{stem}-images-idx3-ubyte.gz", "wb") as file:
            file.write(bytes([0, 0, 8, 3]) + struct.pack(">3I", 3, 4, 4) + pixels)
        with gzip.open(tmp_path / f"idx/{stem}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(bytes([0, 0, 8, 1]) + struct.pack(">I", 3) + labels)
    source = {"kind": "idx", "path": str(tmp_path / "idx"), "names": ["T-shirt/top", "Bag", "Coat"]}
    study = {
        "study": "mine",
        "datasets": {"mine": {"source": source, "size": 8, "classes": ["T-shirt/top", "Bag"]}},
        "experiments": MINE,
    }
    index = "results/mine/packs/mine/test.csv"
    run = snakemake(tmp_path, index, "--cores", "2", study=study)
    assert run.code == 0, run.text
    found = read(tmp_path / index)
    assert found[["class", "label"]].to_numpy().tolist() == [["T-shirt-top", 0], ["Bag", 1]]


@pytest.mark.parametrize("name", ["fields {day1}", "{dataset}", 'a b\'s "c" #1 50% $x'])
def test_an_archive_of_any_name_is_read_and_watched(folder, tmp_path, name):
    """Braces are wildcards to Snakemake. A file that takes its place may be older."""
    archive = tmp_path / f"{name}.zip"
    shutil.make_archive(str(tmp_path / "x"), "zip", folder)
    (tmp_path / "x.zip").rename(archive)
    study = mine(source={"kind": "archive", "path": str(archive)}, size=64)
    target = "results/default/fetch/mine/images.csv"
    run = snakemake(tmp_path, target, "--cores", "1", study=study)
    assert run.code == 0, run.text
    assert len(read(tmp_path / target)) == 20
    assert "Nothing to be done" in snakemake(tmp_path, target, "--cores", "1", study=study).text
    (folder / "control/control0_a.png").unlink()
    shutil.make_archive(str(tmp_path / "x"), "zip", folder)
    os.utime(tmp_path / "x.zip", (1_700_000_000, 1_700_000_000))
    (tmp_path / "x.zip").rename(archive)
    run = snakemake(tmp_path, target, "--cores", "1", study=study)
    assert run.code == 0, run.text
    assert len(read(tmp_path / target)) == 19


def test_a_class_typed_in_another_normal_form_is_packed(folder, tmp_path):
    """Down to the packs: a Mac takes accents apart, keyboards do not."""
    (folder / "treated").rename(folder / "Ka\u0308lte")
    source = {"kind": "folder", "path": str(folder)}
    dataset = {"source": source, "size": 64, "classes": ["K\u00e4lte", "control"]}
    study = {"study": "mine", "datasets": {"mine": dataset}, "experiments": MINE}
    index = "results/mine/packs/mine/train.csv"
    run = snakemake(tmp_path, index, "--cores", "2", study=study)
    assert run.code == 0, run.text
    found = read(tmp_path / index)
    assert sorted(set(zip(found["class"], found["label"], strict=True))) == [
        ("K\u00e4lte", 0), ("control", 1),
    ]  # fmt: skip


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


def fetched(tmp_path, dataset):
    """Fetch a dataset and return the run, images.csv and skipped.csv, checked by their schemas."""
    study = {"study": "mine", "seeds": 1, "datasets": {"mine": dataset}, "experiments": MINE}
    target = "results/mine/fetch/mine/skipped.csv"
    run = snakemake(tmp_path, target, "--cores", "2", study=study)
    assert run.code == 0, run.text
    loaded = []
    for name in ("images", "skipped"):
        contract = yaml.safe_load((ROOT / f"schemas/{name}.schema.yaml").read_text())
        table = read(tmp_path / f"results/mine/fetch/mine/{name}.csv")
        assert table.columns.tolist() == list(contract["properties"])
        for row in table.to_dict("records"):
            jsonschema.Draft202012Validator(contract).validate(row)
        loaded.append(table)
    return run, *loaded


def test_damaged_images_are_skipped_where_the_study_says_so(folder, tmp_path):
    (folder / "control/control3_a.png").write_bytes(b"")
    text_as_png(folder)
    source = {"kind": "folder", "path": str(folder)}
    run, images, skipped = fetched(tmp_path, {"source": source, "on_bad_image": "skip"})
    assert len(images) == 19
    assert skipped["image"].tolist() == ["control/control3_a.png", "treated/notes.png"]
    assert_said_once(run.text, r"2 damaged images skipped \(of 21\), see .*skipped\.csv")
    log = (tmp_path / "results/mine/logs/fetch/mine.log").read_text()
    assert "2 damaged images skipped" in log


def test_a_repository_by_its_paths(folder, tmp_path):
    """Folders of splits, class, group and angle, all found in the names."""
    remote = tmp_path / "remote"
    for split, numbers in (("one", range(8)), ("two", range(8, 10))):
        (remote / split).mkdir(parents=True)
        for name in ("control", "treated"):
            for number in numbers:
                source = folder / name / f"{name}{number}_a.png"
                shutil.copy(source, remote / split / f"{name[0]}{number}_90.png")
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    settings = [["config", f"uploadpack.allow{key}", "true"] for key in ("Filter", "AnySHA1InWant")]
    for words in (["init", "--quiet"], *settings, ["add", "."], ["commit", "--quiet", "-m", "x"]):
        subprocess.run(["git", "-C", remote, *who, *words], check=True)
    commit = subprocess.check_output(["git", "-C", remote, "rev-parse", "HEAD"], text=True).strip()
    source = {"kind": "git", "url": f"file://{remote}", "commit": commit}
    source |= {"splits": {"train": "one", "test": "two"}, "class": r"/([ct])\d"}
    source |= {"group": r"(\d)_", "angle": r"_(\d+)\."}
    dataset = {"source": source, "split": {"by": "source"}, "classes": ["t", "c"]}
    run, images, skipped = fetched(tmp_path, dataset)
    assert images["image"].iloc[0] == "one/t0_90.png"
    assert images["split"].value_counts().to_dict() == {"train": 16, "test": 4}
    assert images["class"].value_counts().to_dict() == {"t": 10, "c": 10}
    assert set(images["angle"]) == {90}
    assert len(skipped) == 0
    assert_said_once(run.text, rf"20 images in 2 classes from file://{remote}")


def test_the_study_of_the_public_images_is_well_formed(tmp_path):
    run = snakemake(tmp_path, "all", "--dry-run", study=ROOT / "studies/snf7.yaml")
    assert run.code == 0, run.text
    assert {"fetch", "slice", "split", "pack", "train_seeds"} <= run.jobs()


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
