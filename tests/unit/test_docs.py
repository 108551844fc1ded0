import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


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


def test_every_key_of_a_study_is_documented():
    schema = yaml.safe_load((ROOT / "schemas/config.schema.yaml").read_text())
    text = re.sub(r"```.*?```", "", (ROOT / "docs/studies.md").read_text(), flags=re.DOTALL)
    code = re.findall(r"`[^`]+`", text)
    documented = set(re.findall(r"\w+", " ".join(code)))
    assert keys(schema) - {"deep", "deep_50"} - documented == set()
