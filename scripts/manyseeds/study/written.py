"""Values of a study that know where they were written.

Mappings and lists remember for each of their values the file, the line and the text as typed. So a
message can name the line also after files were laid over each other and datasets had inherited.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

COMMAND_LINE = "--config"
"""The file of what was given on the command line."""
LONGEST = 70
"""Characters of a value that a message shows."""
Step = str | int
KeyPath = tuple[Step, ...]


@dataclass(frozen=True)
class Place:
    """Where a value was written.

    Attributes
    ----------
    file : str
        As a message names it.
    line : int or None
        Counted from 1; None where it is not known.
    raw : str or None
        The text of a single value that was written without quotes, else None.
    typed : str
        The value as it was typed, with quotes or brackets; "" where it has several lines.
    comment : str
        What follows the value on its line as a comment, with the ``#``.
    after : str or None
        The key that was written before it in the same mapping.
    """

    file: str
    line: int | None = None
    raw: str | None = None
    typed: str = ""
    comment: str = ""
    after: str | None = None

    def __str__(self) -> str:
        line = f", line {self.line}" if self.line else ""
        return f"{self.file}{line}"


class WrittenMapping(dict[str, Any]):
    """A mapping that remembers where its values were written.

    Attributes
    ----------
    places : dict of str to Place
        Of each key with its value.
    """

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, Place] = {}


class WrittenList(list[Any]):
    """A list that remembers where its values were written.

    Attributes
    ----------
    places : list of Place
    """

    def __init__(self) -> None:
        super().__init__()
        self.places: list[Place] = []


def laid_over(lower: Any, upper: Any, *, deep: bool = True) -> Any:
    """Return a value laid over another; neither is changed.

    Mappings are laid over each other key by key, as Snakemake does it. Anything else replaces what
    lies below it.

    Parameters
    ----------
    lower, upper : mapping or other value
    deep : bool
        Whether mappings within them are laid over each other, too, or replaced.
    """
    if not (isinstance(lower, Mapping) and isinstance(upper, Mapping)):
        return upper
    whole = WrittenMapping()
    for part in (lower, upper):
        for key, value in part.items():
            whole[key] = laid_over(whole[key], value) if deep and key in whole else value
            place = place_at(part, key)
            if place:
                whole.places[key] = place
            else:
                whole.places.pop(key, None)
    return whole


def place_at(container: Any, step: Step) -> Place | None:
    """Return where a value of a mapping or list was written, None if that is not known."""
    places = getattr(container, "places", None)
    if isinstance(places, dict):
        return places.get(step)
    if places and isinstance(step, int) and step < len(places):
        return places[step]
    return None


def along(written: Any, path: KeyPath) -> Iterator[tuple[Any, Step]]:
    """Yield the containers along a path with the step that is taken in each, as far as it leads."""
    here = written
    for step in path:
        if isinstance(here, Mapping):
            there = step in here
        else:
            there = isinstance(here, list) and isinstance(step, int) and step < len(here)
        if not there:
            return
        yield here, step
        here = here[step]


def place_of(written: Any, path: KeyPath) -> Place | None:
    """Return where the value at a path was written, or the closest that is known around it."""
    found = None
    for container, step in along(written, path):
        found = place_at(container, step) or found
    return found


def raw_text(container: Any, step: Step) -> str | None:
    """Return a value as a text: itself, or what was typed for a number, true or a date."""
    value = container.get(step) if isinstance(container, Mapping) else container[step]
    if isinstance(value, str):
        return value
    place = place_at(container, step)
    return place.raw if place and place.raw is not None else None


def shown(written: Any, path: KeyPath, value: Any) -> str:
    """Return a value as a message shows it: as it was typed, or as one would type it.

    Parameters
    ----------
    written : mapping
        The whole study.
    path : tuple of str and int
        Where the value stands in it.
    value : any
        It itself.
    """
    steps = list(along(written, path))
    place = place_at(*steps[-1]) if steps and len(steps) == len(path) else None
    if place and place.typed:
        return shortened(place.typed)
    return as_yaml(value)


def as_yaml(value: Any) -> str:
    """Return a value as one would type it into a study, on one line and not too long."""
    text = yaml.safe_dump(
        _plain(value), default_flow_style=True, sort_keys=False, allow_unicode=True, width=10**6
    )
    return shortened(text.removesuffix("...\n").strip())


def shortened(text: str) -> str:
    """Return a text on one line, its end left out where it is long."""
    text = " ".join(text.split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3].rstrip()}..."


def _plain(value: Any) -> Any:
    """Return a value of plain mappings and lists, which YAML can be written of."""
    if isinstance(value, Mapping):
        return {_plain(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | None) else str(value)
