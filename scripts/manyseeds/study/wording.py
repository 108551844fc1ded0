"""What is wrong with a study's keys, in words: the key, what stands there, what is allowed.

Values are shown as one types them into a study, never as Python or a JSON schema has them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from pydantic import BaseModel, ValidationError

from manyseeds.study.allowed import allowed_values
from manyseeds.study.faults import KeyFault
from manyseeds.study.lookup import (
    Meaning,
    discriminator,
    elsewhere,
    fault_path,
    is_of_key,
    meaning,
)
from manyseeds.study.models.section import NAME, SPLIT
from manyseeds.study.scalars import as_number
from manyseeds.study.written import COMMAND_LINE, KeyPath, as_yaml, place_at, place_of, shown

NEEDS_KEYS = {"dict_type", "model_type", "model_attributes_type", "union_tag_not_found"}
BOUNDS = {
    "greater_than": "too small",
    "greater_than_equal": "too small",
    "less_than": "too large",
    "less_than_equal": "too large",
    "finite_number": "no number to compute with",
}
NUMBERS = {
    "int_type": "no whole number",
    "int_from_float": "no whole number",
    "float_type": "no number",
}
SAY_ALL = {"string_pattern_mismatch", "split_names", "outside", "one_of"}
"""Faults of which the message says what is allowed."""
FORMS = {
    NAME: "A name has letters of the English alphabet, digits, and . _ - alone, and begins with a "
    "letter or a digit",
    SPLIT: "A test split has a name of small letters and digits that begins with a letter and is "
    "not train",
    "^[a-z][a-z0-9]*$": "A split has a name of small letters and digits that begins with a letter",
    "^https?://": "An address begins with https:// or http://; give a folder or file as path",
    "^(https?|ssh|git|file)://": "An address begins with https://, http://, ssh://, git:// or "
    "file://",
    "^([0-9a-f]{40}|[0-9a-f]{64})$": "Give the full hash of the commit, 40 or 64 of the signs 0-9 "
    "and a-f",
    "^[0-9a-fA-F]{64}$": "Give the SHA-256 of the file, 64 of the signs 0-9 and a-f",
}
"""What a text must look like, by its pattern."""


def first_fault(error: ValidationError, study: Any, model: type[BaseModel]) -> KeyFault:
    """Return the fault that lies highest in a study.

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
    KeyFault
        The key, what is wrong with it, and which keys or values are allowed there.
    """
    faults = [(fault_path(one, study), one) for one in error.errors() if not _follows(one)]
    # A misspelt key is named rather than the required one that it was meant to be.
    path, fault = min(faults, key=lambda one: (len(one[0]), one[1]["type"] != "extra_forbidden"))
    here = meaning(path, study, model)
    if fault["type"] == "extra_forbidden":
        names = [str(other["loc"][-1]) for where, other in faults
                 if other["type"] == "extra_forbidden" and where == path]  # fmt: skip
        return _unknown(path, names, here, study, model)
    if fault["type"] == "missing" and not isinstance(fault["loc"][-1], int):
        return _missing((*path, fault["loc"][-1]), study, model, here.keys)
    if fault["type"] == "union_tag_not_found" and isinstance(fault["input"], Mapping):
        return _missing((*path, discriminator(fault)), study, model, here.keys)
    if is_of_key(fault):
        return KeyFault((*path, fault["input"]), _of_name(fault))
    says = _ended(_words(path, fault, study))
    if fault["type"] in NEEDS_KEYS:
        keys = f" Keys here: {', '.join(here.keys)}." if here.keys else ""
        return KeyFault(path, says + keys)
    return KeyFault(path, says if fault["type"] in SAY_ALL else says + _allowed(here, says))


def nearest(name: str, names: Iterable[str]) -> str:
    """Return ``; did you mean x?`` where one of some names is near, else a full stop."""
    small, by_small = str(name).lower(), {str(one).lower(): str(one) for one in names}
    near = get_close_matches(small, by_small, 1, 0.6)
    near = near or [one for one in by_small if len(small) > 3 and small in one]
    return f"; did you mean {by_small[near[0]]}?" if near else "."


def _follows(fault: Mapping[str, Any]) -> bool:
    """Return whether a list only seems too short, since some of its values are faulty."""
    return fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"]


def _ended(text: str) -> str:
    return text if text.endswith("?") else f"{text}."


def _allowed(here: Meaning, said: str) -> str:
    """Return what is allowed at a place, unless it is said, and what the key means."""
    if here.section is None or here.field is None:
        return ""
    values = allowed_values(here.section, here.key).replace("`", "")
    known = values == "text" or "section" in values or values.removeprefix("list of ") in said
    hint = "" if known else f" Allowed: {values}."
    if not here.field.description:
        return hint
    # What follows the first sentence is for the page of all keys.
    first = re.split(r"(?<=\.) ", here.field.description)[0]
    return f"{hint} ({here.key}: {first})"


def _unknown(
    path: KeyPath, names: Sequence[str], here: Meaning, study: Any, model: type[BaseModel]
) -> KeyFault:
    """Return the fault of keys that there are not."""
    mapping = study
    for step in path:
        mapping = mapping[step]
    name, *others = names
    if mapping[name] is None and (told := _split_value(mapping, name, path)):
        return told
    says = f"there is no such key{nearest(name, here.keys)}"
    places = elsewhere(name, model)
    if says.endswith(".") and places:
        tops = [one or "the whole study" for one in places[:3]]
        says += f" It is a key of {' and of '.join(tops)}."
    if others:
        says += f" Nor is there {' or '.join(others)}."
    return KeyFault((*path, name), f"{says} Keys here: {', '.join(here.keys)}.")


def _split_value(mapping: Mapping[str, Any], name: str, path: KeyPath) -> KeyFault | None:
    """Return the fault of a key without a value that was meant to be more than a key."""
    if match := re.fullmatch(r"([\w-]+):(\S.*)", name):
        return KeyFault((*path, name), f"no blank follows the colon. Write {match[1]}: {match[2]}.")
    place = place_at(mapping, name)
    before = place.after if place else None
    if before is None or before not in mapping:
        return None
    value = mapping[before]
    if re.fullmatch(r"\d+", name) and isinstance(value, int):
        return KeyFault(
            (*path, before),
            f"{value},{name} has a comma. Write numbers with a point: {value}.{name}.",
        )
    if isinstance(value, str):
        return KeyFault(
            (*path, name),
            f"there is no such key, and it has no value. If it belongs to {before}, write a list: "
            f"{before}: [{value}, {name}]; if a text has a comma, put it in single quotes.",
        )
    return None


def _missing(path: KeyPath, study: Any, model: type[BaseModel], keys: Sequence[str]) -> KeyFault:
    field = meaning(path, study, model).field
    means = f" ({path[-1]}: {field.description})" if field and field.description else ""
    return KeyFault(path, f"it is missing.{means} Keys here: {', '.join(keys)}.")


def _of_name(fault: Mapping[str, Any]) -> str:
    """Return what is wrong with a name that is the key of a mapping."""
    if fault["type"] == "string_type":
        return f"it is no text. Put the name in quotes: '{fault['input']}'."
    if fault["type"] == "literal_error":
        return f"there is no such name. Choose from {', '.join(_listed(fault['ctx']['expected']))}."
    return f"such a name will not do. {_form(fault)}."


def _form(fault: Mapping[str, Any]) -> str:
    pattern = fault["ctx"]["pattern"]
    return FORMS.get(pattern, f"It must match the pattern '{pattern}'")


def _words(path: KeyPath, fault: Mapping[str, Any], study: Any) -> str:
    """Return what is wrong with a value, and what to write, without a full stop."""
    kind, given, facts = fault["type"], fault["input"], fault.get("ctx", {})
    value = shown(study, path, given)
    if kind in NEEDS_KEYS:
        return _no_mapping(given, value)
    if given is None and kind not in ("string_type", "null"):
        return "it is empty; give a value, or leave the key out"
    if kind in NUMBERS:
        return f"{value} is {NUMBERS[kind]}{_as_number(given)}"
    if kind in BOUNDS:
        return f"{value} is {BOUNDS[kind]}"
    match kind:
        case "string_type":
            return _no_text(path, given, value, study)
        case "invalid_key":
            return "it is no text. Put the key in quotes"
        case "bool_type":
            return f"{value} is neither true nor false"
        case "tuple_type":
            return f"{value} is no list. Write it in brackets: [{value.strip()}]"
        case "splits" if isinstance(given, str) and "," in given:
            return f"{value} is no list. Write it in brackets: [{value}]"
        case "missing":
            return f"{value} is too short"
        case "union_tag_invalid" if facts["tag"].startswith("<"):
            return f"{value} is not allowed{_meant(given, value, facts['expected_tags'])}"
        case "union_tag_invalid":
            stated = given[discriminator(fault)]
            return _no_choice(stated, as_yaml(stated), _listed(facts["expected_tags"]))
        case "literal_error":
            return _no_choice(given, value, _listed(facts["expected"]))
        case "string_pattern_mismatch":
            return f"{value} will not do. {_form(fault)}"
        case "string_too_short" | "too_short" if not given:
            return "it is empty; give a value"
        case "string_too_short" | "too_short":
            return f"{value} is too short; give at least {facts['min_length']}"
        case "too_long":
            return f"{value} is too long; give at most {facts['max_length']}"
        case "not_unique":
            twice = next(one for one in given if list(given).count(one) > 1)
            return f"{as_yaml(twice)} is in the list twice. Name it once"
    return str(fault["msg"])


def _no_mapping(given: Any, value: str) -> str:
    if given is None:
        return "it is empty; give its keys, or leave it out"
    if isinstance(given, str) and (match := re.fullmatch(r"([\w-]+):(\S.*)", given)):
        return f"no blank follows the colon. Write {match[1]}: {match[2]}"
    if isinstance(given, list):
        return f"{value} is a list. Give keys with values, without - or brackets"
    return f"{value} has no keys. Give keys with values"


def _no_text(path: KeyPath, given: Any, value: str, study: Any) -> str:
    place = place_of(study, path)
    if place and place.file == COMMAND_LINE and given is not None:
        # Snakemake takes quotes away before it looks.
        return f"{value} is no text to Snakemake there. Give it in a study file"
    if given is None and place and place.raw == "":
        return "it is empty; give a text"
    if given is None:
        return f"{value} means nothing at all in YAML. If it is a text, put it in quotes: '{value}'"
    if isinstance(given, bool):
        return f"a word was read as {value}. Put it in quotes, such as 'yes' or 'no'"
    if isinstance(given, Mapping):
        return f"{value} is a mapping. If it is a text, put all of it in single quotes"
    if isinstance(given, list | tuple):
        return f"{value} is a list. Give one text; if it is one, put all of it in single quotes"
    return f"{value} is no text. Put it in quotes: '{value}'"


def _no_choice(given: Any, value: str, choices: Sequence[str]) -> str:
    if isinstance(given, list | tuple | Mapping):
        return f"{value} is none of {', '.join(choices)}. Give one of them, without brackets"
    said = nearest(str(given), choices)
    wrong = f"is not one of {', '.join(choices)}" if len(choices) > 1 else "will not do"
    remedy = _as_number(given) or (f". Write a list: [{value}]" if "," in str(given) else "")
    return f"{value} {wrong}{said.rstrip('.')}{remedy}"


def _as_number(given: Any) -> str:
    """Return how to write a number that was meant by a text."""
    number = as_number(given) if isinstance(given, str) else ""
    return f". Write {number}" if number else ""


def _meant(given: Any, value: str, expected: str) -> str:
    """Return how to write a value of the wrong form."""
    if isinstance(given, str):
        number = _as_number(given) if "<number>" in expected else ""
        return number or (f". Write a list: [{value}]" if "<list>" in expected else "")
    return ""


def _listed(expected: str) -> list[str]:
    """Return the values that pydantic lists as ``'a', 'b' or 'c'``."""
    return re.findall(r"'([^']*)'", expected)
