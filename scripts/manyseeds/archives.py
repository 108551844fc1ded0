"""Images that come as a zip or tar archive of class folders, here or at an address."""

import hashlib
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlparse

import pandas as pd

from manyseeds.errors import InputError
from manyseeds.sources import copy_folder


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
        classes, group, splits and workers, as in `sources.describe_folder`.

    Returns
    -------
    table, phantoms
        As `sources.describe_folder`.

    Raises
    ------
    InputError
        As `sources.describe_folder`, and: the archive is missing, damaged, cannot be fetched, has
        another checksum, or has members that point outside of it.
    """
    archive = fetch_file(str(source), sha256, cache)
    with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
        _unpack(archive, Path(scratch))
        folder = Path(scratch, inside or "")
        if not folder.is_dir():
            raise InputError(f"{source}: has no folder {inside!r}. Mend `source.inside`.")
        try:
            return copy_folder(folder, out, **selection)
        except InputError as error:
            # The scratch folder is gone by the time the message is read.
            raise InputError(str(error).replace(scratch, str(source))) from error


def fetch_file(source: str, sha256: str | None, cache: Path | None) -> Path:
    """Return the local file of a path or address, downloaded if need be.

    Parameters
    ----------
    source : str
        A file, or an address beginning with http://, https:// or ftp://.
    sha256 : str or None
        Checksum that the file must have, in hexadecimal digits of any case.
    cache : path or None
        Where downloads are kept; the user's cache folder if None. A file there already is
        used, unless its checksum is wrong.

    Raises
    ------
    InputError
        There is no such file, it cannot be downloaded, or has another checksum.
    """
    if urlparse(source).scheme not in {"http", "https", "ftp"}:
        path = Path(source)
        if not path.is_file():
            raise InputError(f"{source}: no such file. Mend `source.path`.")
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
            f"{source}: cannot be downloaded ({error}). Check `source.url` and the network, "
            "or download it by hand and give `source.path`."
        ) from error


def _wrong_checksum(source: str, found: str) -> InputError:
    return InputError(
        f"{source}: its sha256 checksum is wrong ({found}). Fetch the file again, or mend "
        "`source.sha256`."
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
