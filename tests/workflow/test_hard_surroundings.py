"""The workflow runs alike as a module of another one, and wherever it is started."""

import json
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import yaml
from PIL import Image

from workflow_runs import ROOT, Run, snakemake

pytestmark = pytest.mark.workflow
CLASSES = ["A$$", "5$ and 10$", "\u5bf9\u7167 <b>&"]
LABEL = "**5$** and 10$ `x`_ |y| <b>\u5bf9\u7167</b>"
OUTER = """
configfile: "outer.yaml"

rule train:
    output: "outer.txt"
    shell: "touch {{output}}"

module manyseeds:
    snakefile: "{root}/Snakefile"
    config: config["inner"]

use rule * from manyseeds as many_*

use rule train_seeds from manyseeds as many_train_seeds with:
    priority: 1
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Six images of each class, whose names have marks of several languages."""
    folder = tmp_path_factory.mktemp("images")
    generator = np.random.default_rng(0)
    for name in CLASSES:
        (folder / name).mkdir()
        for number in range(6):
            pixels = generator.integers(0, 256, (32, 32), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
            (folder / name / f"{number}.png").chmod(0o600)
    return folder


def study_of(images):
    return {
        "study": "mine",
        "seeds": 1,
        "datasets": {
            "mine": {
                "source": {"kind": "folder", "path": str(images)},
                "size": 32,
                "slice": {"rows": 1, "columns": 1},
                "label": LABEL,
            }
        },
        "training": {"deep_50": {"epochs": 1, "images_per_epoch": 20}},
        "experiments": [{"dataset": "mine", "architectures": ["deep_50"]}],
    }


def started(folder, *words, **environment):
    """Run Snakemake in a folder, with these variables."""
    done = subprocess.run(
        ["bash", "-c", 'umask 027 && exec "$@"', "bash", sys.executable, "-m", "snakemake", *words],
        cwd=folder, env=os.environ | environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return Run(done.returncode, done.stdout.decode(errors="replace"), folder)


@pytest.fixture(scope="module")
def module(images, tmp_path_factory):
    """The whole study, as a module of another workflow, in surroundings that are hard."""
    folder = tmp_path_factory.mktemp("outer")
    (folder / "Snakefile").write_text(OUTER.format(root=ROOT))
    outer = yaml.safe_dump({"inner": study_of(images)}, allow_unicode=True)
    (folder / "outer.yaml").write_text(outer, encoding="utf-8")
    for foreign in ("elsewhere/manyseeds", "a temporary folder"):
        (folder / foreign).mkdir(parents=True)
    for name in ("elsewhere/manyseeds/__init__.py", "elsewhere/_job.py", "_job.py"):
        (folder / name).write_text("raise SystemExit('this one is foreign')")
    run = started(
        folder, "many_all", "--cores", "2",
        MPLBACKEND="module://matplotlib_inline.backend_inline",
        PYTHONPATH=str(folder / "elsewhere"),
        TMPDIR=str(folder / "a temporary folder"),
        XDG_CACHE_HOME=str(folder / "cache"),
        HOME="/dev/null",
        LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0",
    )  # fmt: skip
    assert run.code == 0, run.text
    return run


def test_as_a_module_it_runs_to_the_end_without_noise(module):
    assert {"many_fetch", "many_train_seeds", "many_evaluate", "many_all"} <= module.jobs()
    assert "The study 'mine' is complete." in module.text
    assert len(list(module.results.rglob("figures/**/*.pdf"))) == 7
    for noise in ("Warning", "Traceback", "Logging error", "temporary cache directory", "foreign"):
        assert noise not in module.text


def test_results_have_the_rights_of_the_umask(module):
    """Whatever the rights of the images, and whichever library has written them."""
    rights = {
        str(path.relative_to(module.results)): oct(path.stat().st_mode & 0o777)
        for path in module.results.rglob("*")
    }
    odd = {
        path: found
        for path, found in rights.items()
        if found != ("0o750" if (module.results / path).is_dir() else "0o640")
    }
    assert not odd


def test_names_are_shown_as_they_are_in_the_report(module):
    run = started(module.folder, "many_all", "--report", "report.html")
    assert run.code == 0, run.text
    assert "WARNING" not in run.text  # docutils found fault with no caption
    page = (module.folder / "report.html").read_text("utf-8")
    shown = "**5$** and 10$ `x`_ |y| &lt;b&gt;\u5bf9\u7167&lt;/b&gt;"
    # The page has its captions as JSON.
    assert json.dumps(f"<strong>Labelled training images of {shown}.</strong>")[1:-1] in page
    log = (module.results / "logs/training_panel/mine.log").read_text("utf-8")
    said = "Some names are transliterated" in page
    assert said == ("transliterated" in log)


def test_a_study_is_laid_over_the_default_study_wherever_it_is_run(images, tmp_path):
    """A folder with a config.yaml has a study of its own."""
    study = study_of(images)
    del study["study"], study["seeds"]
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(study))
    words = ["figures", "--dry-run", "--snakefile", str(ROOT / "Snakefile")]
    run = started(tmp_path, *words, "--configfile", "my.yaml")
    assert "results/default/training/mine/deep_50/seeds-000-005/" in run.text  # of 12 seeds
    (tmp_path / "config.yaml").write_text("{study: here, seeds: 2}")
    run = started(tmp_path, *words, "--configfile", "my.yaml")
    assert "results/here/training/mine/deep_50/seeds-000-001/" in run.text


def test_relative_paths_start_where_the_workflow_is_run(images, tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/images").symlink_to(images)
    study = study_of("images")
    words = ["data", "--cores", "1", "--dry-run"]
    run = snakemake(tmp_path / "there", *words, study=study)
    assert "results/mine/fetch" in run.text, run.text
    run = snakemake(tmp_path, *words, study=study)
    assert re.search(r"datasets\.mine\.source\.path: images does not exist", run.text)


def test_the_default_folder_of_data_is_that_beside_the_project(tmp_path):
    """In whichever folder the workflow is run."""
    study = {
        "datasets": {
            "mine": {"source": {"kind": "archive", "path": "$MANYSEEDS_DATA/x.zip"}, "size": 32}
        },
        "experiments": [{"dataset": "mine", "architectures": ["deep"]}],
    }
    environment = {k: v for k, v in os.environ.items() if k != "MANYSEEDS_DATA"}
    (tmp_path / "my.yaml").write_text(yaml.safe_dump(study))
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "data", "-n", "-s", ROOT / "Snakefile",
         "--directory", tmp_path, "--configfile", tmp_path / "my.yaml"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    path = re.search(r"\S*x\.zip", done.stdout + done.stderr)[0]
    assert os.path.normpath(tmp_path / path) == str(ROOT.parent / "shared/data/x.zip")


def test_a_snakefile_without_its_folder_is_refused(tmp_path):
    (tmp_path / "Snakefile").write_text((ROOT / "Snakefile").read_text())
    run = started(tmp_path, "all", "--dry-run")
    assert run.code != 0
    assert "has no folder scripts/manyseeds" in run.text and "Clone the repository" in run.text
    assert "Traceback" not in run.text
