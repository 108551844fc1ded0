"""Images that come as a zip or tar archive of class folders, here or at an address."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from manyseeds.errors import InputError
from manyseeds.machine import disks
from manyseeds.sources import downloads, naming, unpacking
from manyseeds.sources.base import KIND, Streams
from manyseeds.sources.fetched import Fetched
from manyseeds.sources.shared_keys import InClassFolders, InsideKey, PathOrUrl


class Archive(InClassFolders, PathOrUrl):
    """A zip or tar archive of class folders, on this machine or at an address."""

    place: ClassVar[int] = 2
    kind: Literal["archive"] = Field(description=KIND)
    sha256: str | None = Field(
        None, pattern="^[0-9a-fA-F]{64}$", description="SHA-256 of the file in hexadecimal."
    )
    inside: InsideKey = "."

    def remedy(self) -> str:
        """Return what to do when it is missing or cannot be downloaded."""
        return super().remedy() or (
            "If it cannot be downloaded: download it by hand, and give `source.path` instead of "
            "`source.url`."
        )

    def files(self) -> list[str]:
        """Return the archive, if it is on this machine."""
        return [self.location] if self.path is not None else []

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
        """Unpack it, downloaded first if it is at an address, and copy its images.

        Parameters are those of `Source.fetch`.

        Raises
        ------
        InputError
            As `class_folders.copy_folder` and `unpacking.unpack`, and: the archive is missing,
            damaged, cannot be downloaded, or has another checksum.
        """
        archive = downloads.fetch_file(self.location, self.sha256)
        with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
            try:
                with disks.naming_full(scratch, disks.FREE_SCRATCH):
                    unpacking.unpack(archive, Path(scratch))
            except unpacking.Damaged as error:
                downloads.forget(self.location, archive)
                raise InputError(
                    f"{self.location}: not a whole zip or tar archive ({error.fault}). "
                    f"{error.remedy}"
                ) from error
            except InputError as error:
                # A download lies in the cache under another name.
                raise InputError(str(error).replace(str(archive), self.location)) from error
            folder = naming.as_on_disk(Path(scratch, self.inside))
            if not folder.is_dir():
                raise InputError(
                    f"{self.location}: has no folder {self.inside!r}. Fix `source.inside`."
                )
            try:
                return self._copy(
                    folder,
                    out,
                    classes=classes,
                    on_bad_image=on_bad_image,
                    selection=selection,
                    workers=workers,
                    known_as=self.location,
                )
            except InputError as error:
                # The scratch folder is gone by the time the message is read.
                raise InputError(str(error).replace(scratch, self.location)) from error

    def _fault(self, path: Path) -> str:
        fault = super()._fault(path)
        if not fault and not path.is_file():
            return f"{self.location} is a folder. For images in folders write `kind: folder`."
        return fault
