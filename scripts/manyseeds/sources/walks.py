"""Walking through a folder of images: what is in it, and what is wrong with its names and links.

Imports little: the workflow itself looks here, before any job.
"""

import hashlib
import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from manyseeds.errors import InputError
from manyseeds.sources.phantoms import is_phantom

SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".stk", ".lsm"}
SUFFIXES |= {".bmp", ".gif", ".webp", ".pgm", ".ppm", ".pnm", ".jp2", ".heic", ".heif", ".avif"}
SUFFIXES |= {".czi", ".nd2", ".lif", ".oib", ".oif", ".zarr"}
MICROSCOPE_SUFFIXES = {".ims", ".vsi", ".zvi", ".dv", ".mrxs", ".svs", ".ndpi"}
"""Of microscopes' and scanners' own formats, which are not read."""
EXPORT = "Export to TIFF, see docs/your-images.md."


def is_image_name(path: PurePosixPath | Path | str) -> bool:
    """Tell whether a file is an image by its suffix."""
    return _suffix(path) in SUFFIXES


def is_microscope_name(path: PurePosixPath | Path | str) -> bool:
    """Tell whether a file is in a microscope's own format by its suffix."""
    return _suffix(path) in MICROSCOPE_SUFFIXES


def _suffix(path: PurePosixPath | Path | str) -> str:
    # As text: a path takes longer to make than a small image to read.
    return os.path.splitext(path)[1].lower()  # noqa: PTH122


def class_folders(root: Path) -> tuple[list[str], int, list[str]]:
    """Return the folders in a folder, and what else lies there.

    Parameters
    ----------
    root : path
        The folder. Folders in it may be links.

    Returns
    -------
    folders : list of str
        Names, sorted.
    phantoms : int
        Phantom files beside them.
    others : list of str
        Other files beside them, none of which is an image.

    Raises
    ------
    InputError
        The folder cannot be read; it holds an image, a link that leads nowhere or in a
        circle, or a name with control characters.
    """
    folders, phantoms, others = [], 0, []
    with _readable():
        for entry in sorted(Path(root).iterdir()):
            if is_phantom(entry.name):
                phantoms += entry.is_file()
                continue
            check_name(entry)
            if entry.is_dir():
                folders.append(entry.name)
            elif is_image_name(entry):
                raise InputError(
                    f"{entry}: lies outside any class folder. Move it into the folder of its "
                    "class, or give `source.class`, a pattern that finds the class in a file's "
                    "path."
                )
            elif entry.is_symlink() and not entry.exists():
                raise InputError(
                    f"{entry}: a link that leads nowhere or in a circle. Fix or delete the link."
                )
            else:
                others.append(entry.name)
    return folders, phantoms, others


def files(folder: Path) -> tuple[list[str], int]:
    """Return the files under a folder, and a count of phantom files.

    Parameters
    ----------
    folder : path
        May itself be a link. Links to files are followed, wherever they lead.

    Returns
    -------
    paths : list of str
        Relative to `folder`, with slashes, sorted.
    phantoms : int
        Phantom files left out. Phantom folders are not looked into.

    Raises
    ------
    InputError
        A folder cannot be read or is a link; a name has control characters.
    """
    found, phantoms = [], 0
    with _readable():
        for parent, folders, names in os.walk(folder, onerror=_raise):
            # In place, so that the walk does not enter what nobody may read, such as .Trash.
            folders[:] = [name for name in folders if not is_phantom(name)]
            for name in folders:
                check_name(Path(parent, name))
                if Path(parent, name).is_symlink():
                    raise InputError(
                        f"{Path(parent, name)}: a link to a folder, which is not followed as it "
                        "may lead in a circle. Put the folder itself here."
                    )
            for name in names:
                if is_phantom(name):
                    phantoms += 1
                else:
                    check_name(Path(parent, name))
                    found.append(Path(parent, name).relative_to(folder).as_posix())
    return sorted(found), phantoms


def check_name(path: Path | PurePosixPath) -> None:
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


def check_case(source: Path | str, names: Iterable[str]) -> None:
    """Raise if two classes differ only in case, which many file systems do not tell apart.

    Parameters
    ----------
    source : path or str
        What the message names.
    names : iterable of str
        The classes.

    Raises
    ------
    InputError
        Two of them are the same but for case (or for how accents are encoded).
    """
    seen: dict[str, str] = {}
    for name in sorted(set(names)):
        first = seen.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
        if first != name:
            raise InputError(
                f"{source}: the classes {first} and {name} differ only in case. Rename one, or "
                "put their images together."
            )


def safe_name(name: str | int) -> str:
    """Return a class's name as a folder can have it: "T-shirt/top" is "T-shirt-top"."""
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]', "-", str(name))


def split_folders(splits: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """Return the folder of each split, relative to the source's; one of no name without splits.

    Parameters
    ----------
    splits : sequence or mapping of str, optional
        As in `class_folders.copy_folder`.

    Raises
    ------
    InputError
        A folder does not lie in the source's, or one lies in another.
    """
    if not splits:
        return {"": ""}
    folders = dict(splits) if isinstance(splits, Mapping) else {name: name for name in splits}
    paths = {split: PurePosixPath(folder) for split, folder in folders.items()}
    for split, path in paths.items():
        if path.is_absolute() or ".." in path.parts:
            raise InputError(
                f"source.splits.{split}: {path} does not lie in the source's folder. Give it "
                "relative to that folder."
            )
        for other, above in paths.items():
            if other != split and path.is_relative_to(above):
                raise InputError(
                    f"source.splits.{split}: {path} lies in the folder of {other}. Give each "
                    "split a folder of its own."
                )
    # Train comes first, as the order of a mapping means nothing to those who write YAML.
    order = sorted(paths, key=lambda split: split != "train")
    return {split: paths[split].as_posix() for split in order}


def fingerprint(
    folder: Path,
    splits: Sequence[str] | Mapping[str, str] | None = None,
    class_pattern: str | None = None,
) -> str:
    """Return a digest of the names, sizes and dates of the files that a source reads.

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
    parts = splits.values() if isinstance(splits, Mapping) else splits or [""]
    digest, lines = hashlib.sha256(), set()
    for part in parts:
        # What lies elsewhere is refused later, and may be the whole machine.
        if PurePosixPath(part).is_absolute() or ".." in PurePosixPath(part).parts:
            continue
        for path in _reached(Path(folder, part), linked_classes=not class_pattern):
            relative = str(path.relative_to(folder))
            try:
                status = path.stat()
            except OSError:
                lines.add(repr(relative))
            else:
                lines.add(repr((relative, status.st_size, status.st_mtime_ns)))
    for line in sorted(lines):
        digest.update(line.encode())
    return digest.hexdigest()


def _reached(folder: Path, linked_classes: bool) -> Iterator[Path]:
    """Yield the files under a folder, and the links to folders that are not followed.

    Followed are those right in the folder, if they are classes.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not is_phantom(name)]
        yield from (Path(parent, name) for name in names if not is_phantom(name))
        # Unlike Path.is_symlink, it raises nothing where it may not look.
        for link in (Path(parent, name) for name in folders if os.path.islink(Path(parent, name))):  # noqa: PTH114
            if linked_classes and Path(parent) == folder:
                yield from _reached(link, linked_classes=False)
            else:
                yield link


@contextmanager
def _readable() -> Iterator[None]:
    """Name the folder that cannot be read in what is raised."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{error.filename}: cannot be read ({error.strerror}). Give yourself the permission "
            "(chmod u+rx on the folder), or move the images elsewhere."
        ) from error


def _raise(error: OSError) -> None:
    """Let `os.walk` stop where it would leave out a folder."""
    raise error
