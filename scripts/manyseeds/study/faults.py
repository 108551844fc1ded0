"""Faults of keys, which can say where the keys were written."""

from collections.abc import Iterable
from typing import Any

from manyseeds.errors import InputError
from manyseeds.study.written import KeyPath, place_of

COMMENT = " What follows # on its line is a comment: put a path with # in single quotes."


class KeyFault(InputError):
    """Something is wrong with a key of the study, or with several.

    The message is a line for each fault, ``config key a.b: what is wrong, and the remedy``.

    Parameters
    ----------
    path : tuple of str and int
        The key by its steps from the top of the study.
    says : str
        What is wrong with it, and the remedy, as sentences.
    others : iterable of tuple
        Further keys of which the same is said.
    """

    def __init__(self, path: KeyPath, says: str, others: Iterable[KeyPath] = ()) -> None:
        super().__init__(path, says, others)
        self.lines: list[tuple[list[KeyPath], str]] = [([path, *others], says)]

    @classmethod
    def several(cls, faults: Iterable["KeyFault"]) -> "KeyFault":
        """Return one fault that says what several say, a line for each."""
        first, *rest = faults
        for fault in rest:
            first.lines += fault.lines
        return first

    def within(self, *path: str | int) -> "KeyFault":
        """Return the fault with its keys below another key."""
        self.lines = [([(*path, *one) for one in paths], says) for paths, says in self.lines]
        return self

    def __str__(self) -> str:
        return self.located(None)

    def located(self, written: Any) -> str:
        """Return the message; each line begins with file and line where the study knows them."""
        lines = []
        for paths, says in self.lines:
            place = place_of(written, paths[0]) if written is not None else None
            keys = ", ".join(".".join(map(str, path)) for path in paths) or "the study"
            where = f"{place}: " if place else ""
            comment = COMMENT if place and place.comment and paths[0][-1:] == ("path",) else ""
            lines.append(f"{where}config key {keys}: {says}{comment}")
        return "\n".join(lines)


def of_key(fault: InputError) -> KeyFault:
    """Return a fault whose message begins with a key, ``source.group: ...``, as that of a key."""
    key, _, says = str(fault).partition(": ")
    return KeyFault(tuple(key.split(".")), says)
