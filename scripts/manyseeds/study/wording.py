"""What is wrong with a study's keys, in words: the key, what stands there, what is allowed."""

import re
from collections.abc import Iterator, Mapping
from inspect import isclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from manyseeds.sources.shared_keys import ON_NAMES

TYPES = {
    "int_type": "integer",
    "int_from_float": "integer",
    "float_type": "number",
    "string_type": "string",
    "bool_type": "boolean",
    "tuple_type": "array",
    "dict_type": "object",
    "model_type": "object",
    "model_attributes_type": "object",
}
"""The type that is asked for, by pydantic's name of the fault."""
BOUNDS = {
    "greater_than": "less than or equal to the minimum of {gt:g}",
    "greater_than_equal": "less than the minimum of {ge:g}",
    "less_than": "greater than or equal to the maximum of {lt:g}",
    "less_than_equal": "greater than the maximum of {le:g}",
}
ON_A_MAPPING = {"extra_forbidden", "missing", "union_tag_not_found", "one_of"}
"""Faults of a mapping: which keys it may have helps more than what it means."""
Path = tuple[str | int, ...]


def first_fault(error: ValidationError, study: Any, model: type[BaseModel]) -> str:
    """Return a message on the fault that lies highest in a study.

    Parameters
    ----------
    error : pydantic.ValidationError
        What the model raised.
    study : mapping
        The study as the model was given it.
    model : type of pydantic.BaseModel
        The model of the whole study.

    Returns
    -------
    str
        One line: the key by its path, what is wrong with it, and which keys are allowed there or
        what the key means.
    """
    faults = [(_path(fault, study), fault) for fault in error.errors() if not _follows(fault)]
    # A misspelt key is named rather than the required one that it was meant to be.
    path, fault = min(faults, key=lambda one: (len(one[0]), one[1]["type"] != "extra_forbidden"))
    unexpected = [
        other["loc"][-1] for where, other in faults
        if other["type"] == "extra_forbidden" and where == path
    ]  # fmt: skip
    allowed, field = _meaning(
        path, study, model, wants_mapping=TYPES.get(fault["type"]) == "object"
    )
    # A list that lacks a value lacks no key.
    on_a_mapping = fault["type"] in ON_A_MAPPING and not isinstance((*fault["loc"], "")[-2], int)
    hint = ""
    if allowed:
        hint = f" Allowed here: {', '.join(allowed)}."
    elif field and field.description and not on_a_mapping:
        hint = f" ({path[-1]}: {field.description})"
    key = ".".join(map(str, path)) or "the study"
    return f"config key {key}: {_words(fault, unexpected)}.{hint}"


def _follows(fault: Mapping[str, Any]) -> bool:
    """Return whether a list only seems too short, since some of its values are faulty."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]


def _path(fault: Mapping[str, Any], study: Any) -> Path:
    """Return the path of what is wrong: of the mapping itself, if its keys are."""
    path: list[str | int] = []
    here = study
    for step in fault["loc"]:
        # What else there is in a place are the names of alternatives that were tried.
        if (isinstance(here, Mapping) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        ):
            path.append(step)
            here = here[step]
    if fault["type"] == "extra_forbidden" or fault["loc"][-1:] == ("[key]",):
        path.pop()
    if (
        fault["type"] == "union_tag_invalid"
        and isinstance(here, Mapping)
        and _discriminator(fault) in here
    ):
        path.append(_discriminator(fault))
    return tuple(path)


def _discriminator(fault: Mapping[str, Any]) -> str:
    """Return the key by which alternatives are told apart; a function's name is no key."""
    return fault["ctx"]["discriminator"].strip("'")


def _words(fault: Mapping[str, Any], unexpected: list[Any]) -> str:
    kind, given, facts = fault["type"], fault["input"], fault.get("ctx", {})
    if kind in TYPES:
        return f"{given!r} is not of type '{TYPES[kind]}'"
    if kind in BOUNDS:
        return f"{given!r} is {BOUNDS[kind].format(**facts)}"
    match kind:
        case "extra_forbidden":
            names = ", ".join(map(repr, unexpected))
            verb = "was" if len(unexpected) == 1 else "were"
            return f"Additional properties are not allowed ({names} {verb} unexpected)"
        case "missing" if isinstance(fault["loc"][-1], int):
            return f"{given!r} is too short"
        case "missing":
            return f"{fault['loc'][-1]!r} is a required property"
        case "union_tag_not_found" if isinstance(given, Mapping):
            return f"{facts['discriminator']} is a required property"
        case "union_tag_not_found":
            return f"{given!r} is not of type 'object'"
        case "union_tag_invalid" if facts["tag"].startswith("<"):
            return f"{given!r} is not valid under any of the given schemas"
        case "union_tag_invalid":
            stated = given[_discriminator(fault)]
            return f"{stated!r} is not one of {_listed(facts['expected_tags'])}"
        case "literal_error":
            return f"{given!r} is not one of {_listed(facts['expected'])}"
        case "string_pattern_mismatch":
            return f"{given!r} does not match {facts['pattern']!r}"
        case "string_too_short" | "too_short":
            return f"{given!r} " + ("is too short" if given else "should be non-empty")
        case "not_unique":
            return f"{list(given)!r} has non-unique elements"
        case "too_long":
            return f"{given!r} is too long"
    return fault["msg"]


def _listed(expected: str) -> list[str]:
    """Return the values that pydantic lists as ``'a', 'b' or 'c'``."""
    return re.findall(r"'([^']*)'", expected)


def _meaning(
    path: Path, study: Any, model: type[BaseModel], wants_mapping: bool
) -> tuple[list[str], FieldInfo | None]:
    """Return the keys allowed in the mapping at a path, and the field that the path leads to."""
    places: list[tuple[Any, FieldInfo | None]] = [(model, None)]
    here: Any = study
    for step in path:
        places = [
            found for kind, _ in places for one in _alternatives(kind)
            for found in _below(one, step, here)
        ]  # fmt: skip
        here = _at(here, step)
    sections = [
        one for kind, _ in places for one in _alternatives(kind)
        if isclass(one) and issubclass(one, BaseModel) and _is_of_kind(one, here)
    ]  # fmt: skip
    allowed = dict.fromkeys(
        field.alias or name for one in sections for name, field in one.model_fields.items()
    )
    field = next((field for _, field in places if field), None)
    keys = sorted(allowed, key=ON_NAMES.__contains__)
    return keys if wants_mapping or isinstance(here, Mapping) else [], field


def _at(here: Any, step: Any) -> Any:
    """Return what lies in a mapping or list under a key or at a place."""
    return here[step] if isinstance(here, list) or step in here else None


def _alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types that a value may have."""
    if get_origin(kind) is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif get_args(kind) and get_origin(kind) not in (dict, tuple):
        for one in get_args(kind):
            yield from _alternatives(one)
    else:
        yield kind


def _below(kind: Any, step: str | int, here: Any) -> Iterator[tuple[Any, FieldInfo | None]]:
    """Yield what may stand below a value of some type, and its field."""
    if get_origin(kind) is dict:
        yield get_args(kind)[1], None
    elif get_origin(kind) is tuple:
        yield get_args(kind)[0], None
    elif isclass(kind) and issubclass(kind, BaseModel) and _is_of_kind(kind, here):
        for name, field in kind.model_fields.items():
            if (field.alias or name) == step:
                yield field.annotation, field


def _is_of_kind(section: type[BaseModel], here: Any) -> bool:
    """Return whether a model is for a mapping of this ``kind``; a model without a kind is."""
    field = section.model_fields.get("kind")
    given = here.get("kind") if isinstance(here, Mapping) else None
    return field is None or given in get_args(field.annotation)
