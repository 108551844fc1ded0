"""Fetching from a local repository with the layout and file names of the public one."""

import shutil
import subprocess
from pathlib import Path, PurePosixPath

import pytest
import yaml

from class_folders import COLUMNS, files, save
from manyseeds.errors import InputError
from manyseeds.sources.kinds import git as git_kind
from manyseeds.sources.source import source_of

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed")
STUDY = yaml.safe_load((Path(__file__).parents[4] / "studies/snf7.yaml").read_text())
SOURCE = STUDY["datasets"]["snf7"]["source"]
# Those of the public repository, and what tile and angle its names mean.
NAMES = {
    "data/NN_snf7/control/C100_-108.png": ("data/NN_snf7/control/C100", -108),
    "data/NN_snf7/control/C100_0.png": ("data/NN_snf7/control/C100", 0),
    "data/NN_snf7/control/C100_90.png": ("data/NN_snf7/control/C100", 90),
    "data/NN_snf7/control/C103.png": ("data/NN_snf7/control/C103", 0),
    "data/NN_snf7/snf7/S10_-18.png": ("data/NN_snf7/snf7/S10", -18),
    "data/NN_snf7/snf7/S11.png": ("data/NN_snf7/snf7/S11", 0),
    "data/NN_snf7_2/control/C10.png": ("data/NN_snf7_2/control/C10", 0),
    "data/NN_snf7_2/control/C10_162.png": ("data/NN_snf7_2/control/C10", 162),
    "data/NN_snf7_2/snf7/S10.png": ("data/NN_snf7_2/snf7/S10", 0),
    "data/NN_snf7_2/snf7/S10_-180.png": ("data/NN_snf7_2/snf7/S10", -180),
}
OTHERS = ["README.md", "data/list.txt", "data/NN_snf7_old/control/C1.png", "net/a.png"]


def git(folder, *words):
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", folder, *who, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository of two commits that lets others fetch parts; its address and commits."""
    folder = tmp_path_factory.mktemp("remote")
    git(folder, "init", "--quiet")
    for setting in ("allowFilter", "allowAnySHA1InWant"):
        git(folder, "config", f"uploadpack.{setting}", "true")
    for value, name in enumerate([*NAMES, *OTHERS]):
        save(folder / name if name.endswith(".png") else folder / f"{name}.png", value)
    for name in OTHERS[:2]:
        (folder / f"{name}.png").rename(folder / name)
    (folder / "links/a").mkdir(parents=True)
    (folder / "links/a/1.png").symlink_to("/etc/hostname")
    save(folder / "links/b/1.png")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "images")
    first = git(folder, "rev-parse", "HEAD")
    save(folder / next(iter(NAMES)), 99)
    git(folder, "commit", "--quiet", "-a", "-m", "another image")
    return f"file://{folder}", first, git(folder, "rev-parse", "HEAD"), folder


def fetch(repository, out, classes=None, **keys):
    url, commit, *_ = repository
    described = {"kind": "git", "url": url, "commit": commit} | keys
    return source_of(described).fetch(out, classes=classes)


@pytest.fixture
def study_source():
    return {key: value for key, value in SOURCE.items() if key not in ("kind", "url", "commit")}


def test_the_folders_of_the_study_are_copied(repository, tmp_path, study_source):
    table, _, skipped = fetch(repository, tmp_path / "out", **study_source)
    assert table.columns.tolist() == COLUMNS
    assert sorted(table["image"]) == files(tmp_path / "out") == sorted(NAMES)
    assert len(skipped) == 0
    for row in table.to_dict("records"):
        assert (row["group"], row["angle"]) == NAMES[row["image"]]
        _, folder, name, _ = row["image"].split("/")
        assert row["split"] == {"NN_snf7": "train", "NN_snf7_2": "test"}[folder]
        assert row["class"] == name
        # The first commit's bytes, not the last one's.
        stored = subprocess.run(
            ["git", "-C", repository[3], "show", f"{repository[1]}:{row['image']}"],
            check=True, capture_output=True,
        ).stdout  # fmt: skip
        assert (tmp_path / "out" / row["image"]).read_bytes() == stored


def test_another_commit_has_other_images(repository, tmp_path, study_source):
    last = fetch(repository, tmp_path / "out", **study_source, commit=repository[2]).table
    assert last["maximum"].iloc[0] == 99


def blobs(folder):
    """Names of the blobs that a repository holds by itself, by git's own list."""
    objects = git(folder, "cat-file", "--batch-check", "--batch-all-objects")
    return {line.split()[0] for line in objects.splitlines() if line.split()[1] == "blob"}


@pytest.mark.parametrize("options", [{}, {"inside": "data/NN_snf7"}])
def test_only_the_files_of_the_folders_are_fetched(repository, tmp_path, study_source, options):
    """Of the other folders not even the blobs come, and no other commit."""
    url, commit, _, remote = repository
    wanted = [name for name in NAMES if name.startswith(options.get("inside", "data") + "/")]
    folders = options.values() or study_source["splits"].values()
    part = {folder: PurePosixPath(folder) for folder in folders}
    (tmp_path / "tree").mkdir()
    git_kind._check_out(url, commit, part, tmp_path / "repository", tmp_path / "tree")
    assert files(tmp_path / "tree") == sorted(wanted)
    here = {git(remote, "rev-parse", f"{commit}:{name}") for name in wanted}
    assert blobs(tmp_path / "repository") == here
    assert git(tmp_path / "repository", "rev-list", "--count", "HEAD") == "1"


def test_a_folder_inside_and_the_whole(repository, tmp_path):
    table = fetch(repository, tmp_path / "one", inside="data/NN_snf7").table
    assert table["image"].iloc[0] == "control/C100_-108.png"
    table = fetch(
        repository, tmp_path / "two", ["control", "snf7"], **{"class": "([^/]+)/[^/]+$"}
    ).table
    assert set(table["image"]) >= {"data/NN_snf7_old/control/C1.png", *NAMES}


def breaks(repository, tmp_path, message, **options):
    with pytest.raises(InputError, match=message):
        fetch(repository, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"commit": "0" * 40}, r"source\.commit: 0{40} is not a commit of file://.*full hash"),
        ({"inside": "data/gone"}, r"source\.inside: file://.* has no folder data/gone at"),
        ({"inside": "README.md"}, r"source\.inside: file://.* has no folder README\.md"),
        (
            {"splits": {"train": "data/NN_snf7", "test": "data/gone"}},
            r"source\.splits\.test: file://.* has no folder data/gone",
        ),
        ({"inside": "data/NN_snf7/control"}, r"^file://.* at [0-9a-f]{7}/?.*C100_-108\.png: lies"),
        # A link could lead to any file of this machine.
        ({"inside": "links"}, r"a/1\.png: not an image"),
    ],
)
def test_what_the_repository_does_not_have(repository, tmp_path, options, message):
    breaks(repository, tmp_path, message, **options)


@pytest.mark.parametrize(
    "url",
    ["file:///nowhere/repository", "http://127.0.0.1:9/repository", "https://nowhere.invalid/x"],
)
def test_a_repository_that_cannot_be_reached(url, tmp_path):
    with pytest.raises(InputError, match=rf"^{url}: cannot be fetched \(.*`source\.url`.*network"):
        fetch((url, "0" * 40), tmp_path / "out")


def test_without_the_program_git(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    breaks(repository, tmp_path, r"source\.kind: git needs the program git.*Install it")


def test_a_hook_of_another_repository_does_no_harm(repository, tmp_path, monkeypatch, study_source):
    """git sets such variables for the programs that it starts."""
    git(tmp_path, "init", "--quiet", "mine")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "mine/.git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(tmp_path / "mine"))
    table = fetch(repository, tmp_path / "out", **study_source).table
    assert len(table) == len(NAMES)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == [".git"]


def test_a_full_disk_is_named(monkeypatch, repository, tmp_path):
    def full(*_, **__):
        said = "fatal: write error: No space left on device"
        return subprocess.CompletedProcess([], 128, "", said)

    monkeypatch.setattr(subprocess, "run", full)
    breaks(repository, tmp_path, r"manyseeds-\w+: no space is left.*TMPDIR")
