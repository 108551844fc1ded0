"""Walking through a folder of images: what is in it, and what is wrong with its names and links.

Imports little: the workflow itself looks here, before any job.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from manyseeds.errors import InputError
from manyseeds.sources.naming import check_name
from manyseeds.sources.phantoms import LeftOut, is_phantom_file, is_phantom_folder

SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".stk", ".lsm"}
SUFFIXES |= {".bmp", ".gif", ".webp", ".pgm", ".ppm", ".pnm", ".jp2", ".heic", ".heif", ".avif"}
SUFFIXES |= {".czi", ".nd2", ".lif", ".oib", ".oif", ".zarr"}
MICROSCOPE_SUFFIXES = {".ims", ".vsi", ".zvi", ".dv", ".mrxs", ".svs", ".ndpi"}
"""Of microscopes' and scanners' own formats, which are not read."""
FOLDER_SUFFIX = ".zarr"
"""Of images that are folders: none of the files in them is an image of its own."""
PLANES = ".oif.files"
"""How the folder of an Olympus image's planes ends. The image is the file beside it, without
``.files``."""
EXPORT = "Export to TIFF, see docs/your-images.md."


def is_image_name(path: PurePosixPath | Path | str) -> bool:
    """Tell whether a file is an image by its suffix."""
    return _suffix(path) in SUFFIXES


def is_image_folder(path: PurePosixPath | Path | str) -> bool:
    """Tell whether a folder is one image, as those of Zarr are, by its suffix."""
    return PurePosixPath(path).suffix.lower() == FOLDER_SUFFIX


def is_microscope_name(path: PurePosixPath | Path | str) -> bool:
    """Tell whether a file is in a microscope's own format by its suffix."""
    return _suffix(path) in MICROSCOPE_SUFFIXES


def _suffix(path: PurePosixPath | Path | str) -> str:
    # As text: a path takes longer to make than a small image to read.
    return os.path.splitext(path)[1].lower()  # noqa: PTH122


def class_folders(root: Path) -> tuple[list[str], LeftOut, list[str]]:
    """Return the folders in a folder, and what else lies there.

    Parameters
    ----------
    root : path
        The folder. Folders in it may be links.

    Returns
    -------
    folders : list of str
        Names, sorted.
    phantoms : LeftOut
        Phantom files and folders beside them.
    others : list of str
        Other files beside them, none of which is an image.

    Raises
    ------
    InputError
        The folder cannot be read; it holds an image, a link that leads nowhere or in a
        circle, or a name with control characters.
    """
    folders, phantoms, others = [], LeftOut(is_image_name), []
    with _readable():
        for entry in sorted(Path(root).iterdir()):
            # Nothing is asked of what nobody may read, such as .Trash.
            if (is_phantom_folder if os.path.isdir(entry) else is_phantom_file)(entry.name):  # noqa: PTH112
                phantoms.add(entry)
                continue
            check_name(entry)
            if _is_image(entry):
                raise InputError(
                    f"{entry}: lies outside any class folder. Move it into the folder of its "
                    "class, or give `source.class`, a pattern that finds the class in a file's "
                    "path."
                )
            if entry.is_dir():
                if not _holds_planes(entry):
                    folders.append(entry.name)
            elif entry.is_symlink() and not entry.exists():
                raise InputError(
                    f"{entry}: a link that leads nowhere or in a circle. Fix or delete the link."
                )
            else:
                others.append(entry.name)
    return folders, phantoms, others


def files(folder: Path) -> tuple[list[str], LeftOut]:
    """Return the images and other files under a folder, and the phantoms left out.

    Parameters
    ----------
    folder : path
        May itself be a link. Links to files are followed, wherever they lead.

    Returns
    -------
    paths : list of str
        Relative to `folder`, with slashes, sorted. A folder that is one image stands for its
        files; the planes of an Olympus image are left to it.
    phantoms : LeftOut
        Phantom files and folders.

    Raises
    ------
    InputError
        A folder cannot be read, is a link, or has the planes of an image that is not there; a
        name has control characters.
    """
    found, phantoms = [], LeftOut(is_image_name)
    with _readable():
        for parent, folders, names in os.walk(folder, onerror=_raise):
            entered = []
            for path in (Path(parent, name) for name in folders):
                if is_phantom_folder(path.name):
                    phantoms.add(path)
                    continue
                check_name(path)
                if is_image_folder(path):
                    found.append(path.relative_to(folder).as_posix())
                elif path.is_symlink():
                    raise InputError(
                        f"{path}: a link to a folder, which is not followed as it may lead in a "
                        "circle. Put the folder itself here."
                    )
                elif not _holds_planes(path):
                    entered.append(path.name)
            # In place, so that the walk enters no other.
            folders[:] = entered
            for path in (Path(parent, name) for name in names):
                if is_phantom_file(path.name):
                    phantoms.add(path)
                else:
                    check_name(path)
                    found.append(path.relative_to(folder).as_posix())
    return sorted(found), phantoms


def subfolders(folder: Path) -> list[str]:
    """Return the names of the folders in a folder that are no phantoms and no images, sorted.

    What cannot be read has none: whoever reads it later says so.
    """
    try:
        with os.scandir(folder) as entries:
            return sorted(
                entry.name
                for entry in entries
                if entry.is_dir()
                and not is_phantom_folder(entry.name)
                and not is_image_folder(entry.name)
                and not entry.name.lower().endswith(PLANES)
            )
    except OSError:
        return []


def _is_image(path: Path) -> bool:
    """Tell whether something is an image by its name: a file, or a folder that is one image."""
    return is_image_folder(path) if path.is_dir() else is_image_name(path)


def _holds_planes(folder: Path) -> bool:
    """Tell whether a folder holds the planes of an Olympus image; raise if that is not there."""
    if not folder.name.lower().endswith(PLANES):
        return False
    image = folder.name[: -len(".files")]
    if not os.path.lexists(folder.parent / image):
        raise InputError(
            f"{folder}: holds the planes of an Olympus image, {image}, which is not beside it. Put "
            "it there, or delete the folder."
        )
    return True


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
