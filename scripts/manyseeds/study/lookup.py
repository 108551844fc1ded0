"""Where a fault of pydantic lies in a study, and which keys and fields the models have there."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from inspect import isclass
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from manyseeds.sources.shared_keys import ON_NAMES
from manyseeds.study.written import KeyPath

NAME = "NAME"
"""Stands for the name of a dataset or an architecture where sections are listed."""


@dataclass(frozen=True)
class Meaning:
    """What the models know of a place of the study.

    Attributes
    ----------
    keys : list of str
        The keys that may stand there; empty if it is no mapping of known keys.
    section : type of pydantic.BaseModel or None
        The section with the last key of the path.
    key : str
        That key.
    field : pydantic.fields.FieldInfo or None
        Its field.
    """

    keys: list[str]
    section: type[BaseModel] | None
    key: str
    field: FieldInfo | None


def fault_path(fault: Mapping[str, Any], study: Any) -> KeyPath:
    """Return the path of what is wrong: of the mapping itself, if its keys are.

    Parameters
    ----------
    fault : mapping
        One of the errors of a `pydantic.ValidationError`.
    study : mapping
        The study as the model was given it.
    """
    path: list[str | int] = []
    here = study
    for step in fault["loc"]:
        # What else there is in a place are the names of alternatives that were tried.
        if (isinstance(here, Mapping) and step in here) or (
            isinstance(here, list) and isinstance(step, int) and step < len(here)
        ):
            path.append(step)
            here = here[step]
    if path and (fault["type"] == "extra_forbidden" or is_of_key(fault)):
        path.pop()
    if (
        fault["type"] == "union_tag_invalid"
        and isinstance(here, Mapping)
        and discriminator(fault) in here
    ):
        path.append(discriminator(fault))
    return tuple(path)


def is_of_key(fault: Mapping[str, Any]) -> bool:
    """Return whether a fault is about a key of a mapping by name, and not about its value."""
    return fault["loc"][-1:] == ("[key]",)


def discriminator(fault: Mapping[str, Any]) -> str:
    """Return the key by which alternatives are told apart; a function's name is no key."""
    return str(fault["ctx"]["discriminator"]).strip("'")


def meaning(path: KeyPath, study: Any, model: type[BaseModel]) -> Meaning:
    """Return what the models know of a place of a study.

    Parameters
    ----------
    path : tuple of str and int
    study : mapping
        What it says decides which kind of source is meant.
    model : type of pydantic.BaseModel
        The model of the whole study.
    """
    places: list[Any] = [model]
    last: tuple[type[BaseModel], str, FieldInfo] | None = None
    here = study
    for step in path:
        found = [pair for kind in places for one in _alternatives(kind)
                 for pair in _below(one, step, here)]  # fmt: skip
        places = [kind for kind, _ in found]
        last = next((below for _, below in found if below), last)
        here = _at(here, step)
    sections = [one for kind in places for one in _alternatives(kind)
                if _is_section(one) and _is_of_kind(one, here)]  # fmt: skip
    keys = dict.fromkeys(key for one in sections for key in _keys(one))
    section, key, field = last or (None, "", None)
    return Meaning(sorted(keys, key=ON_NAMES.__contains__), section, key, field)


def elsewhere(name: str, model: type[BaseModel]) -> list[str]:
    """Return the sections that have a key of this name, by their paths from the top."""
    found = [".".join(path) for path, section in _sections(model, ()) if name in _keys(section)]
    return list(dict.fromkeys(re.sub(r"^training\.\w+$", f"training.{NAME}", one) for one in found))


def _sections(
    model: type[BaseModel], path: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], type[BaseModel]]]:
    """Yield the sections of a model, the outer ones first, with their paths."""
    yield path, model
    for key, field in _keys(model).items():
        for kind in _alternatives(field.annotation):
            below = (*path, key)
            for one in _alternatives(get_args(kind)[1] if get_origin(kind) is dict else kind):
                if get_origin(kind) is dict:
                    below = (*path, key, NAME)
                if get_origin(one) is tuple:
                    one = get_args(one)[0]
                if _is_section(one):
                    yield from _sections(one, below)


def _keys(section: type[BaseModel]) -> dict[str, FieldInfo]:
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _is_section(kind: Any) -> bool:
    return isclass(kind) and issubclass(kind, BaseModel)


def _at(here: Any, step: Any) -> Any:
    """Return what lies in a mapping or list under a key or at a place."""
    if isinstance(here, list):
        return here[step] if isinstance(step, int) and step < len(here) else None
    return here.get(step) if isinstance(here, Mapping) else None


def _alternatives(kind: Any) -> Iterator[Any]:
    """Yield the types that a value may have."""
    if get_origin(kind) is Annotated:
        yield from _alternatives(get_args(kind)[0])
    elif get_args(kind) and get_origin(kind) not in (dict, tuple):
        for one in get_args(kind):
            yield from _alternatives(one)
    else:
        yield kind


def _below(
    kind: Any, step: str | int, here: Any
) -> Iterator[tuple[Any, tuple[type[BaseModel], str, FieldInfo] | None]]:
    """Yield what may stand below a value of some type; with its section, key and field."""
    if get_origin(kind) is dict:
        yield get_args(kind)[1], None
    elif get_origin(kind) is tuple:
        yield get_args(kind)[0], None
    elif _is_section(kind) and _is_of_kind(kind, here):
        for key, field in _keys(kind).items():
            if key == step:
                yield field.annotation, (kind, key, field)


def _is_of_kind(section: type[BaseModel], here: Any) -> bool:
    """Return whether a model is for a mapping of this ``kind``; a model without a kind is."""
    field = section.model_fields.get("kind")
    given = here.get("kind") if isinstance(here, Mapping) else None
    return field is None or given in get_args(field.annotation)
