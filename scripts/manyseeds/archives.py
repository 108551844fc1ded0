"""Images that come as a zip or tar archive of class folders, here or at an address."""

import lzma
import stat
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any

from manyseeds import disks, downloads
from manyseeds.errors import InputError
from manyseeds.sources import Fetched, copy_folder

DAMAGED = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError,
)  # fmt: skip
DO_NOT_USE = "Do not use it; pack the images anew."
ENCRYPTED = 1
"""The bit of a zip member's flags (APPNOTE.TXT, 4.4.4)."""


def unpack_archive(
    source: str | Path,
    out: Path,
    *,
    sha256: str | None = None,
    inside: str | None = None,
    cache: Path | None = None,
    **selection: Any,
) -> Fetched:
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
        As in `sources.copy_folder`.

    Raises
    ------
    InputError
        As `sources.copy_folder`, and: the archive is missing, damaged, cannot be fetched, has
        another checksum, needs a password, or has members that point outside of it.
    """
    archive = downloads.fetch_file(str(source), sha256, cache)
    with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
        try:
            with disks.naming_full(scratch, disks.FREE_SCRATCH):
                _unpack(archive, Path(scratch))
        except _Damaged as error:
            downloads.forget(str(source), archive)
            raise InputError(
                f"{source}: not a whole zip or tar archive ({error}). Fetch it again."
            ) from error
        folder = Path(scratch, inside or "")
        if not folder.is_dir():
            raise InputError(f"{source}: has no folder {inside!r}. Mend `source.inside`.")
        try:
            return copy_folder(folder, out, **selection)
        except InputError as error:
            # The scratch folder is gone by the time the message is read.
            raise InputError(str(error).replace(scratch, str(source))) from error


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
