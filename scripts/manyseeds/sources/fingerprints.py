"""Whether the files of a source are still those that were fetched, told without reading them.

Imports little: the workflow itself asks this before any job.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from manyseeds.sources.naming import as_on_disk
from manyseeds.sources.phantoms import is_phantom_file, is_phantom_folder
from manyseeds.sources.walks import is_image_folder


def of_folder(
    folder: Path,
    splits: Sequence[str] | Mapping[str, str] | None = None,
    class_pattern: str | None = None,
) -> str:
    """Return a digest of the names and states of the files that a source reads.

    Parameters
    ----------
    folder : path
        Of the source. Links to folders are followed where they are when images are fetched: it
        may be one, and so may the splits' folders and, without a pattern, those of the classes.
        What cannot be read is left out, and so are phantom files and folders.
    splits, class_pattern
        As in `class_folders.copy_folder`.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    folder = as_on_disk(Path(folder))
    parts = splits.values() if isinstance(splits, Mapping) else splits or [""]
    reached: set[Path] = set()
    for part in parts:
        # What lies elsewhere is refused later, and may be the whole machine.
        if PurePosixPath(part).is_absolute() or ".." in PurePosixPath(part).parts:
            continue
        reached.update(_reached(as_on_disk(Path(folder, part)), linked_classes=not class_pattern))
    return of_files(reached, relative_to=folder)


def of_files(paths: Iterable[Path], relative_to: Path | None = None) -> str:
    """Return a digest of the names, sizes and dates of files, and of which files they are.

    Size and date do not tell when two files change places, or when a file is replaced and given
    its old date. The number of a file (inode) and the time of its last change do.

    Parameters
    ----------
    paths : iterable of path
        What cannot be read counts by its name alone.
    relative_to : path, optional
        The names are relative to it.

    Returns
    -------
    str
        SHA-256 in hexadecimal.
    """
    lines = set()
    for path in paths:
        name = str(path.relative_to(relative_to) if relative_to else path)
        try:
            found = path.stat()
        except OSError:
            lines.add(repr(name))
        else:
            state = (found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)
            lines.add(repr((name, *state)))
    sha256 = hashlib.sha256()
    for line in sorted(lines):
        sha256.update(line.encode())
    return sha256.hexdigest()


def _reached(folder: Path, linked_classes: bool) -> Iterator[Path]:
    """Yield the files under a folder, and the links to folders that are not followed.

    Followed are those right in the folder, if they are classes, and images that are folders.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_phantom_folder(name)]
        yield from (Path(parent, name) for name in names if not is_phantom_file(name))
        for image in [name for name in folders if is_image_folder(name)]:
            folders.remove(image)
            for within, _, parts in os.walk(Path(parent, image)):
                # With those that begin with a dot: .zarray and .zattrs.
                yield from (Path(within, part) for part in parts)
        # Unlike Path.is_symlink, it raises nothing where it may not look.
        for link in (Path(parent, name) for name in folders if os.path.islink(Path(parent, name))):  # noqa: PTH114
            if linked_classes and Path(parent) == folder:
                yield from _reached(link, linked_classes=False)
            else:
                yield link
