"""What the study's regular expressions find in the paths of images."""

import re

from manyseeds.errors import InputError
from manyseeds.sources.naming import nfc


def compiled(pattern: str, what: str) -> re.Pattern[str]:
    """Return a pattern ready to search.

    Parameters
    ----------
    pattern : str
        Regular expression.
    what : str
        The key of the source, "class", "group" or "angle".

    Raises
    ------
    InputError
        The pattern is not a regular expression.
    """
    try:
        return re.compile(nfc(pattern))
    except re.error as error:
        raise InputError(
            f"source.{what}: '{pattern}' is not a regular expression ({error}). Fix it; in "
            "YAML, put it in single quotes."
        ) from error


def search(path: str, pattern: str, what: str) -> str | None:
    """Return what a pattern finds in a path, or None, however accents are encoded in them.

    Parameters
    ----------
    path : str
        Relative to the source's folder, with slashes.
    pattern : str
        Regular expression, searched anywhere in `path`. What counts is its group named
        `what`, else its first group, else all that it matches.
    what : str
        The key of the source, as in `compiled`.

    Raises
    ------
    InputError
        The pattern is not a regular expression.
    """
    match = compiled(pattern, what).search(nfc(path))
    if not match:
        return None
    if what in match.groupdict():
        return match[what]
    return match[1] if match.re.groups else match[0]


def name(path: str, pattern: str, what: str) -> str:
    """Return the name that a pattern finds in a path.

    Parameters
    ----------
    path, pattern, what
        As in `search`.

    Raises
    ------
    InputError
        It finds none, or an empty one, or is not a regular expression.
    """
    found = search(path, pattern, what)
    if not found:
        raise InputError(
            f"{path}: the pattern '{pattern}' finds no {what} in this path. Fix `source.{what}`."
        )
    return found


def angle(path: str, pattern: str | None) -> float:
    """Return the degrees that a pattern finds in a path, 0 where it finds nothing.

    Parameters
    ----------
    path, pattern
        As in `search`; without a pattern every angle is 0.

    Raises
    ------
    InputError
        What it finds is not a finite number, or it is not a regular expression.
    """
    found = search(path, pattern, "angle") if pattern else None
    if not found:
        return 0.0
    if not re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)", found):
        raise InputError(
            f"{path}: the pattern '{pattern}' finds {found}, which is not a number of degrees. "
            "Fix `source.angle`."
        )
    return float(found)
