"""Names that look the same are the same, however a Mac or a keyboard encodes their accents."""

import subprocess
import unicodedata

import pytest

from class_folders import breaks, files, pack, save
from manyseeds.errors import InputError
from manyseeds.sources import class_folders, fingerprints, naming
from manyseeds.sources.source import source_of
from manyseeds.study.models.dataset import DatasetKeys

APART, WHOLE = "Ka\u0308lte", "K\u00e4lte"  # the same word: a and two dots, or one letter
BOTH = pytest.mark.parametrize(("stored", "typed"), [(APART, WHOLE), (WHOLE, APART)])


@pytest.fixture(autouse=True)
def keeps_both(tmp_path):
    (tmp_path / WHOLE).mkdir()
    if (tmp_path / APART).exists():
        pytest.skip("this file system takes both for one")
    (tmp_path / WHOLE).rmdir()


def made(root, stored):
    for name in (f"{stored}/1.png", "Hitze/1.png"):
        save(root / name)
    return root


@BOTH
def test_classes_typed_otherwise(tmp_path, stored, typed):
    root = made(tmp_path / "in", stored)
    table = class_folders.copy_folder(root, tmp_path / "out", classes=["Hitze", typed]).table
    assert table["class"].tolist() == ["Hitze", WHOLE]
    assert table["image"].tolist() == ["Hitze/1.png", f"{stored}/1.png"]
    assert files(tmp_path / "out") == sorted(table["image"])
    # The workflow asks for the class by the name that the tables have.
    source = source_of({"kind": "folder", "path": str(root)})
    assert source.folder_name(typed) == WHOLE


@BOTH
def test_folders_typed_otherwise(tmp_path, stored, typed):
    for split in ("train", stored):
        made(tmp_path / stored / split, "Wärme")
    source = source_of(
        {
            "kind": "folder",
            "path": f"{tmp_path}/{typed}",
            "splits": {"train": "train", "test": typed},
        }
    )
    assert source.missing() == ""
    table = source.fetch(tmp_path / "out").table
    assert table["split"].tolist() == ["train", "train", "test", "test"]
    before = source.fingerprint()
    save(tmp_path / stored / stored / "Hitze/2.png")
    assert source.fingerprint() != before
    archive = pack(made(tmp_path / "in", "Eis"), tmp_path / f"{stored}.zip", f"{stored}/")
    found = source_of(
        {"kind": "archive", "path": str(archive.with_stem(typed)), "inside": typed}
    ).fetch(tmp_path / "unpacked")
    assert len(found.table) == 2


@BOTH
def test_a_folder_of_a_repository_typed_otherwise(tmp_path, stored, typed):
    made(tmp_path / "remote/deep" / stored, stored)
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    commands = [["init", "-q"], ["config", "uploadpack.allowAnySHA1InWant", "true"]]
    commands += [["config", "uploadpack.allowFilter", "true"], ["add", "."]]
    for words in [*commands, ["commit", "-qm", "x"]]:
        subprocess.run(["git", "-C", tmp_path / "remote", *who, *words], check=True)
    words = ["git", "-C", tmp_path / "remote", "rev-parse", "HEAD"]
    commit = subprocess.check_output(words, text=True).strip()
    described = {"kind": "git", "url": f"file://{tmp_path}/remote", "commit": commit}
    source = source_of(described | {"inside": f"deep/{typed}"})
    assert source.fetch(tmp_path / "out", classes=[typed, "Hitze"]).table["class"][0] == WHOLE


@BOTH
def test_patterns_typed_otherwise(tmp_path, stored, typed):
    root = tmp_path / "in"
    for name in (f"{stored}_day1.png", "Hitze_day1.png", f"Hitze_{stored}2.png"):
        save(root / name)
    table = class_folders.describe_folder(
        root, class_pattern=f"^({typed}|Hitze)_", group=f"_(day|{typed})"
    ).table
    assert table["class"].tolist() == ["Hitze", "Hitze", WHOLE]
    assert sorted(table["group"]) == sorted(["day", "day", WHOLE])


@pytest.mark.parametrize(
    "options", [{}, {"class_pattern": "^([^/]+)/"}, {"classes": [WHOLE, "Hitze"]}]
)
def test_two_folders_that_look_the_same_are_refused(tmp_path, options):
    made(tmp_path / "in", WHOLE)
    made(tmp_path / "in", APART)
    says = r"in: the (classes|folders) 'Ka\\u0308lte' and 'K\\xe4lte' differ only in how their acc"
    breaks(tmp_path / "in", tmp_path, says, **options)


def test_a_class_typed_in_both_ways_is_there_twice():
    with pytest.raises(ValueError, match="in the list twice"):
        DatasetKeys.model_validate(
            {"source": {"kind": "folder", "path": "x"}, "classes": [APART, WHOLE]}
        )


def test_a_path_as_it_is_on_the_disk(tmp_path):
    (tmp_path / APART / "b").mkdir(parents=True)
    assert naming.as_on_disk(tmp_path / WHOLE / "b/gone") == tmp_path / APART / "b/gone"
    (tmp_path / WHOLE).mkdir()
    assert naming.as_on_disk(tmp_path / WHOLE) == tmp_path / WHOLE
    assert naming.as_on_disk(tmp_path / "gone" / WHOLE) == tmp_path / "gone" / WHOLE
    assert fingerprints.of_folder(tmp_path / WHOLE) == fingerprints.of_folder(tmp_path / "nothing")


@pytest.mark.parametrize(
    "text",
    ["Training", "a b/c", "no", "12", "day: 1", "it's", "#1", "- x", "Kälte", "a\\b", "{x}", "Y"],
)
def test_texts_in_yaml(text):
    import yaml

    assert yaml.safe_load(f"[{naming.in_yaml(text)}]") == [text]


def test_lists_in_sentences():
    assert naming.listed(["a"]) == "a"
    assert naming.listed(["a", "b"]) == "a and b"
    assert naming.listed(list("abc")) == "a, b and c"
    assert naming.listed(list("abcdefgh")) == "a, b, c, d, e and 3 more"


def test_normal_forms_are_those_of_unicode():
    assert naming.nfc(APART) == unicodedata.normalize("NFC", APART) == WHOLE
    with pytest.raises(InputError, match="differ only in case"):
        naming.check_case("x", [APART, WHOLE.upper()])
