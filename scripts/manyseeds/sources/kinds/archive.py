"""Images that come as a zip or tar archive of class folders, here or at an address."""

import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

from pydantic import Field

from manyseeds.errors import InputError
from manyseeds.machine import disks
from manyseeds.sources import downloads
from manyseeds.sources.base import KIND, Streams
from manyseeds.sources.fetched import Fetched
from manyseeds.sources.shared_keys import InClassFolders, InsideKey, PathOrUrl

DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError,
)  # fmt: skip
DO_NOT_USE = "Do not use it; pack the images again."
ENCRYPTED = 1
"""The bit of a zip member's flags (APPNOTE.TXT, 4.4.4)."""


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
            As `class_folders.copy_folder`, and: the archive is missing, damaged, cannot be
            downloaded, has another checksum, needs a password, or has members that point outside
            of it.
        """
        archive = downloads.fetch_file(self.location, self.sha256)
        with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
            try:
                with disks.naming_full(scratch, disks.FREE_SCRATCH):
                    _unpack(archive, Path(scratch))
            except _Damaged as error:
                downloads.forget(self.location, archive)
                raise InputError(
                    f"{self.location}: not a whole zip or tar archive ({error}). Fetch it again."
                ) from error
            folder = Path(scratch, self.inside)
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
                )
            except InputError as error:
                # The scratch folder is gone by the time the message is read.
                raise InputError(str(error).replace(scratch, self.location)) from error

    def _fault(self, path: Path) -> str:
        fault = super()._fault(path)
        if not fault and not path.is_file():
            return f"{self.location} is a folder. For images in folders write `kind: folder`."
        return fault


class _Damaged(Exception):
    """The archive is not whole."""


def _unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or tar archive, refusing members that point outside `folder`."""
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as file:
                for member in file.infolist():
                    _check_member(archive, member)
                file.extractall(folder)
        else:
            with tarfile.open(archive) as file:
                file.extractall(folder, filter=_checked)
    except tarfile.FilterError as error:
        raise InputError(f"{archive}: {error}. {DO_NOT_USE}") from error
    except DAMAGED as error:
        raise _Damaged(error) from error
    except OSError as error:
        # gzip and bzip2 have no errors of their own; those of the system have a number.
        if error.errno is not None:
            raise
        raise _Damaged(error) from error


def _check_member(archive: Path, member: zipfile.ZipInfo) -> None:
    """Raise if a member of a zip archive points outside, is a link, or needs a password."""
    path = PurePosixPath(member.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts:
        raise InputError(f"{archive}: its member {member.filename} points outside. {DO_NOT_USE}")
    # The upper half is the file's mode where the archive was made on Unix.
    if stat.S_ISLNK(member.external_attr >> 16):
        raise InputError(f"{archive}: its member {member.filename} is a link. {DO_NOT_USE}")
    if member.flag_bits & ENCRYPTED:
        raise InputError(
            f"{archive}: its member {member.filename} needs a password. Unpack it by hand, and use "
            "`kind: folder` with its `path`."
        )


def _checked(member: tarfile.TarInfo, folder: str) -> tarfile.TarInfo:
    """Return a member of a tar archive, or raise if it points outside.

    Links within the archive stay, as tar makes them of files that are linked or alike.
    """
    # The filter would cut the slash off and unpack the rest.
    if member.name.startswith("/"):
        raise tarfile.AbsolutePathError(member)
    return tarfile.data_filter(member, folder)
