"""Study files on their way through make and Snakemake."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from workflow_runs import ROOT, command, snakemake

pytestmark = pytest.mark.workflow


def make(*words):
    """Call make with the programs of these tests, as if all were installed."""
    # These tests may have been called by make, which leaves it to its calls to say where they are.
    mine = {
        key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAG"))
    }
    return subprocess.run(
        ["make", "-o", ".venv/.installed", "-o", "requirements.txt", "-o", "constraints.txt",
         f"VENV={Path(sys.executable).parent}", *words],
        cwd=ROOT, capture_output=True, text=True, env=mine,
    )  # fmt: skip


@pytest.mark.parametrize("name", ["my study.yaml", 'it\'s "mine" $HOME.yaml', "plain.yaml"])
def test_make_takes_a_file_of_any_name(tmp_path, name):
    folder = tmp_path / "a b"
    folder.mkdir()
    (folder / name).write_text("study: 007\nseeds: 2\n")
    # As one types it, though make has variables that begin with $.
    done = make("--dry-run", "report", f"STUDY={folder / name}")
    assert done.returncode == 0, done.stderr
    lines = [shlex.split(line) for line in done.stdout.splitlines() if "/snakemake" in line]
    assert all(line[line.index("--configfile") + 1] == str(folder / name) for line in lines)
    assert lines[-1][-1] == "results/007/report.html"


def test_make_says_a_fault_of_a_study_in_one_line(tmp_path):
    study = tmp_path / "my study.yaml"
    study.write_text('study: mine\ndatasets: {mine: {source: {group: "(day\\d)"}}}\n')
    for target in ("data", "report"):
        done = make(target, f"STUDY={study}")
        assert done.returncode != 0
        first, *rest = done.stderr.splitlines()
        assert first.startswith(f"{study}, line 2: in double quotes a backslash")
        assert first.endswith("Write it in single quotes: '(day\\d)'.")
        assert all(line.startswith("make") for line in rest)
        assert done.stdout == ""


def test_files_json_and_the_command_line_are_laid_over_each_other(tmp_path):
    study = tmp_path / "first.json"
    simulated = {"kind": "simulated", "phenotype": "snf7", "fields": 5, "shape": [256.0, 256]}
    study.write_text(
        json.dumps({"study": "first", "datasets": {"2024": {"source": simulated, "size": 32.0}}})
    )
    more = tmp_path / "more.yaml"
    more.write_text("study: 007\nexperiments: [{dataset: 2024, architectures: [deep]}]\n")
    words = ["data", "--cores", "1", "--config", "seeds=2", "datasets={2024: {color: gray}}"]
    done = subprocess.run(
        [*command(tmp_path, *words, study=study), str(more)],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    # The jobs have found their study, in which a number is a name.
    assert (tmp_path / "results/007/packs/2024/train.npy").exists()


def test_what_a_study_leaves_open_is_said_in_a_dry_run_too(tmp_path):
    run = snakemake(tmp_path, "data", "--cores", "1", "--dry-run", study={"study": "x", "seeds": 2})
    assert run.code == 0, run.text
    assert run.text.count("has no experiments. Those of config.yaml are run: deep on snap29") == 1
