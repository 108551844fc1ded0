import re
from pathlib import Path

import jsonschema
import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md")),
    *sorted(ROOT.glob("docs/*.md")),
]
SCHEMA = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())


def keys(schema) -> set[str]:
    """Every key that a study may have, at any depth."""
    found = set()
    if isinstance(schema, dict):
        properties = schema.get("properties")
        if isinstance(properties, dict):
            found |= set(properties)
        for value in schema.values():
            found |= keys(value)
    elif isinstance(schema, list):
        for value in schema:
            found |= keys(value)
    return found


def blocks(language: str) -> list:
    """The fenced blocks of a language, of all pages, as parameters named by page and number."""
    return [
        pytest.param(text, id=f"{page.relative_to(ROOT)}-{number}")
        for page in PAGES
        for number, text in enumerate(
            re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
        )
    ]


def laid_over(base, block):
    """A mapping over another, as Snakemake lays a --configfile over the study."""
    if not (isinstance(base, dict) and isinstance(block, dict)):
        return block
    return base | {key: laid_over(base.get(key), value) for key, value in block.items()}


def test_every_key_of_a_study_is_documented():
    text = re.sub(r"```.*?```", "", (ROOT / "docs/studies.md").read_text(), flags=re.DOTALL)
    code = re.findall(r"`[^`]+`", text)
    documented = set(re.findall(r"\w+", " ".join(code)))
    assert keys(SCHEMA) - {"deep", "deep_50"} - documented == set()


@pytest.mark.parametrize("block", blocks("yaml"))
def test_yaml_is_a_study_or_a_dataset(block):
    """As a user pastes it: a study over config.yaml, or keys of a dataset."""
    block = yaml.safe_load(block)
    if not set(block) <= set(SCHEMA["properties"]):
        source = {"source": {"kind": "folder", "path": "images"}}
        block = {"datasets": {"mine": source | block}}
    study = laid_over(yaml.safe_load((ROOT / "config.yaml").read_text()), block)
    for dataset in study["datasets"].values():
        if "like" in dataset:  # filled in before a study is validated
            dataset["source"] = study["datasets"][dataset["like"]]["source"]
    jsonschema.Draft202012Validator(SCHEMA).validate(study)
    assert {experiment["dataset"] for experiment in study["experiments"]} <= set(study["datasets"])


def test_there_is_yaml_to_validate():
    assert len(blocks("yaml")) >= 3


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_the_index_has_every_page():
    index = ROOT / "docs/README.md"
    links = re.findall(r"\]\(([^)]+)\)", index.read_text())
    assert {(index.parent / link).resolve() for link in links} >= set(PAGES) - {index}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_targets_of_make_exist(page):
    targets = set(re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets = {name for line in targets for name in line.split()}
    code = re.findall(r"^```.*?^```|`[^`\n]+`", page.read_text(), re.DOTALL | re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z][a-z-]*)", "\n".join(code), re.MULTILINE)
    assert set(named) <= targets
