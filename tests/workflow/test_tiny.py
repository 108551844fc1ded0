"""The smallest whole study, through the real Snakefile."""

import re
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml
from PIL import Image
from safetensors.numpy import load_file

from manyseeds.tables import read
from workflow_runs import ROOT, snakemake

pytestmark = pytest.mark.workflow
TINY = ROOT / "tests/tiny.yaml"


@pytest.mark.parametrize(
    ("schema", "pattern", "tables"),
    [
        ("images", "fetch/*/images.csv", 2),
        ("split", "splits/*/split.csv", 3),
        ("pack", "packs/*/*.csv", 6),
        ("history", "training/*/*/*/history.csv", 8),
        ("evaluation", "evaluation/*/*/*/evaluation.csv", 8),
        ("predictions", "evaluation/*/*/*/predictions.parquet", 8),
        ("audit", "audit/*/audit.csv", 3),
        ("findings", "audit/*/findings.csv", 3),
        ("pairs", "audit/*/pairs.csv", 3),
        ("shares", "audit/*/shares.csv", 3),
        ("layers", "networks/*/*/layers.csv", 4),
        ("accuracy", "statistics/accuracy.csv", 1),
        ("leakage", "statistics/leakage.csv", 1),
        ("leakage_runs", "statistics/leakage_runs.csv", 1),
    ],
)
def test_every_table_keeps_its_contract(tiny, schema, pattern, tables):
    contract = yaml.safe_load((ROOT / f"schemas/{schema}.schema.yaml").read_text())
    validator = jsonschema.Draft202012Validator(contract)
    paths = list(tiny.results.glob(pattern))
    assert len(paths) == tables
    for path in paths:
        table = pd.read_parquet(path) if path.suffix == ".parquet" else read(path)
        assert table.columns.tolist() == list(contract["properties"])
        for row in table.to_dict("records"):
            validator.validate(row)


def test_every_seed_and_epoch_and_tile_has_its_row(tiny):
    split = pd.read_csv(tiny.results / "splits/snap29-sim/split.csv")
    assert split["tile"].nunique() == 2 * 5 * 16  # classes, fields, tiles
    # Of five fields of a class one is held out; the tiles of the others stand at two angles.
    assert split.groupby("split").size().to_dict() == {"test": 2 * 16, "train": 2 * 2 * 4 * 16}
    assert split.groupby("image")["split"].nunique().max() == 1

    job = tiny.results / "training/snf7-sim/deep/seeds-000-001"
    history = pd.read_csv(job / "history.csv")
    assert history[["seed", "epoch"]].to_numpy().tolist() == [[0, 1], [0, 2], [1, 1], [1, 2]]
    assert load_file(job / "weights.safetensors")["conv1.weight"].shape == (2, 16, 1, 3, 3)

    job = tiny.results / "evaluation/snf7-sim/deep/seeds-000-001"
    predictions = pd.read_parquet(job / "predictions.parquet")
    means = predictions.groupby(["seed", "split"])["correct"].mean()
    evaluation = pd.read_csv(job / "evaluation.csv").set_index(["seed", "split"])["accuracy"]
    pd.testing.assert_series_equal(means, evaluation.sort_index(), check_names=False)


def test_training_tiles_are_rotated_and_test_tiles_are_not(tiny):
    train, test = (pd.read_csv(tiny.results / f"packs/snf7-sim/{s}.csv") for s in ("train", "test"))
    assert sorted(train["angle"].unique()) == [0, 90]
    assert test["angle"].unique().tolist() == [0]
    assert not set(train["image"]) & set(test["image"])
    images = np.load(tiny.results / "packs/snf7-sim/train.npy", mmap_mode="r")
    assert (images.dtype, images.shape[1:]) == (np.uint8, (32, 32, 1))
    assert len(images) == len(train)
    pair = train.index[train["tile"] == train["tile"][0]]
    straight, turned = (Image.fromarray(images[i, ..., 0]) for i in pair)
    assert turned.tobytes() == straight.transpose(Image.Transpose.ROTATE_90).tobytes()


def test_every_figure_is_there_in_three_versions(tiny):
    screens = sorted(tiny.results.rglob("figures/**/*.screen.png"))
    # Training panels, two of the audit, drawings and prediction panels of each network, the three
    # of all networks.
    assert len(screens) == 3 + 2 * 3 + 4 + 4 + 3
    for screen in screens:
        stem = str(screen).removesuffix(".screen.png")
        assert Image.open(f"{stem}.png").info["dpi"] == pytest.approx((300, 300), abs=1)
        assert Path(f"{stem}.pdf").read_bytes().startswith(b"%PDF-")


def test_every_network_has_the_table_of_its_layers(tiny):
    tables = sorted(tiny.results.glob("networks/*/*/layers.csv"))
    assert [path.parent.relative_to(tiny.results / "networks").as_posix() for path in tables] == [
        "snap29-sim/deep_50", "snf7-sim/deep", "snf7-sim/deep_50", "snf7-sim-leaky/deep",
    ]  # fmt: skip
    for path in tables:
        seeds = tiny.results / "training" / path.parent.relative_to(tiny.results / "networks")
        weights = load_file(seeds / "seeds-000-001/weights.safetensors")
        of_one_seed = sum(part[0].size for part in weights.values())
        assert read(path)["parameters"].sum() == of_one_seed


def test_leakage_is_the_difference_of_the_two_splits(tiny):
    row = pd.read_csv(tiny.results / "statistics/leakage.csv").iloc[0]
    means = {}
    for dataset in ("snf7-sim", "snf7-sim-leaky"):
        tables = map(read, (tiny.results / f"evaluation/{dataset}/deep").rglob("evaluation.csv"))
        table = pd.concat(tables)
        means[dataset] = table.loc[table["split"] == "test", "accuracy"].mean()
    assert row["n"] == 3
    assert row["honest"] == pytest.approx(means["snf7-sim"])
    assert row["leaky"] == pytest.approx(means["snf7-sim-leaky"])
    assert row["difference"] == pytest.approx(row["leaky"] - row["honest"])


def test_what_the_study_reads_is_said_once(tiny):
    _, after = tiny.text.split("Sources of the images:")
    rows = [line for line in after.splitlines() if " simulated " in line][:2]
    assert [row.split()[0].strip(",") for row in rows] == ["snap29-sim", "snf7-sim"]
    assert all(row.split()[-1] == "nothing" for row in rows)


def test_every_job_leaves_a_log(tiny):
    logs = list(tiny.results.rglob("logs/**/*.log"))
    assert {log.relative_to(tiny.results / "logs").parts[0] for log in logs} >= {
        "simulate", "slice", "split", "rotate", "pack", "audit", "audit_gate",
        "architecture_drawing", "train_seeds", "evaluate",
    }  # fmt: skip


def test_simulated_images_give_the_audit_nothing_to_find(tiny):
    for name in ("snap29-sim", "snf7-sim"):
        table = read(tiny.results / f"audit/{name}/audit.csv")
        assert set(table["result"]) <= {"passed", "not applicable"}, table
        assert (table["result"] == "passed").sum() >= 9


def test_the_audit_sees_a_leaky_split(tiny):
    table = read(tiny.results / "audit/snf7-sim-leaky/audit.csv").set_index("check")
    assert table.index[table["result"] == "found"].tolist() == [
        "near-duplicates", "images in two splits",
    ]  # fmt: skip
    assert table.loc["images in two splits", "n"] == 10


def test_a_second_run_does_nothing(tiny):
    again = snakemake(tiny.folder, "all", "--cores", "2", study=TINY)
    assert again.code == 0
    assert "Nothing to be done" in again.text


def test_a_touched_caption_trains_nothing(tiny):
    captions = list((ROOT / "report").rglob("*.rst"))
    assert captions
    for caption in captions:
        caption.touch()
    again = snakemake(tiny.folder, "all", "--cores", "2", "--dry-run", study=TINY)
    assert "Nothing to be done" in again.text


def test_a_figure_drawn_again_trains_nothing(tiny):
    again = snakemake(
        tiny.folder, "figures", "--cores", "2", "--forcerun", "accuracy_boxplot", study=TINY
    )
    assert again.code == 0
    assert again.jobs() == {"accuracy_boxplot", "figures"}


def test_more_epochs_train_again_and_fetch_nothing(tiny):
    longer = tiny.folder / "longer.yaml"
    longer.write_text(TINY.read_text().replace("deep: {epochs: 2", "deep: {epochs: 3"))
    again = snakemake(tiny.folder, "all", "--cores", "2", "--dry-run", study=longer)
    assert "train_seeds" in again.jobs()
    assert not {"simulate", "slice", "split", "rotate", "pack", "training_panel"} & again.jobs()


def test_the_study_is_the_same_on_one_core(tiny, tmp_path):
    """Histories, weights and packs are equal byte for byte, whatever ran beside them."""
    run = snakemake(tmp_path, "train", "--cores", "1", study=TINY)
    assert run.code == 0, run.text
    compared = 0
    for pattern in ("training/**/history.csv", "**/*.safetensors", "packs/**/*", "**/images.csv"):
        for file in run.results.glob(pattern):
            if file.is_file():
                twin = tiny.results / file.relative_to(run.results)
                assert file.read_bytes() == twin.read_bytes(), file
                compared += 1
    assert compared >= 8 + 8 + 12 + 2


def test_the_report_is_one_self_contained_file(tiny):
    report = tiny.folder / "report.html"
    made = snakemake(tiny.folder, "all", "--report", report, study=TINY)
    assert made.code == 0, made.text
    page = report.read_text()
    assert not re.findall(r'<(?:script|link|img)[^>]+(?:src|href)="(?:https?:)?//', page)
    for name in (
        "Training images", "Audit", "Closest pairs", "Architecture", "Predictions",
        "Test accuracy", "Training accuracy",
    ):  # fmt: skip
        assert name in page
    assert len(re.findall(r"data:image/png;[^,]{1,99}base64,", page)) == 20
    assert page.count("<svg style=") == 2  # the first page shows these without a click


def test_the_sections_of_the_report_have_a_number_and_a_name_each():
    rules = "".join(path.read_text() for path in (ROOT / "rules").glob("*.smk"))
    sections = sorted(set(re.findall(r'"(\d+)\. ([^"]+)"', rules)))
    numbers, names = zip(*sections, strict=True)
    assert list(numbers) == [str(number) for number in range(1, len(sections) + 1)]
    assert len(set(names)) == len(names)


def test_a_script_runs_by_hand(tiny):
    """The job is found by the file it makes, and makes the same file."""
    import subprocess
    import sys

    table = tiny.results / "splits/snf7-sim/split.csv"
    before = table.read_bytes()
    shutil.copy(ROOT / "config.yaml", tiny.folder)
    table.write_text("")
    subprocess.run(
        [sys.executable, ROOT / "scripts/split.py", "results/tiny/splits/snf7-sim/split.csv",
         "--configfile", TINY],
        cwd=tiny.folder, check=True, capture_output=True,
    )  # fmt: skip
    assert table.read_bytes() == before
