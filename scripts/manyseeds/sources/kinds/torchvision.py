"""Images that torchvision downloads and reads, by the name of its dataset.

Licenses and citations are those of the datasets: https://docs.pytorch.org/vision.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from manyseeds.errors import InputError
from manyseeds.machine import disks
from manyseeds.sources import downloads, inventory, naming
from manyseeds.sources.base import KIND, Source, Streams
from manyseeds.sources.fetched import Fetched
from manyseeds.sources.shared_keys import PathKey


class Kept(NamedTuple):
    """How torchvision keeps a dataset.

    Attributes
    ----------
    folder : str
        In torchvision's root folder.
    files : tuple of str
        Those that it needs in that folder.
    address : str
        Where it downloads them from.
    download : int
        Bytes that are downloaded.
    by_hand : str
        What to do where it cannot be downloaded.
    """

    folder: str
    files: tuple[str, ...]
    address: str
    download: int
    by_hand: str


KEPT = {
    "CIFAR10": Kept(
        "cifar-10-batches-py",
        (*(f"data_batch_{n}" for n in range(1, 6)), "test_batch", "batches.meta"),
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
        170_498_071,
        "download and unpack it by hand, and give the folder around it as `source.path`",
    ),
    "FashionMNIST": Kept(
        "FashionMNIST",
        tuple(
            f"raw/{stem}-{what}-ubyte"
            for stem in ("train", "t10k")
            for what in ("images-idx3", "labels-idx1")
        ),
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        30_878_645,
        "apt install dataset-fashion-mnist, and use `kind: idx` with its `path`",
    ),
}


class Torchvision(Source):
    """A dataset that torchvision downloads and reads, by its name there."""

    place: ClassVar[int] = 5
    kind: Literal["torchvision"] = Field(description=KIND)
    name: Literal["CIFAR10", "FashionMNIST"] = Field(
        description="Name of the dataset in torchvision."
    )
    path: PathKey | None = Field(
        None,
        description="torchvision's root folder, with the dataset in it. Without it the dataset is "
        "downloaded.",
    )

    @property
    def where(self) -> str:
        """Its name, and its path or the address it is downloaded from."""
        return f"torchvision {self.name}, {self.location or KEPT[self.name].address}"

    @property
    def origin(self) -> str:
        """What a line of a log calls it."""
        return self.location or f"torchvision's {self.name}"

    def split_names(self) -> list[str]:
        """Return the names of its splits, train first."""
        return ["train", "test"]

    def folder_name(self, class_name: str) -> str:
        """Return a class's name without the characters that no folder can have."""
        return naming.safe_name(class_name)

    def remedy(self) -> str:
        """Return what to do when it is missing or cannot be downloaded."""
        if self.path is not None:
            return "Give torchvision's root folder, or leave the path out to have it downloaded."
        return f"If it cannot be downloaded: {KEPT[self.name].by_hand}."

    def fetch(
        self,
        out: Path,
        *,
        classes: Sequence[str] | None = None,
        on_bad_image: str = "stop",
        selection: Mapping[str, Any] | None = None,
        workers: int = 1,
        streams: Streams | None = None,
    ) -> Fetched:
        """Write its images as PNGs.

        Parameters are those of `Source.fetch`; `out` gets ``<split>/<class>/NNNNN.png``, split
        being train or test and NNNNN the place in torchvision's dataset. No image can be damaged
        by itself.

        Raises
        ------
        InputError
            The dataset is not there, damaged, or cannot be downloaded.
        """
        import numpy as np

        from manyseeds.sources.labelled_arrays import Labelled, write_pngs

        root = Path(self.location) if self.location else downloads.cache_folder() / "torchvision"
        with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
            splits = {}
            for split in self.split_names():
                with disks.naming_full(root):
                    dataset = _load(self.name, root, split == "train", download=not self.location)
                # The processes that write map it from a file, and this one lets go of it.
                pixels = Path(scratch, f"{split}.npy")
                array = np.asarray(dataset.data)
                disks.create_npy(pixels, array.shape, remedy=disks.FREE_SCRATCH)[:] = array
                splits[split] = Labelled(pixels, np.asarray(dataset.targets))
                names = list(dataset.classes)
                del dataset, array
            return write_pngs(self.name, splits, out, names=names, classes=classes, workers=workers)

    def _fault(self, path: Path) -> str:
        lacking = self._lacking(path)
        if not lacking:
            return ""
        folder = KEPT[self.name].folder
        fault = f"{self.location} has no folder {folder}."
        if (path / folder).is_dir():
            fault = f"{self.location} has a folder {folder}, which lacks {', '.join(lacking)}."
        return f"{fault} {self.remedy()}"

    def _lacking(self, root: Path) -> list[str]:
        """Return the files that are not there in a root folder of torchvision."""
        kept = KEPT[self.name]
        return [name for name in kept.files if not (root / kept.folder / name).is_file()]

    def _size(self, path: Path) -> tuple[int, bool]:
        return inventory.folder_size(path / KEPT[self.name].folder)

    def _to_download(self, cache: Path | None, ask: inventory.Ask) -> inventory.Availability:
        root = (cache or downloads.cache_folder()) / "torchvision"
        # A download that was cut off leaves some of the files.
        if not self._lacking(root):
            size, _ = inventory.folder_size(root / KEPT[self.name].folder)
            return inventory.Availability(self.where, "downloaded", size)
        return inventory.Availability(
            self.where, "to download", download=KEPT[self.name].download, remedy=self.remedy()
        )


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
                f"if it is well, delete {root / KEPT[name].folder} and run again. Or download it "
                "elsewhere and give torchvision's root folder as `source.path`."
            ) from error
        raise InputError(
            f"{root}: has no whole {name} as torchvision keeps it, in {KEPT[name].folder} "
            f"({said}). Fix `source.path`, or leave it out to have the dataset downloaded."
        ) from error
