"""Images that torchvision downloads and reads, by the name of its dataset.

Licenses and citations are those of the datasets: https://docs.pytorch.org/vision.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from manyseeds import disks, downloads
from manyseeds.errors import InputError
from manyseeds.labelled_arrays import Labelled, write_pngs
from manyseeds.remedies import TORCHVISION_FOLDERS as FOLDERS
from manyseeds.sources import Fetched


def read_torchvision(
    source: str | Path | None,
    out: Path,
    *,
    name: str,
    classes: Sequence[str] | None = None,
    cache: Path | None = None,
    workers: int = 1,
) -> Fetched:
    """Write a dataset of torchvision as PNGs in class folders.

    Parameters
    ----------
    source : path, optional
        torchvision's root folder, with the dataset in it. Without it the dataset is downloaded.
    out : path
        Gets ``<split>/<class>/NNNNN.png``, split being train or test and NNNNN the place in
        torchvision's dataset.
    name : str
        Of the dataset, a key of `remedies.TORCHVISION_FOLDERS`.
    classes, workers
        As in `labelled_arrays.write_pngs`; the names are torchvision's.
    cache : path, optional
        Where downloads are kept; in the user's cache folder by default.

    Raises
    ------
    InputError
        The dataset is not there, damaged, or cannot be downloaded.
    """
    root = Path(source) if source else (cache or downloads.cache_folder()) / "torchvision"
    with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
        splits = {}
        for split in ("train", "test"):
            with disks.naming_full(root):
                dataset = _load(name, root, split == "train", download=not source)
            # The processes that write map it from a file, and this one lets go of it.
            pixels = Path(scratch, f"{split}.npy")
            array = np.asarray(dataset.data)
            disks.create_npy(pixels, array.shape, remedy=disks.FREE_SCRATCH)[:] = array
            splits[split] = Labelled(pixels, np.asarray(dataset.targets))
            names = list(dataset.classes)
            del dataset, array
        return write_pngs(name, splits, out, names=names, classes=classes, workers=workers)


def _load(name: str, root: Path, train: bool, download: bool) -> Any:
    """Return torchvision's dataset, which checks the sums of what it downloads."""
    # Here, as it takes seconds.
    from torchvision import datasets

    try:
        if download:
            root.mkdir(parents=True, exist_ok=True)
        return getattr(datasets, name)(root, train=train, download=download)
    # Damaged files make it raise nearly anything: RuntimeError, AssertionError, UnpicklingError.
    except Exception as error:
        if isinstance(error, OSError) and error.errno in disks.FULL:
            raise
        said = " ".join(str(error).split()) or type(error).__name__
        if download:
            raise InputError(
                f"source.name: {name} cannot be downloaded to {root} ({said}). Check the network; "
                f"if it is well, delete {root / FOLDERS[name]} and run again. Or download it "
                "elsewhere and give torchvision's root folder as `source.path`."
            ) from error
        raise InputError(
            f"{root}: has no whole {name} as torchvision keeps it, in {FOLDERS[name]} ({said}). "
            "Mend `source.path`, or leave it out to have the dataset downloaded."
        ) from error
