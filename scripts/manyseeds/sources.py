"""Where images come from: a folder of class folders, an archive of them, or IDX files.

Each function checks everything, then writes image files under one folder and returns the
table of `images.csv` with the number of phantom files that were skipped.
"""

import gzip
import hashlib
import io
import os
import re
import shutil
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlparse

import numpy as np
import pandas as pd
from PIL import Image

from manyseeds import images
from manyseeds.errors import InputError

COLUMNS = ["image", "class", "group", "split", "width", "height"]
COLUMNS += ["bit_depth", "pages", "mode", "maximum", "sha256"]
SUFFIXES = {".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".stk", ".lsm"}
SUFFIXES |= {".bmp", ".gif", ".webp", ".pgm", ".ppm", ".pnm", ".jp2"}
IDX_FILES = {"train": "train-{}.gz", "test": "t10k-{}.gz"}
IDX_KINDS = ("images-idx3-ubyte", "labels-idx1-ubyte")


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
        How many files such as ``.DS_Store`` were skipped.

    Raises
    ------
    InputError
        A folder is missing; there are no class folders, or one alone; a class has no
        images; a file among them is not an image or damaged; the pattern does not match.
    """
    folder = Path(folder)
    roots = [(split, folder / split) for split in splits] if splits else [("", folder)]
    for _, root in roots:
        if not root.is_dir():
            raise InputError(f"{root}: no such folder. Mend the path in `source`.")
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
    _check_classes(folder, names, rows)
    table = pd.DataFrame(rows)
    table["group"] = [_group(path, group) for path in table["image"]]
    described = images.in_parallel(
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


def unpack_archive(
    source: str | Path,
    out: Path,
    *,
    sha256: str | None = None,
    inside: str | None = None,
    cache: Path | None = None,
    **selection: Any,
) -> tuple[pd.DataFrame, int]:
    """Unpack a zip or tar archive of class folders, fetched first when it has a URL.

    Parameters
    ----------
    source : path or str
        A file, or an address beginning with http://, https:// or ftp://.
    out : path
        Gets the images.
    sha256 : str, optional
        Checksum of the archive.
    inside : str, optional
        Folder within the archive that holds the class folders (or the splits).
    cache : path, optional
        Where downloads are kept; the user's cache folder by default.
    **selection
        classes, group, splits and workers, as in `describe_folder`.

    Returns
    -------
    table, phantoms
        As `describe_folder`.

    Raises
    ------
    InputError
        As `describe_folder`, and: the archive is missing, damaged, cannot be fetched, has
        another checksum, or has members that point outside of it.
    """
    archive = _fetch(str(source), sha256, cache)
    with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
        _unpack(archive, Path(scratch))
        folder = Path(scratch, inside or "")
        if not folder.is_dir():
            raise InputError(f"{source}: has no folder {inside!r}. Mend `source: inside`.")
        try:
            return copy_folder(folder, out, **selection)
        except InputError as error:
            # The scratch folder is gone by the time the message is read.
            raise InputError(str(error).replace(scratch, str(source))) from error


def read_idx(
    source: str | Path,
    out: Path,
    *,
    names: Sequence[str] | None = None,
    classes: Sequence[str] | None = None,
    cache: Path | None = None,
    workers: int = 1,
) -> tuple[pd.DataFrame, int]:
    """Write gzipped IDX pairs (as MNIST's and Fashion-MNIST's) as PNGs in class folders.

    Parameters
    ----------
    source : path or str
        A folder or base address with ``train-images-idx3-ubyte.gz``,
        ``train-labels-idx1-ubyte.gz`` and the same two beginning with ``t10k-``.
    out : path
        Gets ``<split>/<class>/NNNNN.png``, split being train or test and NNNNN the place in
        the IDX file.
    names : sequence of str, optional
        The classes' names in the order of their labels; "0", "1" ... by default. Characters
        that file names cannot have become "-".
    classes : sequence of str, optional
        The classes wanted, as in `names`; all by default.
    cache : path, optional
        Where downloads are kept.
    workers : int
        Processes that write.

    Returns
    -------
    table, phantoms
        As `describe_folder`; each image is its own group and no phantoms are met.

    Raises
    ------
    InputError
        A file is missing, damaged, not IDX, or has more labels than `names`.
    """
    pairs = {split: _read_pair(source, split, cache) for split in IDX_FILES}
    top = max(int(labels.max()) for _, labels in pairs.values())
    safe = [_safe(name) for name in (names or range(top + 1))]
    if len(set(safe)) <= top:
        raise InputError(
            f"{source}: has the labels 0 to {top}, but {len(set(safe))} names are given. "
            "Name every class, each differently."
        )
    wanted = [_safe(name) for name in (classes or safe)]
    rows, pixels = [], []
    for split, (pictures, labels) in pairs.items():
        for number, label in enumerate(labels):
            if safe[label] in wanted:
                path = f"{split}/{safe[label]}/{number:05d}.png"
                rows.append({"image": path, "class": safe[label], "group": path, "split": split})
                pixels.append(pictures[number])
    _check_classes(source, wanted, rows)
    for parent in {Path(out, row["image"]).parent for row in rows}:
        parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame(rows)
    written = images.in_parallel(
        partial(_write_batch, out=out),
        zip(table["image"], pixels, strict=True),
        workers,
        "writing PNGs",
    )
    facts = pd.DataFrame([fact for batch in written for fact in batch])
    return pd.concat([table, facts], axis=1)[COLUMNS], 0


def _class_folders(root: Path) -> tuple[list[str], int]:
    """Return the folders in a folder and how many phantoms lie beside them."""
    folders, phantoms = [], 0
    for entry in sorted(root.iterdir()):
        if images.is_phantom(entry.name):
            phantoms += entry.is_file()
        elif entry.is_dir():
            folders.append(entry.name)
        elif entry.suffix.lower() in SUFFIXES:
            raise InputError(
                f"{entry}: lies outside any class folder. Move it into the folder of its class."
            )
    return folders, phantoms


def _walk(folder: Path) -> tuple[list[str], int]:
    """Return the images below a class folder, relative to it and sorted, and skip phantoms."""
    files, phantoms = [], 0
    for parent, folders, names in os.walk(folder):
        for name in folders:
            if Path(parent, name).is_symlink():
                raise InputError(f"{Path(parent, name)}: a link to a folder. Put the folder here.")
        for name in names:
            path = Path(parent, name).relative_to(folder)
            if images.is_phantom(path):
                phantoms += 1
            elif path.suffix.lower() not in SUFFIXES:
                raise InputError(
                    f"{folder / path}: not an image by its name, yet in a class folder. Move it "
                    "elsewhere, or give it the suffix of its format, such as .png or .tif."
                )
            else:
                files.append(path.as_posix())
    return sorted(files), phantoms


def _check_classes(source: Path | str, names: Sequence[str], rows: Sequence[dict]) -> None:
    """Raise unless there are two classes with images."""
    if not names:
        raise InputError(
            f"{source}: has no class folders. Put the images of each class into a folder of "
            "its own there."
        )
    if len(names) == 1:
        raise InputError(
            f"{source}: has one class only ({names[0]}). Bring a second class folder; if the "
            "classes lie deeper, give that folder's path (for an archive: `source: inside`)."
        )
    found = {row["class"] for row in rows}
    for name in names:
        if name not in found:
            raise InputError(
                f"{source}: class {name} has no images. Add images to its folder, or leave it "
                "out by listing the others under `classes`."
            )


def _group(path: str, pattern: str | None) -> str:
    if pattern is None:
        return path
    match = re.search(pattern, path)
    if not match:
        raise InputError(
            f"{path}: the pattern {pattern!r} finds no group in this path. Mend `source: group`."
        )
    if "group" in match.groupdict():
        return match["group"] or ""
    return match[1] if match.re.groups else match[0]


def _inspect_batch(paths: list[str], folder: Path) -> list[dict]:
    return [images.inspect(folder / path) for path in paths]


def _fetch(source: str, sha256: str | None, cache: Path | None) -> Path:
    """Return the local file of a path or address, its checksum checked."""
    if urlparse(source).scheme not in {"http", "https", "ftp"}:
        path = Path(source)
        if not path.is_file():
            raise InputError(f"{source}: no such file. Mend the path in `source`.")
        if sha256:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256.lower():
                raise _wrong_checksum(source, f"has {found}, not {sha256}")
        return path
    import pooch

    pooch.get_logger().setLevel("WARNING")
    known = f"sha256:{sha256.lower()}" if sha256 else None
    folder = cache or pooch.os_cache("manyseeds")
    try:
        return Path(pooch.retrieve(source, known_hash=known, path=folder, progressbar=True))
    except ValueError as error:
        raise _wrong_checksum(source, "does not match") from error
    except OSError as error:
        raise InputError(
            f"{source}: cannot be downloaded ({error}). Check the address and the network, or "
            "download it by hand and give its path."
        ) from error


def _wrong_checksum(source: str, found: str) -> InputError:
    return InputError(
        f"{source}: its sha256 checksum is wrong ({found}). Fetch the file again, or mend "
        "`source: sha256`."
    )


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar archive, refusing members that point outside `folder`."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                for member in file.namelist():
                    path = PurePosixPath(member.replace("\\", "/"))
                    if path.is_absolute() or ".." in path.parts:
                        raise InputError(
                            f"{archive}: its member {member} points outside. Do not use it; "
                            "pack the images anew."
                        )
                file.extractall(folder)
        else:
            with tarfile.open(archive) as file:
                file.extractall(folder, filter="data")
    except tarfile.FilterError as error:
        raise InputError(f"{archive}: {error}. Do not use it; pack the images anew.") from error
    except (tarfile.TarError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise InputError(
            f"{archive}: not a whole zip or tar archive ({error}). Fetch it again."
        ) from error


def _read_pair(source: str | Path, split: str, cache: Path | None) -> tuple[np.ndarray, np.ndarray]:
    """Return the images (n, height, width) and labels (n,) of a split, uint8."""
    base = str(source).rstrip("/")
    paths = [_fetch(f"{base}/{IDX_FILES[split].format(kind)}", None, cache) for kind in IDX_KINDS]
    pixels, labels = (_parse_idx(path, axes) for path, axes in zip(paths, (3, 1), strict=True))
    if len(pixels) != len(labels):
        raise InputError(
            f"{paths[0]}: has {len(pixels)} images, but {paths[1]} {len(labels)} labels. "
            "Fetch both again."
        )
    return pixels, labels


def _parse_idx(path: Path, axes: int) -> np.ndarray:
    """Read an IDX file of unsigned bytes (format: http://yann.lecun.com/exdb/mnist)."""
    try:
        data = gzip.decompress(path.read_bytes())
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{path}: not a whole gzip file ({error}). Fetch it again.") from error
    start = 4 + 4 * axes
    # Two zero bytes, 8 for unsigned bytes, the number of axes; then each axis's length.
    if len(data) < start or data[:4] != bytes([0, 0, 8, axes]):
        raise InputError(f"{path}: not an IDX file of bytes with {axes} axes. Fetch it again.")
    shape = struct.unpack(f">{axes}I", data[4:start])
    if len(data) - start != np.prod(shape) or not np.prod(shape):
        raise InputError(f"{path}: its length does not fit its header. Fetch it again.")
    return np.frombuffer(data, np.uint8, offset=start).reshape(shape)


def _write_batch(jobs: list[tuple[str, np.ndarray]], out: Path) -> list[dict]:
    """Write some gray images as PNG and describe them as `images.inspect` would."""
    rows = []
    for path, pixels in jobs:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "PNG", compress_level=1)
        Path(out, path).write_bytes(file.getvalue())
        rows.append(
            {
                "width": pixels.shape[1],
                "height": pixels.shape[0],
                "bit_depth": 8,
                "pages": 1,
                "mode": "L",
                "maximum": int(pixels.max()),
                "sha256": hashlib.sha256(file.getvalue()).hexdigest(),
            }
        )
    return rows


def _safe(name: str | int) -> str:
    """Return a class's name as a folder can have it: "T-shirt/top" is "T-shirt-top"."""
    return re.sub(r'[/\\:*?"<>|\x00-\x1f]', "-", str(name))
