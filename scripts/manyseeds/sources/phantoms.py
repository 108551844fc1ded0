"""Files and folders that systems, drives and programs leave among images."""

import os
import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from pathlib import Path, PurePath

FILES = (
    "thumbs.db", "thumbs.db:*", "ehthumbs.db", "ehthumbs_vista.db", "desktop.ini", "icon\r",
    "picasa.ini", "~$*", "*zone.identifier", "*.part", "*.partial", "*.crdownload",
    "*.opdownload", "*.aria2",
)  # fmt: skip
"""Patterns of the names of files, in small letters: previews, settings of folders, locks of
open files, marks of downloads, and downloads that were not finished."""
FOLDERS = (
    "@eadir", "@recycle", "@recently-snapshot", "@sharebin", "@sharesnap", "@snapshot",
    "@synoeastream", "@synoresource", "@tmp", "#recycle", "#snapshot", "~snapshot",
    "$recycle.bin", "lost+found", "system volume information", "network trash folder",
    "temporary items", "thevolumesettingsfolder", "__macosx", "picasaoriginals", "*.download",
)  # fmt: skip
"""The same of folders: previews, bins and snapshots of network drives and systems."""
OF_A_COPY = re.compile(r"\..+\.\w+\.\w{6}")
"""What rsync calls a file while it is copied: ``.01.tif.x8Kd3a``."""
DOSE = re.compile(r"\.\d")
COUNTED = 10_000
"""Files at which the counting of a phantom folder stops: a drive's snapshots may hold millions."""
NAMED = 12
"""Names that are listed of what is left out."""


def is_phantom(path: PurePath | str) -> bool:
    """Tell whether a path is a phantom: left behind by a system, a drive or a program.

    Phantoms are names that begin with a dot (``.DS_Store``, ``._photo.jpg``, ``.Trash-1000``),
    except a dot and a digit, which is a dose (``.5uM``); files and folders with the names of
    `FILES` and `FOLDERS`, in any case; and whatever lies in such a folder.

    Parameters
    ----------
    path : path-like
        Relative to the source's folder: a dataset may itself lie in a hidden folder.
    """
    parts = PurePath(path).parts
    return any(map(is_phantom_folder, parts)) or is_phantom_file(parts[-1] if parts else "")


def is_phantom_folder(name: str) -> bool:
    """Tell whether a folder of this name is a phantom."""
    return _is_hidden(name) or _is_one_of(name, FOLDERS)


def is_phantom_file(name: str) -> bool:
    """Tell whether a file of this name is a phantom."""
    return _is_hidden(name) or _is_one_of(name, FILES) or bool(OF_A_COPY.fullmatch(name))


def _is_hidden(name: str) -> bool:
    return name.startswith(".") and not DOSE.match(name)


def _is_one_of(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name.casefold(), pattern) for pattern in patterns)


class LeftOut:
    """The phantoms that were left out of a folder, counted by name.

    Parameters
    ----------
    is_image_name : callable
        Tells whether a name is an image's. In a hidden folder of images these are counted, as
        it may have been meant for a class.
    """

    def __init__(self, is_image_name: Callable[[str], bool]) -> None:
        self._is_image_name = is_image_name
        self._files: dict[str, int] = {}
        self._folders: dict[str, tuple[int, int]] = {}
        self._unreadable: set[str] = set()

    def add(self, path: Path) -> None:
        """Count a file, or a folder with the files in it and in all below it."""
        if os.path.isdir(path):  # noqa: PTH112
            self._add_folder(path)
        else:
            self._add_file(path)

    def include(self, other: "LeftOut") -> None:
        """Count what was left out elsewhere, too."""
        for name, files in other._files.items():
            self._files[name] = self._files.get(name, 0) + files
        for name, counts in other._folders.items():
            own = self._folders.get(name, (0, 0))
            self._folders[name] = (own[0] + counts[0], own[1] + counts[1])
        self._unreadable |= other._unreadable

    def _add_file(self, path: Path) -> None:
        # The companions of other files have a name each.
        name = next((start for start in ("._", "~$") if path.name.startswith(start)), "")
        name = f"{name}*" if name else path.name
        self._files[name] = self._files.get(name, 0) + 1

    def _add_folder(self, path: Path) -> None:
        files, images = self._folders.get(path.name, (0, 0))

        def unreadable(_: OSError) -> None:
            self._unreadable.add(path.name)

        for _, _, names in os.walk(path, onerror=unreadable):
            files += len(names)
            images += sum(map(self._is_image_name, names))
            if files > COUNTED:
                break
        self._folders[path.name] = (files, images)

    @property
    def total(self) -> int:
        """All files, also those in folders, as far as they could be counted."""
        return sum(self._files.values()) + sum(files for files, _ in self._folders.values())

    def __str__(self) -> str:
        """Return each name with its number, such as ``@eaDir (20 files), .DS_Store (3)``."""
        said = [
            f"{_shown(name)} ({self._in_folder(name, files, images)})"
            for name, (files, images) in sorted(self._folders.items())
        ]
        said += [f"{_shown(name)} ({count:,})" for name, count in sorted(self._files.items())]
        more = [f"and {len(said) - NAMED:,} other names"] if len(said) > NAMED else []
        return ", ".join(said[:NAMED] + more)

    def _in_folder(self, name: str, files: int, images: int) -> str:
        if files > COUNTED:
            return f"more than {COUNTED:,} files"
        meant = images and name.startswith(".")
        count, noun = (images, "image") if meant else (files, "file")
        unread = name in self._unreadable
        if unread and not files:
            return "cannot be read"
        return f"{count:,} {noun}{'s' * (count != 1)}" + ", and some that cannot be read" * unread


def _shown(name: str) -> str:
    """Return a name as it can stand on a line."""
    return name if name.isprintable() else ascii(name)
