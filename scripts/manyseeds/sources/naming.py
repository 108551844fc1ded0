"""Names of files, folders and classes: what may not stand in them, and which are the same.

A Mac takes accents apart (NFD: ``a`` and two dots), other systems and keyboards do not (NFC). The
two look alike. So names are compared, searched and written into tables as NFC, and files are opened
by the names that they have.
"""

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath

from manyseeds.errors import InputError


def nfc(name: str) -> str:
    """Return a name with each accent in its letter, as most keyboards write it."""
    return unicodedata.normalize("NFC", name)


def as_on_disk(path: Path) -> Path:
    """Return a path with its parts as the file system has them, where only accents differ.

    Parameters
    ----------
    path : path
        It need not exist. Parts that are not there in any form stay as they are.
    """
    found = Path(path.anchor)
    for part in path.parts[len(Path(path.anchor).parts) :]:
        found /= part if part.isascii() or os.path.lexists(found / part) else _same_in(found, part)
    return found


def _same_in(folder: Path, name: str) -> str:
    """Return the name in a folder that differs only by its accents' encoding, else this one."""
    try:
        there = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return name
    return next((other for other in there if nfc(other) == nfc(name)), name)


def check_name(path: PurePath) -> None:
    """Raise unless the last part of a path can stand in a table and on a line.

    Parameters
    ----------
    path : path
        Of a file or folder. Blanks and the letters of any script are fine.

    Raises
    ------
    InputError
        It has a line break or another control character, or bytes that are no UTF-8.
    """
    # Control characters, halves of surrogate pairs (undecodable bytes), line separators.
    if any(unicodedata.category(letter) in {"Cc", "Cs", "Zl", "Zp"} for letter in path.name):
        raise InputError(
            f"{str(path)!r}: its name has a line break, another control character, or bytes "
            "that are no UTF-8. Rename it."
        )


def check_case(source: PurePath | str, names: Iterable[str]) -> None:
    """Raise if two classes differ only in case, which many file systems do not tell apart.

    Parameters
    ----------
    source : path or str
        What the message names.
    names : iterable of str
        The classes, as their folders are named.

    Raises
    ------
    InputError
        Two of them are the same but for case, or for how accents are encoded.
    """
    seen: dict[str, str] = {}
    for name in sorted(set(names)):
        first = seen.setdefault(nfc(name).casefold(), name)
        if first == name:
            continue
        how = "in case"
        if nfc(first) == nfc(name):
            # They would look the same here, too.
            first, name, how = ascii(first), ascii(name), "in how their accents are encoded"
        raise InputError(
            f"{source}: the classes {first} and {name} differ only {how}. Rename one, or put "
            "their images together."
        )


def safe_name(name: str | int) -> str:
    """Return a class's name as a folder can have it: "T-shirt/top" is "T-shirt-top"."""
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]', "-", nfc(str(name)))


def listed(names: Sequence[str], last: str = "and", most: int = 6) -> str:
    """Return names as a sentence has them: ``a, b and c``; of many only the first."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} {last} {len(names) - most + 1:,} more"
    return f" {last} ".join(part for part in (", ".join(names[:-1]), *names[-1:]) if part)


def in_yaml(name: str) -> str:
    """Return a text as a list or mapping in braces can hold it in YAML: in quotes if need be."""
    plain = re.fullmatch(r"[^\W\d_]([\w ./-]*[\w/])?", name)
    if plain and name.lower() not in {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}:
        return name
    return "'" + name.replace("'", "''") + "'"
