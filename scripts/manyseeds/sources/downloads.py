"""Files at an address, kept once they are whole."""

import hashlib
import logging
import time
from pathlib import Path
from urllib.parse import urlparse

from manyseeds.errors import InputError
from manyseeds.machine import disks

logger = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Return the folder of the user's cache where downloads are kept."""
    import pooch

    return Path(pooch.os_cache("manyseeds"))


def is_address(source: str) -> bool:
    """Tell an address from a path."""
    return urlparse(source).scheme in {"http", "https", "ftp"}


def fetch_file(source: str, sha256: str | None = None, cache: Path | None = None) -> Path:
    """Return the local file of a path or address, downloaded if need be.

    A download goes to a file of another name and gets its own when it is whole, so that one
    cut off is begun afresh.

    Parameters
    ----------
    source : str
        A file, or an address beginning with http://, https:// or ftp://.
    sha256 : str, optional
        Checksum that the file must have, in hexadecimal digits of any case.
    cache : path, optional
        Where downloads are kept; `cache_folder` by default. A file there already is
        used, unless its checksum is wrong; without a checksum the log says so.

    Raises
    ------
    InputError
        There is no such file, it cannot be downloaded, has another checksum, or no space is
        left.
    """
    if not is_address(source):
        path = Path(source)
        if not path.is_file():
            raise InputError(f"{source}: no such file. Fix `source.path`.")
        if sha256:
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256.lower():
                raise _wrong_checksum(source, f"has {found}, not {sha256}")
        return path
    import pooch

    pooch.get_logger().setLevel("WARNING")
    known = f"sha256:{sha256.lower()}" if sha256 else None
    cache = cache or cache_folder()
    name = pooch.utils.unique_file_name(source)
    _tell_of_copy(source, Path(cache, name), known)
    try:
        with disks.naming_full(cache):
            path = pooch.retrieve(
                source, known_hash=known, fname=name, path=cache, progressbar=True
            )
    except InputError:
        raise
    # Before ValueError: some errors of the network are both.
    except OSError as error:
        raise InputError(
            f"{source}: cannot be downloaded ({error}). Check `source.url` and the network, "
            "or download it by hand and give `source.path`."
        ) from error
    except ValueError as error:
        raise _wrong_checksum(source, "does not match") from error
    return Path(path)


def forget(source: str, path: Path) -> None:
    """Delete a download that proved damaged, so that the next run fetches it again.

    Parameters
    ----------
    source : str
        As in `fetch_file`; a file that was not downloaded is left alone.
    path : path
        As `fetch_file` returned it.
    """
    if is_address(source):
        path.unlink(missing_ok=True)


def _tell_of_copy(source: str, path: Path, known: str | None) -> None:
    if path.is_file() and not known:
        day = time.strftime("%Y-%m-%d", time.localtime(path.stat().st_mtime))
        logger.info(
            f"{source}: not downloaded again, the copy of {day} is used ({path}). Give "
            "`source.sha256` to have it checked, or delete the copy."
        )


def _wrong_checksum(source: str, found: str) -> InputError:
    return InputError(
        f"{source}: its sha256 checksum is wrong ({found}). Fetch the file again, or fix "
        "`source.sha256`."
    )
