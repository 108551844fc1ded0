"""A training job that is killed goes on where it was, and ends in the same bytes.

So do the snapshots that it keeps on the way.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest
import yaml

from workflow_runs import ROOT, command, snakemake

pytestmark = pytest.mark.workflow
STUDY = yaml.safe_load((ROOT / "tests/tiny.yaml").read_text()) | {
    "training": {"deep_50": {"epochs": 20, "images_per_epoch": "all"}},
    "experiments": [
        {
            "dataset": "snf7-sim",
            "architectures": ["deep_50"],
            "snapshots": {"seeds": [1], "first": 3, "most": 12},
        }
    ],
    "seeds": 2,
}
JOB = "training/snf7-sim/deep_50/seeds-000-001"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The study trained without a break."""
    run = snakemake(tmp_path_factory.mktemp("whole"), "train", "--cores", "1", study=STUDY)
    assert run.code == 0, run.text
    assert not list(run.results.rglob("checkpoints/**/*.safetensors"))
    return run


def files(folder):
    """The bytes of every file, by its path within the folder."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != ".snakemake_timestamp"
    }


def training_process(parent):
    """The process of the job, a descendant of Snakemake's."""
    for process in psutil.Process(parent).children(recursive=True):
        if any("train_seeds.py" in word for word in process.cmdline()):
            return process
    raise AssertionError("no training job is running")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_training_goes_on(whole, tmp_path, number):
    shutil.copytree(whole.folder, tmp_path, dirs_exist_ok=True)
    shutil.rmtree(tmp_path / "results/tiny/training")
    cut = subprocess.Popen(
        command(tmp_path, "train", "--cores", "1", study=tmp_path / "study.yaml"),
        cwd=ROOT, start_new_session=True, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    checkpoints = tmp_path / "results/tiny/checkpoints"
    deadline = time.monotonic() + 120
    while not list(checkpoints.glob("*/*.safetensors")):
        assert cut.poll() is None, cut.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.02)
    if number == signal.SIGKILL:
        os.killpg(cut.pid, number)  # as a power cut: Snakemake too
    else:
        training_process(cut.pid).send_signal(number)
    text, _ = cut.communicate(timeout=60)
    assert cut.returncode != 0
    if number == signal.SIGTERM:
        assert "saved, the next run goes on from there" in text
    assert not (tmp_path / f"results/tiny/{JOB}/weights.safetensors").exists()

    # After a power cut Snakemake's lock is still there.
    again = snakemake(tmp_path, "train", "--cores", "1", "--nolock", study=STUDY)
    assert again.code == 0, again.text
    assert "going on from epoch" in again.text
    before, after = (files(run.results / JOB) for run in (whole, again))
    assert before.keys() == after.keys()
    for name in before.keys() - {Path("timing.csv")}:
        assert before[name] == after[name], name
    # Those before training, after it, and the ten between.
    assert len([name for name in after if name.parts[0] == "snapshots"]) == 12 + 1
    assert not list(checkpoints.rglob("*.safetensors"))
