"""What a key of a study may be, in words, as its JSON schema has it."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel


def allowed_values(model: type[BaseModel], key: str) -> str:
    """Return in words what a key of a section may be, values in backticks as in Markdown."""
    made = model.model_json_schema(by_alias=True)
    return " or ".join(dict.fromkeys(_values(_resolved(made["properties"][key], made), made)))


def _resolved(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a schema refers to."""
    if "$ref" in schema:
        return _resolved(whole["$defs"][schema["$ref"].rsplit("/", 1)[1]], whole)
    return schema


def _values(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Iterator[str]:
    """Yield in words what a value may be."""
    schema = _resolved(schema, whole)
    if alternatives := schema.get("oneOf") or schema.get("anyOf"):
        for one in alternatives:
            yield from _values(one, whole)
    elif "enum" in schema or "const" in schema:
        yield ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    elif schema.get("type") in ("integer", "number"):
        yield _range("whole number" if schema["type"] == "integer" else "number", schema)
    elif schema.get("type") == "boolean":
        yield "`true`, `false`"
    elif schema.get("type") == "string":
        yield "text"
    elif schema.get("type") == "array":
        items = schema.get("items") or (schema.get("prefixItems") or [{}])[0]
        kind = " or ".join(_values(items, whole)) or "values"
        for one, many in (
            ("whole number", "whole numbers"),
            ("number", "numbers"),
            ("text", "texts"),
        ):
            if kind.startswith(one):
                kind = kind.replace(one, many, 1)
                break
        yield f"list of {kind}"
    elif schema.get("type") == "object":
        keys = schema.get("properties", {})
        # A section of more keys has a table of its own.
        listed = f"keys {', '.join(f'`{key}`' for key in keys)}"
        yield "mapping by name" if not keys else "section" if len(keys) > 2 else listed


def _range(what: str, schema: Mapping[str, Any]) -> str:
    """Return a kind of number with its bounds, such as ``whole number, 1 to 1000``."""
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    above = "above" if "exclusiveMinimum" in schema else "at least"
    below = "below" if "exclusiveMaximum" in schema else "at most"
    if low is None and high is None:
        return what
    if (above, below) == ("at least", "at most") and None not in (low, high):
        return f"{what}, {low:g} to {high:g}"
    bounds = [(above, low), (below, high)]
    return f"{what}, {' and '.join(f'{side} {n:g}' for side, n in bounds if n is not None)}"
