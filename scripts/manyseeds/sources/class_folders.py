"""Images that come as a folder of class folders, or as one whose file names tell the class.

What the kinds `folder`, `archive` and `git` have in common.
"""

import logging
import shutil
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from manyseeds.errors import BadImage, InputError
from manyseeds.machine import processes
from manyseeds.sources import naming, patterns, walks
from manyseeds.sources.fetched import (
    COLUMNS,
    SKIPPED_COLUMNS,
    Fetched,
    check_classes,
    nothing_left,
)
from manyseeds.sources.layouts import Layout
from manyseeds.sources.phantoms import LeftOut, is_phantom_folder

if TYPE_CHECKING:
    from manyseeds.images.selection import Selection

logger = logging.getLogger(__name__)


def describe_folder(folder: Path, **selection: Any) -> Fetched:
    """Check a folder of images and return its table.

    Parameters
    ----------
    folder : path
        As in `copy_folder`, which has the parameters and what is raised.
    **selection
        classes, class_pattern, group, angle, splits, on_bad_image, selection and workers.
    """
    return _fetch(folder, None, **selection)


def copy_folder(folder: Path, out: Path, **selection: Any) -> Fetched:
    """Copy a folder's images, byte for byte and to the same relative paths, checking each.

    Parameters
    ----------
    folder : path
        Holds ``<class>/**/<image>`` or, with `splits`, ``<split>/<class>/**/<image>``.
        Other files beside the class folders are left alone; the log counts them.
    out : path
        Gets the images; deleted again when anything is wrong.
    classes : sequence of str, optional
        The classes wanted, in the order of the table; all, sorted, by default.
    class_pattern : str, optional
        Regular expression that finds the class in an image's path relative to `folder`
        (see `patterns.search`). All images under the folder are taken then, and its folders
        mean nothing. The log counts what are no images by their names.
    group : str, optional
        The same for an image's group. By default each image is its own.
    angle : str, optional
        The same for the degrees by which an image is rotated; 0 where it finds nothing.
    splits : sequence or mapping of str, optional
        The folders above the class folders, named as the splits, or folders by split.
    inside : str, optional
        The source's key ``inside``, if it has one, for messages: others have ``path``.
    known_as : str, optional
        What the log calls the folder, if it is a temporary one.
    on_bad_image : "stop" or "skip"
        Whether a damaged image is raised, or left out and listed.
    selection : mapping, optional
        The keys of a dataset that say which planes of an image are used; see
        `images.selection.Selection`.
    workers : int
        Processes that check and copy.

    Raises
    ------
    InputError
        A folder is missing, cannot be read, or is a link within a class; there are no
        classes, one alone, or two that differ in case; the class folders are splits, or days
        or the like above the classes, and no `classes` are given; a class has no images, or
        none that are not damaged; a file among them is not an image, damaged, or in a
        microscope's own format, or all files are; a pattern finds no class or group; a name has
        control characters; no space is left.
    """
    with nothing_left(out):
        return _fetch(folder, Path(out), **selection)


def _fetch(
    folder: Path,
    out: Path | None,
    *,
    classes: Sequence[str] | None = None,
    class_pattern: str | None = None,
    group: str | None = None,
    angle: str | None = None,
    splits: Sequence[str] | Mapping[str, str] | None = None,
    inside: str | None = None,
    known_as: str | None = None,
    on_bad_image: str = "stop",
    selection: Mapping[str, Any] | None = None,
    workers: int = 1,
) -> Fetched:
    """Check a folder's images, and copy them if there is where to."""
    # Before the processes part, so that not each of them imports it.
    import manyseeds.images.reading  # noqa: F401

    folder = naming.as_on_disk(Path(folder))
    parts = walks.split_folders(splits)
    for split, part in parts.items():
        there = naming.as_on_disk(folder / part)
        if not there.is_dir():
            keys = "`source.path` or `source.splits`" if split else "`source.path`"
            raise InputError(f"{folder / part}: no such folder. Fix {keys}.")
        parts[split] = there.relative_to(folder).as_posix()
    classes = [naming.nfc(name) for name in classes] if classes else None
    hidden = [name for name in classes or () if is_phantom_folder(name) and not class_pattern]
    if hidden:
        raise InputError(
            f"classes: a folder named {hidden[0]} is left out, as those of systems and drives are. "
            "Rename the folder, and the class with it."
        )
    collect = partial(_by_pattern, pattern=class_pattern) if class_pattern else _by_folder
    rows, phantoms, found, ignored = collect(folder, parts, classes)
    if str(phantoms):
        logger.info(f"left out: {phantoms}")
    _tell_of_ignored(folder, ignored, some=bool(rows))
    naming.check_case(folder, found)
    if not (classes or class_pattern):
        Layout(
            folder, parts, sorted(found), known_as or str(folder), inside, grouped=bool(group)
        ).check()
    names = classes or sorted(map(naming.nfc, found))
    check_classes(folder, names, rows)
    order = {name: place for place, name in enumerate(names)}
    places = {split: place for place, split in enumerate(parts)}
    rows = [row for row in rows if row["class"] in order]
    rows.sort(key=lambda row: (places[row["split"]], order[row["class"]], row["image"]))
    for row in rows:
        row["group"] = patterns.name(row["image"], group, "group") if group else row["image"]
        row["angle"] = patterns.angle(row["image"], angle)
    for parent in {(out / row["image"]).parent for row in rows} if out else ():
        parent.mkdir(parents=True, exist_ok=True)
    take = partial(
        _take_batch, folder=folder, out=out, skip=on_bad_image == "skip", selection=selection or {}
    )
    label = "copying images" if out else "checking images"
    taken = processes.in_parallel(take, [row["image"] for row in rows], workers, label)
    facts = [fact for batch in taken for fact in batch]
    return _sorted_out(folder, names, rows, facts, phantoms.total)


def _by_folder(
    folder: Path, parts: Mapping[str, str], classes: Sequence[str] | None
) -> tuple[list[dict], LeftOut, set[str], list[str]]:
    """Return images with split and class by their folders.

    And the phantoms, all classes as their folders are named, and the files that are ignored.
    """
    rows: list[dict] = []
    phantoms, found, ignored = LeftOut(walks.is_image_name), set(), []
    for split, part in parts.items():
        here, skipped, others = walks.class_folders(folder / part)
        phantoms.include(skipped)
        ignored += [PurePosixPath(part, name).as_posix() for name in others]
        found.update(here)
        for name in here:
            known = naming.nfc(name)
            if classes is not None and known not in classes:
                continue
            paths, skipped = walks.files(folder / part / name)
            phantoms.include(skipped)
            images_here = (PurePosixPath(part, name, path).as_posix() for path in paths)
            rows += [{"image": path, "class": known, "split": split} for path in images_here]
    return rows, phantoms, found, ignored


def _by_pattern(
    folder: Path, parts: Mapping[str, str], classes: Sequence[str] | None, *, pattern: str
) -> tuple[list[dict], LeftOut, set[str], list[str]]:
    """Return the same as `_by_folder`, the class found in each path by a pattern."""
    rows, phantoms, ignored = [], LeftOut(walks.is_image_name), []
    for split, part in parts.items():
        paths, skipped = walks.files(folder / part)
        _check_parents(folder, part, paths)
        phantoms.include(skipped)
        for path in (PurePosixPath(part, path).as_posix() for path in paths):
            # A list of the images or a note may lie beside them.
            if walks.is_image_name(path):
                name = patterns.name(path, pattern, "class")
                rows.append({"image": path, "class": name, "split": split})
            else:
                ignored.append(path)
    return rows, phantoms, {row["class"] for row in rows}, ignored


def _check_parents(folder: Path, part: str, paths: Sequence[str]) -> None:
    """Raise if two folders differ only in how accents are encoded: patterns cannot tell them."""
    seen: dict[str, str] = {}
    for parent in sorted({PurePosixPath(path).parent.as_posix() for path in paths}):
        first = seen.setdefault(naming.nfc(parent), parent)
        if first != parent:
            raise InputError(
                f"{folder / part}: the folders {first!a} and {parent!a} differ only in "
                "how their accents are encoded. Rename one, or put their images together."
            )


def _tell_of_ignored(folder: Path, ignored: list[str], some: bool) -> None:
    """Log the files that are no images by their names; raise if there are none but a microscope's.

    Parameters
    ----------
    folder : path
        What the message names.
    ignored : list of str
        The files.
    some : bool
        Whether there are images besides.
    """
    own = [path for path in ignored if walks.is_microscope_name(path)]
    if own and not some:
        raise InputError(
            f"{folder}: has no images, but files in a microscope's own format, which is not "
            f"read: {len(own):,} (such as {own[0]}). {walks.EXPORT}"
        )
    if ignored:
        hint = f", in a microscope's own format: {len(own):,}. {walks.EXPORT}" if own else ""
        logger.info(
            f"ignored files, no images by their names: {len(ignored):,} (such as "
            f"{(own or ignored)[0]}){hint}"
        )


def _take_batch(
    paths: list[str], folder: Path, out: Path | None, skip: bool, selection: Mapping[str, Any]
) -> list[Any]:
    """Check some images and copy them; return the facts of each, or what is wrong with it."""
    from manyseeds.images.selection import Selection

    taken: list[Any] = []
    planes = Selection.of(selection)
    for path in paths:
        # As text: a Path takes longer to make than a small image to read.
        target = f"{out}/{path}" if out else ""
        try:
            taken.append(_take(f"{folder}/{path}", target, planes))
        except BadImage as error:
            if not skip:
                raise
            taken.append(error.reason)
    return taken


def _take(path: str, target: str, selection: "Selection") -> list[dict[str, Any]]:
    """Check an image and copy it to a target, if there is one; return the facts of each of its."""
    if walks.is_microscope_name(path):
        raise BadImage(path, "in a microscope's own format, which is not read", walks.EXPORT)
    if not walks.is_image_name(path):
        raise BadImage(
            path,
            "not an image by its name, yet in a class folder",
            "Move it elsewhere, or give it the suffix of its format, such as .png or .tif.",
        )
    from manyseeds.images import reading

    data = reading.content(path)
    facts = reading.inspect(path, selection, data)
    if target and data is not None:
        with open(target, "wb", buffering=0) as file:  # noqa: PTH123
            file.write(data)
    elif target:
        _copy(Path(path), Path(target))
    planes = reading.planes_beside(path)
    if target and planes:
        _copy(planes, Path(target).with_name(planes.name))
    return facts


def _copy(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, target)
    else:
        shutil.copyfile(path, target)


def _sorted_out(
    folder: Path, names: Sequence[str], rows: list[dict], taken: list[Any], phantoms: int
) -> Fetched:
    """Part the images that were taken from those that were skipped."""
    import pandas as pd

    good = [
        # A file of several images is a group, unless the study has groups of its own.
        row | fact | {"image": row["image"] + fact["name"], "file": row["image"]}
        for row, facts in zip(rows, taken, strict=True)
        if isinstance(facts, list)
        for fact in facts
    ]
    bad = [
        {"image": row["image"], "reason": fact, "class": row["class"]}
        for row, fact in zip(rows, taken, strict=True)
        if isinstance(fact, str)
    ]
    for name in sorted({row["class"] for row in bad} - {row["class"] for row in good}):
        lost = [row for row in bad if row["class"] == name]
        raise InputError(
            f"{folder}: class {name} has no image left, all {len(lost)} were skipped (the first, "
            f"{lost[0]['image']}: {lost[0]['reason']}). Replace its images."
        )
    skipped = pd.DataFrame(bad, columns=[*SKIPPED_COLUMNS, "class"])[SKIPPED_COLUMNS]
    return Fetched(pd.DataFrame(good)[COLUMNS], phantoms, skipped)
