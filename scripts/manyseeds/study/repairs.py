"""Values whose meaning is certain though their type is another: they become what is meant."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from manyseeds.study.lookup import fault_path, is_of_key
from manyseeds.study.scalars import ALSO_BOOLEANS
from manyseeds.study.written import along, place_at, raw_text


def repaired(error: ValidationError, study: Any) -> bool:
    """Put what is meant in the place of values that only have another type; tell if there were any.

    A number, ``true`` or ``null`` becomes the text that was typed where a text is needed, so that a
    class may be called 007. A number such as 3.0 becomes whole, and ``yes`` true.

    Parameters
    ----------
    error : pydantic.ValidationError
        What the model raised.
    study : mapping
        The study as the model was given it. It is changed.
    """
    return any([_repaired(fault, study) for fault in error.errors()])


def _repaired(fault: Mapping[str, Any], study: Any) -> bool:
    path = fault_path(fault, study)
    if is_of_key(fault) or not path:
        return False
    container, step = list(along(study, path))[-1]
    given = container[step]
    meant: Any = None
    match fault["type"]:
        case "string_type" if given is not None and not isinstance(given, Mapping | list | tuple):
            meant = raw_text(container, step)
        case "int_type" | "int_from_float" if isinstance(given, float) and given.is_integer():
            meant = int(given)
        case "bool_type" if isinstance(given, str):
            # In quotes it is a text.
            place = place_at(container, step)
            meant = ALSO_BOOLEANS.get(((place and place.raw) or "").lower())
    if meant is None:
        return False
    container[step] = meant
    return True
