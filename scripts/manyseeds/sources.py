"""Images that come as a folder of class folders.

As with the other sources, archives (`archives.unpack_archive`) and IDX files
(`idx.read_idx`), everything is checked, then the image files are written under one folder;
what is returned is the table of `images.csv` and the number of phantom files skipped.
"""

import os
import re
import shutil
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import pandas as pd

from manyseeds import images, parallel
from manyseeds.errors import InputError
from manyseeds.phantoms import is_phantom

COLUMNS = ["image", "class", "group", "split", "width", "height"]
COLUMNS += ["bit_depth", "pages", "mode", "maximum", "sha256"]
SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".stk", ".lsm"}
SUFFIXES |= {".bmp", ".gif", ".webp", ".pgm", ".ppm", ".pnm", ".jp2"}


def describe_folder(
    folder: Path,
    *,
    classes: Sequence[str] | None = None,
    group: str | None = None,
    splits: Sequence[str] | None = None,
    workers: int = 1,
) -> tuple[pd.DataFrame, int]:
    """Check a folder of class folders and return its table of images.

    Parameters
    ----------
    folder : path
        Holds ``<class>/**/<image>`` or, with `splits`, ``<split>/<class>/**/<image>``.
        Other files beside the class folders are left alone.
    classes : sequence of str, optional
        The classes wanted, in the order of the table; all, sorted, by default.
    group : str, optional
        Regular expression, searched in an image's path relative to `folder`, whose group
        "group" (or first group, or whole match) names the image's group. By default each
        image is its own.
    splits : sequence of str, optional
        The folders above the class folders.
    workers : int
        Processes that check the images.

    Returns
    -------
    table : pandas.DataFrame
        Columns as in `COLUMNS`; sorted by split and class as given, then by path.
    phantoms : int
        How many phantom files, such as ``.DS_Store``, were skipped.

    Raises
    ------
    InputError
        A folder is missing; there are no class folders, or one alone; a class has no
        images; a file among them is not an image or damaged; the pattern does not match.
    """
    folder = Path(folder)
    roots = [(split, folder / split) for split in splits] if splits else [("", folder)]
    for split, root in roots:
        if not root.is_dir():
            keys = "`source.path` or `source.splits`" if split else "`source.path`"
            raise InputError(f"{root}: no such folder. Mend {keys}.")
    rows, phantoms, found = [], 0, set()
    for _, root in roots:
        folders, skipped = _class_folders(root)
        phantoms += skipped
        found.update(folders)
    names = list(classes or sorted(found))
    for split, root in roots:
        for name in names:
            files, skipped = _walk(root / name)
            phantoms += skipped
            for file in files:
                path = (PurePosixPath(split) / name / file).as_posix()
                rows.append({"image": path, "class": name, "split": split})
    check_classes(folder, names, rows)
    table = pd.DataFrame(rows)
    table["group"] = [_group(path, group) for path in table["image"]]
    described = parallel.in_parallel(
        partial(_inspect_batch, folder=folder), table["image"], workers, "checking images"
    )
    facts = pd.DataFrame([fact for batch in described for fact in batch])
    return pd.concat([table, facts], axis=1)[COLUMNS], phantoms


def copy_folder(folder: Path, out: Path, **selection: Any) -> tuple[pd.DataFrame, int]:
    """Copy a folder's images, byte for byte and to the same relative paths, having checked all.

    Parameters
    ----------
    folder : path
        The folder of class folders.
    out : path
        Gets the images.
    **selection
        classes, group, splits and workers, as in `describe_folder`.

    Returns
    -------
    table, phantoms
        As `describe_folder`, which also tells what is raised.
    """
    table, phantoms = describe_folder(folder, **selection)
    for path in table["image"]:
        target = Path(out, path)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(folder, path), target)
    return table, phantoms


def check_classes(source: Path | str, names: Sequence[str], rows: Sequence[dict]) -> None:
    """Raise unless there are two classes or more and each has images.

    Parameters
    ----------
    source : path or str
        What the message names.
    names : sequence of str
        The classes wanted.
    rows : sequence of dict
        The images found, each with its ``class``.

    Raises
    ------
    InputError
        There is no class, or one alone, or one without images.
    """
    if not names:
        raise InputError(
            f"{source}: has no class folders. Put the images of each class into a folder of "
            "its own there."
        )
    if len(names) == 1:
        raise InputError(
            f"{source}: has one class only ({names[0]}). Bring a second class folder; if the "
            "classes lie deeper, give that folder as `source.path` (in an archive, as "
            "`source.inside`)."
        )
    found = {row["class"] for row in rows}
    for name in names:
        if name not in found:
            raise InputError(
                f"{source}: class {name} has no images. Add images to its folder, or leave it "
                "out by listing the others under `classes`."
            )


def _class_folders(root: Path) -> tuple[list[str], int]:
    """Return the folders in a folder and how many phantom files lie beside them."""
    folders, phantoms = [], 0
    for entry in sorted(root.iterdir()):
        if is_phantom(entry.name):
            phantoms += entry.is_file()
        elif entry.is_dir():
            folders.append(entry.name)
        elif entry.suffix.lower() in SUFFIXES:
            raise InputError(
                f"{entry}: lies outside any class folder. Move it into the folder of its class."
            )
    return folders, phantoms


def _walk(folder: Path) -> tuple[list[str], int]:
    """Return a class folder's images, relative to it and sorted, and a count of phantom files."""
    files, phantoms = [], 0
    for parent, folders, names in os.walk(folder):
        for name in folders:
            if Path(parent, name).is_symlink():
                raise InputError(f"{Path(parent, name)}: a link to a folder. Put the folder here.")
        for name in names:
            path = Path(parent, name).relative_to(folder)
            if is_phantom(path):
                phantoms += 1
            elif path.suffix.lower() not in SUFFIXES:
                raise InputError(
                    f"{folder / path}: not an image by its name, yet in a class folder. Move it "
                    "elsewhere, or give it the suffix of its format, such as .png or .tif."
                )
            else:
                files.append(path.as_posix())
    return sorted(files), phantoms


def _group(path: str, pattern: str | None) -> str:
    if pattern is None:
        return path
    match = re.search(pattern, path)
    if not match:
        raise InputError(
            f"{path}: the pattern {pattern!r} finds no group in this path. Mend `source.group`."
        )
    if "group" in match.groupdict():
        return match["group"] or ""
    return match[1] if match.re.groups else match[0]


def _inspect_batch(paths: list[str], folder: Path) -> list[dict]:
    return [images.inspect(folder / path) for path in paths]
