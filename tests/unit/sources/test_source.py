"""What every kind of source answers, and what describes one."""

import json
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import get_args

import jsonschema
import pydantic
import pytest

from class_folders import make
from manyseeds.errors import InputError
from manyseeds.simulation.fields import PHENOTYPES
from manyseeds.sources.kinds.torchvision import KEPT
from manyseeds.sources.source import SOURCES, source_of

SCRIPTS = Path(__file__).parents[3] / "scripts"
COMMIT = "fe158ac" + "0" * 33
SMALLEST = {
    "simulated": {"phenotype": "snf7"},
    "folder": {"path": "images"},
    "archive": {"url": "https://example.org/a.zip"},
    "git": {"url": "https://example.org/a.git", "commit": COMMIT},
    "idx": {"path": "idx"},
    "torchvision": {"name": "CIFAR10"},
}
"""The keys that each kind needs."""


def smallest(kind, **keys):
    return {"kind": kind} | SMALLEST[kind] | keys


def run_bare(script):
    """Run lines with the library on the path and no package but pydantic; return their output.

    As where Snakemake is installed alone, and the jobs have their packages from envs/.
    """
    needed = {"pydantic", *(word.split(">")[0] for word in metadata.requires("pydantic"))}
    needed = {name.split("=")[0].split(";")[0].strip().replace("_", "-") for name in needed}
    others = [
        module
        for module, packages in metadata.packages_distributions().items()
        if not {name.replace("_", "-") for name in packages} & needed
    ]
    assert {"numpy", "pandas", "PIL", "scipy", "torch", "pooch", "rich", "tqdm"} <= set(others)
    lines = f"""
import json, sys
sys.path.insert(0, {str(SCRIPTS)!r})
sys.modules.update(dict.fromkeys({others!r}))
{script}
"""
    done = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_bare_python_knows_all_kinds():
    described = [smallest(kind) for kind in SMALLEST]
    answers = run_bare(f"""
from manyseeds.sources.source import SOURCES, source_of
answers = []
for described in {described!r}:
    source = source_of(described)
    source.check()
    source.fingerprint()
    answers.append([source.kind, bool(source.missing()), len(source.files()), source.comes_split])
print(json.dumps([list(SOURCES), answers]))
""")
    assert answers == [
        list(SMALLEST),
        [
            ["simulated", False, 0, False],
            ["folder", True, 0, False],
            ["archive", False, 0, False],
            ["git", False, 0, False],
            ["idx", True, 4, True],
            ["torchvision", False, 0, True],
        ],
    ]


def test_a_kind_is_added_by_one_file(tmp_path):
    (tmp_path / "blank.py").write_text('''
from typing import Literal
from pydantic import Field
from manyseeds.sources.base import Source

class Blank(Source):
    """Images of one color."""

    kind: Literal["blank"]
    path: str
    colors: int = Field(2, ge=2)

    def fetch(self, out, *, classes=None, on_bad_image="stop", workers=1, streams=None):
        return f"{self.colors} colors for {out}"
''')
    answers = run_bare(f"""
import pydantic
from manyseeds.sources import kinds
kinds.__path__.append({str(tmp_path)!r})
from manyseeds.sources.source import SOURCES, source_of
source = source_of({{"kind": "blank", "path": "nowhere", "colors": 3}})
try:
    source_of({{"kind": "blank", "path": "nowhere", "colors": 1}})
except pydantic.ValidationError as error:
    wrong = error.errors()[0]["loc"]
print(json.dumps([
    list(SOURCES)[-1], wrong, source.missing(), source.availability().state, source.fetch("x")
]))
""")
    missing = "nowhere does not exist. Correct the path; a relative one starts where the command "
    assert answers == ["blank", ["colors"], f"{missing}is run.", "missing", "3 colors for x"]


def test_a_kind_that_is_none():
    with pytest.raises(InputError, match=r"^source\.kind: disk is no kind\. Choose one of simul"):
        source_of({"kind": "disk"})


DESCRIBED = [
    *(smallest(kind) for kind in SMALLEST),
    smallest("simulated", fields=2, shape=[128, 8192]),
    smallest("folder", **{"class": "_(.)", "group": "a", "angle": "b"}),
    smallest("folder", splits=["train", "test", "test2"]),
    smallest("archive", splits={"test": "b", "train": "a"}, inside="x", sha256="aB" * 32),
    smallest("git", url="file:///x", commit="0" * 64, inside="x"),
    {"kind": "idx", "url": "http://example.org/fashion", "names": ["a", "b"]},
    smallest("torchvision", path="x"),
]
FAULTY = [
    smallest("simulated", phenotype="snf8"),
    smallest("simulated", fields=1),
    smallest("simulated", fields="24"),
    smallest("simulated", shape=[128]),
    smallest("simulated", shape=[128, 8193]),
    smallest("simulated", path="x"),
    {"kind": "simulated"},
    {"kind": "folder"},
    smallest("folder", path=""),
    smallest("folder", class_patern="x"),
    smallest("folder", group=3),
    smallest("folder", splits="train"),
    smallest("folder", splits=["train"]),
    smallest("folder", splits=["train", "train"]),
    smallest("folder", splits=["one", "two"]),
    smallest("folder", splits=["train", "Test"]),
    smallest("folder", splits={"train": "a"}),
    smallest("folder", splits={"one": "a", "two": "b"}),
    smallest("folder", splits={"train": "a", "Test": "b"}),
    smallest("folder", splits={"train": "a", "test": ""}),
    {"kind": "archive"},
    smallest("archive", path="a.zip"),
    smallest("archive", url="ftp://example.org/a.zip"),
    smallest("archive", sha256="0" * 63),
    smallest("git", commit="main"),
    smallest("git", url="example.org/a.git"),
    {"kind": "idx", "names": ["a", "b"]},
    smallest("idx", url="https://example.org"),
    smallest("idx", names=["a", 1]),
    smallest("torchvision", name="MNIST"),
]


@pytest.mark.parametrize("described", DESCRIBED, ids=str)
def test_a_dump_gives_the_same_source(described):
    """As the rules hand it to a script: through JSON, its keys named as in a study."""
    source = source_of(described)
    dump = json.loads(json.dumps(source.plain()))
    assert described.items() <= dump.items()
    again = source_of(dict(reversed(dump.items())))
    assert again == source
    assert hash(again) == hash(source)
    with pytest.raises(pydantic.ValidationError, match="frozen"):
        source.kind = "folder"


def test_different_sources_differ():
    assert len({source_of(described) for described in DESCRIBED}) == len(DESCRIBED)


@pytest.mark.parametrize(
    ("described", "good"),
    [*((given, True) for given in DESCRIBED), *((given, False) for given in FAULTY)],
    ids=str,
)
def test_the_schema_says_what_the_model_takes(described, good):
    model = SOURCES[described["kind"]]
    schema = model.model_json_schema(by_alias=True)
    assert jsonschema.Draft202012Validator(schema).is_valid(described) is good
    try:
        source_of(described)
        taken = True
    except pydantic.ValidationError:
        taken = False
    assert taken is good


@pytest.mark.parametrize("kind", SMALLEST)
def test_the_schema_describes_every_key(kind):
    schema = SOURCES[kind].model_json_schema(by_alias=True)
    assert schema["description"]
    assert all(key["description"] for key in schema["properties"].values())
    # Keys that may be left out have no null, neither as a value nor as their default.
    assert "null" not in json.dumps(schema)
    assert "class_pattern" not in schema["properties"]


def errors(described):
    with pytest.raises(pydantic.ValidationError) as caught:
        source_of(described)
    return [(error["loc"], error["msg"]) for error in caught.value.errors()]


@pytest.mark.parametrize(
    "described",
    [{"kind": "archive"}, smallest("archive", path="a.zip"), {"kind": "idx"}],
)
def test_a_path_or_an_address(described):
    assert errors(described) == [((), "give `path` or `url`, not both")]


NO_TRAIN = (
    "no split is named train. One split is called train, and the others have names of small "
    "letters and digits, as test. Give the folder of each: {train: FOLDER, test: FOLDER}"
)


@pytest.mark.parametrize(
    ("splits", "place", "says"),
    [
        (["train", "train"], ("<list>",), "something is in the list twice"),
        (["one", "two"], ("<list>",), NO_TRAIN),
        (["train", "test", 3], ("<list>", 2), "Input should be a valid string"),
        ({"one": "a", "two": "b"}, ("<mapping>",), NO_TRAIN),
        ({"train": "a", "test": 3}, ("<mapping>", "test"), "Input should be a valid string"),
        ("train", (), "give a list of the splits, or their folders by split"),
    ],
)
def test_one_fault_of_splits_is_said_once(splits, place, says):
    assert errors(smallest("folder", splits=splits)) == [(("splits", *place), says)]


def test_simulated_phenotypes_and_torchvisions_datasets_are_known():
    def choices(kind, key):
        return get_args(SOURCES[kind].model_fields[key].annotation)

    assert choices("simulated", "phenotype") == tuple(PHENOTYPES)
    assert choices("torchvision", "name") == tuple(KEPT)
    for name, phenotype in PHENOTYPES.items():
        described = smallest("simulated", phenotype=name)
        assert source_of(described).class_names() == list(phenotype.classes)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"group": "(day"}, r"^source\.group: '\(day' is not a regular expression .*Fix it; in"),
        ({"class": "["}, r"^source\.class: '\['"),
        ({"angle": "*"}, r"^source\.angle: '\*'"),
        ({"splits": {"train": "a", "test": "a/b"}}, r"^source\.splits\.test: a/b lies in the"),
        ({"splits": {"train": "/a", "test": "b"}}, r"^source\.splits\.train: /a does not lie in"),
    ],
)
@pytest.mark.parametrize("kind", ["folder", "archive", "git"])
def test_keys_that_cannot_be_right(kind, keys, says):
    source = source_of(smallest(kind, **keys))
    with pytest.raises(InputError, match=says):
        source.check()


@pytest.mark.parametrize("described", DESCRIBED, ids=str)
def test_keys_that_can_be_right(described):
    source_of(described).check()


def test_the_location_is_filled_in(monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada")
    monkeypatch.setenv("PICTURES", "https://example.org/pictures")
    assert source_of(smallest("folder", path="~/x//y/")).location == "/home/ada/x//y/"
    assert source_of(smallest("folder", path="$NOWHERE/x")).location == "$NOWHERE/x"
    given = source_of(smallest("torchvision", path="${PICTURES}/x"))
    assert given.location == given.origin == "https://example.org/pictures/x"
    assert source_of(smallest("archive")).location == "https://example.org/a.zip"
    cifar = source_of(smallest("torchvision"))
    assert (cifar.location, cifar.origin) == ("", "torchvision's CIFAR10")
    assert [kind for kind in SMALLEST if source_of(smallest(kind)).simulated] == ["simulated"]


def test_splits_with_train_first():
    mapping = {"test2": "c", "test": "b", "train": "a"}
    for kind in ("folder", "archive", "git"):
        whole, split = source_of(smallest(kind)), source_of(smallest(kind, splits=mapping))
        assert (whole.comes_split, whole.split_names()) == (False, [])
        assert (split.comes_split, split.split_names()) == (True, ["train", "test2", "test"])
    for kind in ("idx", "torchvision"):
        assert source_of(smallest(kind)).split_names() == ["train", "test"]
    assert not source_of(smallest("simulated")).comes_split


def test_classes_as_their_folders_are_called():
    named = {kind: source_of(smallest(kind)).folder_name("T-shirt/top") for kind in SMALLEST}
    assert named.pop("idx") == named.pop("torchvision") == "T-shirt-top"
    assert set(named.values()) == {"T-shirt/top"}
    assert source_of(smallest("folder")).class_names() is None


def test_files_and_the_digest_of_a_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("PICTURES", str(tmp_path))
    archive = source_of({"kind": "archive", "path": "$PICTURES/a.zip"})
    assert archive.files() == [f"{tmp_path}/a.zip"]
    pairs = [
        f"{tmp_path}/{stem}-ubyte.gz"
        for stem in (
            "train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1",
        )
    ]  # fmt: skip
    assert source_of({"kind": "idx", "path": "$PICTURES"}).files() == pairs
    make(tmp_path / "photos")
    folder = source_of({"kind": "folder", "path": "$PICTURES/photos"})
    assert folder.files() == []
    before = folder.fingerprint()
    (tmp_path / "photos/a/9.png").unlink()
    assert folder.fingerprint() != before
    # What is downloaded or simulated has neither.
    for kind in ("archive", "git", "torchvision", "simulated"):
        assert source_of(smallest(kind)).files() == []
        assert source_of(smallest(kind)).fingerprint() == ""
