"""What a finding of the audit does to a study, through the real Snakefile."""

import re

import numpy as np
import pytest
from PIL import Image

from manyseeds.tables import read
from workflow_runs import snakemake

pytestmark = pytest.mark.workflow
WEIGHTS = "training/mine/deep_50/seeds-000-000/weights.safetensors"


def images(folder, leak):
    """Ten pictures of 32 x 32 in each of two classes; with a leak, one is there twice, turned."""
    generator = np.random.default_rng(0)
    for name in ("control", "treated"):
        (folder / name).mkdir(parents=True)
        for number in range(10):
            noise = generator.integers(0, 256, (7, 7), dtype=np.uint8)
            picture = Image.fromarray(noise).resize((32, 32), Image.Resampling.BICUBIC)
            picture.save(folder / name / f"{number}.png")
    if leak:
        first = Image.open(folder / "control/0.png")
        for number in range(1, 10):
            first.rotate(36 * number, Image.Resampling.BICUBIC).save(
                folder / f"control/{number}.png"
            )
    return folder


def study(folder, audit, **training):
    source = {"kind": "folder", "path": str(folder)}
    return {
        "study": "mine",
        "seeds": 1,
        "datasets": {"mine": {"source": source, "size": 32, "color": "gray", "audit": audit}},
        "training": {"deep_50": {"epochs": 1, "images_per_epoch": 16} | training},
        "experiments": [{"dataset": "mine", "architectures": ["deep_50"]}],
    }


def run(tmp_path, folder, audit, *words, target="train", **training):
    return snakemake(
        tmp_path, target, "--cores", "2", *words, study=study(folder, audit, **training)
    )


def test_strict_stops_before_training_and_warn_goes_on(tmp_path):
    folder = images(tmp_path / "images", leak=True)

    strict = run(tmp_path, folder, "strict")
    assert strict.code != 0
    said = [line for line in strict.text.splitlines() if "audit: strict" in line]
    assert len(said) == 1, strict.text
    assert re.search(
        r"config key datasets\.mine\.audit: strict, but .*near-duplicates: .*control/\d\.png and "
        r"control/\d\.png.*results/mine/audit/mine/findings\.csv.*Fix the data.*`audit: warn`",
        said[0],
    )
    assert "Traceback" not in strict.text
    assert not list(strict.results.rglob("*.safetensors"))
    assert not (strict.results / "logs/train_seeds").exists()
    findings = read(strict.results / "audit/mine/findings.csv")
    assert "near-duplicates" in set(findings["check"])
    assert read(strict.results / "audit/mine/audit.csv")["n"].sum() == len(findings)

    warn = run(tmp_path, folder, "warn")
    assert warn.code == 0, warn.text
    assert len(re.findall("audit_gate mine: warning: .*near-duplicates", warn.text)) == 1
    log = (warn.results / "logs/audit_gate/mine.log").read_text()
    assert "near-duplicates" in log
    trained = (warn.results / WEIGHTS).stat().st_mtime_ns

    # What is trained stays, whatever becomes of the gate.
    again = run(tmp_path, folder, "strict")
    assert again.code != 0
    assert "audit: strict" in again.text
    assert run(tmp_path, folder, "warn").code == 0
    redone = run(tmp_path, folder, "warn", "--forcerun", "audit")
    assert redone.code == 0
    assert {"audit", "audit_gate"} <= redone.jobs()
    assert (warn.results / WEIGHTS).stat().st_mtime_ns == trained
    assert "Nothing to be done" in run(tmp_path, folder, "warn").text

    # A gate that is passed again hides no other reason to train.
    assert run(tmp_path, folder, "warn", "--forcerun", "audit", lr=0.002).code == 0
    assert (warn.results / WEIGHTS).stat().st_mtime_ns > trained
    (warn.results / WEIGHTS).unlink()
    assert run(tmp_path, folder, "warn", "--forcerun", "audit").code == 0
    assert (warn.results / WEIGHTS).exists()


def test_groups_in_two_splits_of_the_source_are_for_the_audit_to_judge(tmp_path):
    """Four pictures of every day in train and one in test: all differ, but no day is new."""
    images(tmp_path / "all", leak=False)
    for name in ("control", "treated"):
        for number in range(10):
            day, split = number // 5, "test" if number % 5 == 4 else "train"
            folder = tmp_path / "images" / split / name
            folder.mkdir(parents=True, exist_ok=True)
            (tmp_path / f"all/{name}/{number}.png").rename(folder / f"day{day}_{number}.png")
    given = study(tmp_path / "images", "strict")
    mine = given["datasets"]["mine"]
    mine["source"] |= {"splits": ["train", "test"], "group": r"(day\d)_"}
    mine["split"] = {"by": "source"}

    strict = snakemake(tmp_path, "data", "--cores", "2", study=given)
    assert strict.code != 0
    assert "audit: strict, but" in strict.text
    findings = read(strict.results / "audit/mine/findings.csv")
    assert set(findings["check"]) == {"groups in two splits"}
    assert len(findings) == 2

    mine["audit"] = "warn"
    warn = snakemake(tmp_path, "data", "--cores", "2", study=given)
    assert warn.code == 0, warn.text
    assert re.search("audit_gate mine: warning: .*groups in two splits", warn.text)


def test_strict_lets_a_clean_dataset_pass(tmp_path):
    folder = images(tmp_path / "images", leak=False)
    packed = run(tmp_path, folder, "strict", target="data")
    assert packed.code == 0, packed.text
    assert "the audit found nothing" in packed.text
    clean = run(tmp_path, folder, "strict")
    assert clean.code == 0, clean.text
    assert "audit" not in clean.jobs()
    assert (clean.results / WEIGHTS).exists()
