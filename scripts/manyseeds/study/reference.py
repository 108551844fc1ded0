"""The schema of a study and the tables of docs/studies.md, made from the models.

``make docs`` runs it after a change of the models. A test holds both in step with them.
"""

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from manyseeds.errors import InputError
from manyseeds.sources.shared_keys import ON_NAMES
from manyseeds.sources.source import SOURCES
from manyseeds.study.allowed import allowed_values
from manyseeds.study.models.dataset import DatasetKeys, Grid, Rotate, Split
from manyseeds.study.models.study import Engine, Experiment, Snapshots, StudyKeys
from manyseeds.study.models.training import OTHERS, Training

ROOT = Path(__file__).parents[3]
SCHEMA, PAGE = ROOT / "schemas/config.schema.yaml", ROOT / "docs/studies.md"
HEADER = "# Made from scripts/manyseeds/study/models by `make docs`: change it there.\n"
TABLES: dict[str, type[BaseModel]] = {
    "study": StudyKeys,
    "experiment": Experiment,
    "training": Training,
    "snapshots": Snapshots,
    "engine": Engine,
    "dataset": DatasetKeys,
    "slice": Grid,
    "split": Split,
    "rotate": Rotate,
    **{f"source {kind}": model for kind, model in SOURCES.items()},
}
"""The tables of the page, by the names in their markers."""


def schema() -> dict[str, Any]:
    """Return the JSON schema of a study, for editors.

    No key of a study or dataset is required in it: a study is laid over config.yaml, and a dataset
    may be like another.
    """
    made = StudyKeys.model_json_schema(by_alias=True)
    for section in (made, made["$defs"]["DatasetKeys"]):
        section.pop("required", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A study of manyseeds",
        **{key: value for key, value in _without_titles(made).items() if key != "$defs"},
        "$defs": _without_titles(made["$defs"]),
    }


def schema_file() -> str:
    """Return the schema as it stands in its file."""
    return HEADER + yaml.safe_dump(schema(), sort_keys=False, allow_unicode=True, width=100)


def table(model: type[BaseModel]) -> str:
    """Return the keys of a section as a table in Markdown: key, meaning, values and default."""
    rows = ["| key | meaning | values | default |", "| --- | --- | --- | --- |"]
    keys = {field.alias or name: name for name, field in model.model_fields.items()}
    for key in sorted(keys, key=ON_NAMES.__contains__):
        name, field = keys[key], model.model_fields[keys[key]]
        if key == "kind":
            continue
        default, values = _default(model, name), allowed_values(model, key)
        rows.append(f"| `{key}` | {field.description or ''} | {values} | {default} |")
    return "\n".join(row.replace("  ", " ") for row in rows)


def renewed(page: str) -> str:
    """Return a page with the tables that the models have now, between their markers."""
    for name, model in TABLES.items():
        begin, end = f"<!-- made by make docs: {name} -->", f"<!-- end: {name} -->"
        if begin not in page or end not in page:
            raise InputError(f"{PAGE.name}: has no markers for {name!r}. Add {begin} and {end}.")
        before, rest = page.split(begin)
        _, after = rest.split(end)
        page = f"{before}{begin}\n\n{table(model)}\n\n{end}{after}"
    return page


def _without_titles(schema: Any) -> Any:
    """Return a schema without the titles that pydantic makes of names."""
    if isinstance(schema, dict):
        return {
            key: _without_titles(value)
            for key, value in schema.items()
            if not (key == "title" and isinstance(value, str))
        }
    return [_without_titles(one) for one in schema] if isinstance(schema, list) else schema


def _default(model: type[BaseModel], name: str) -> str:
    field = model.model_fields[name]
    if field.is_required():
        return "required"
    if isinstance(field.default, BaseModel):
        return "see its keys"
    text = _as_code(field.default)
    others: dict[str, list[str]] = {}
    for architecture, other in OTHERS.items() if model is Training else ():
        if other.model_fields[name].default != field.default:
            others.setdefault(_as_code(other.model_fields[name].default), []).append(architecture)
    for value, architectures in others.items():
        text += f"; {value} for {', '.join(f'`{one}`' for one in architectures)}"
    return text


def _as_code(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return f"`[{', '.join(f'{v:g}' if isinstance(v, float) else str(v) for v in value)}]`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


if __name__ == "__main__":
    SCHEMA.write_text(schema_file())
    PAGE.write_text(renewed(PAGE.read_text()))
