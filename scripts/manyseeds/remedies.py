"""Sources that are missing, and what to do about them.

Needs nothing but the standard library: it looks before any job, in whatever runs Snakemake.
"""

import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Source = Mapping[str, Any]

IDX_SPLITS = {
    split: (f"{stem}-images-idx3-ubyte.gz", f"{stem}-labels-idx1-ubyte.gz")
    for split, stem in {"train": "train", "test": "t10k"}.items()
}
"""The files of images and labels of each split, named as MNIST's."""
IDX_FILES = tuple(name for names in IDX_SPLITS.values() for name in names)
TORCHVISION_FOLDERS = {"CIFAR10": "cifar-10-batches-py", "FashionMNIST": "FashionMNIST"}
"""The folder of each of torchvision's datasets in its root folder."""
TORCHVISION_FILES = {
    "CIFAR10": (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch", "batches.meta"),
    "FashionMNIST": tuple(f"raw/{name.removesuffix('.gz')}" for name in IDX_FILES),
}
"""The files that torchvision needs in that folder."""
PACKAGES = {"/usr/share/datasets/fashion-mnist": "dataset-fashion-mnist"}
"""Debian's packages by the folder in which their data lie."""


def missing(source: Source, location: str) -> str:
    """Return what is wrong with a source's path and what to do, or "" if it is there.

    Parameters
    ----------
    source : mapping
        As in a study, with its ``kind``.
    location : str
        Its path or address, environment variables filled in.

    Returns
    -------
    str
        Empty for sources without a path, too: they are made or downloaded.
    """
    if not is_local(source, location):
        return ""
    path = local_path(location)
    try:
        if source["kind"] == "idx" and path.is_dir():
            lacking = lacking_files(source, path)
            if not lacking:
                return ""
            fault = f"{location} lacks {', '.join(lacking)}."
        elif source["kind"] == "torchvision":
            folder, lacking = TORCHVISION_FOLDERS[source["name"]], lacking_files(source, path)
            if not lacking:
                return ""
            fault = f"{location} has no folder {folder}."
            if (path / folder).is_dir():
                fault = f"{location} has a folder {folder}, which lacks {', '.join(lacking)}."
        elif not path.exists():
            fault = f"{location} does not exist."
        elif source["kind"] == "archive" and not path.is_file():
            return f"{location} is a folder. For images in folders write `kind: folder`."
        elif source["kind"] == "folder" and not path.is_dir():
            return f"{location} is not a folder. For a zip or tar file write `kind: archive`."
        else:
            return ""
    except OSError as error:
        fault = f"{location} cannot be read ({error.strerror})."
    return f"{fault} {remedy(source, location)}"


def lacking_files(source: Source, folder: Path) -> list[str]:
    """Return the files that are not there of a source of known ones.

    Parameters
    ----------
    source : mapping
        Of the kind ``idx`` or ``torchvision``.
    folder : path
        Where the files of the first lie; torchvision's root folder.
    """
    names = IDX_FILES
    if source["kind"] == "torchvision":
        folder = folder / TORCHVISION_FOLDERS[source["name"]]
        names = TORCHVISION_FILES[source["name"]]
    return [name for name in names if not (folder / name).is_file()]


def remedy(source: Source, location: str) -> str:
    """Return what to do when a source is missing or cannot be downloaded."""
    kind = source["kind"]
    if kind == "torchvision" and "path" in source:
        return "Give torchvision's root folder, or leave the path out to have it downloaded."
    if "path" in source:
        package = PACKAGES.get(location.rstrip("/"))
        if package:
            return f"Install it (apt install {package}), or give its folder as `source.path`."
        variable = re.search(r"\$\{?(\w+)", source["path"])
        if variable:
            return f"Correct the path, or set the environment variable {variable[1]} in it."
        return "Correct the path; a relative one starts where the command is run."
    if kind == "git" and is_local(source, location):
        return "Correct `source.url`."
    if kind == "git":
        needs = "" if shutil.which("git") else "git is not installed: apt install git. "
        return (
            f"{needs}If it cannot be cloned: get the folders by hand, and use `kind: folder` with "
            "their `path` and `splits`."
        )
    if kind == "torchvision":
        by_hand = "apt install dataset-fashion-mnist, and use `kind: idx` with its `path`"
        if source["name"] != "FashionMNIST":
            by_hand = (
                "download and unpack it by hand, and give the folder around it as `source.path`"
            )
        return f"If it cannot be downloaded: {by_hand}."
    what = f"the files {', '.join(IDX_FILES)} into a folder" if kind == "idx" else "it"
    return (
        f"If it cannot be downloaded: download {what} by hand, and give `source.path` instead of "
        "`source.url`."
    )


def is_local(source: Source, location: str) -> bool:
    """Tell whether a source is read from a path, as a git repository may be, too."""
    return bool(location) and ("path" in source or location.startswith("file://"))


def local_path(location: str) -> Path:
    """Return the path of a location on this machine, also where it is written as an address."""
    return Path(location.removeprefix("file://"))
