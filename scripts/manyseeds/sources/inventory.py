"""What a study reads: where each source comes from, whether it is here, and what it will download.

Folders are measured and addresses asked for sizes, which takes seconds at most and never fails:
what cannot be told is said to be unknown.
"""

import io
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlparse

from manyseeds.sources import downloads
from manyseeds.sources.phantoms import is_phantom

if TYPE_CHECKING:
    from manyseeds.sources.base import Source

COUNTING_SECONDS = 2.0  # the longest a folder is measured
ASKING_SECONDS = 3.0  # the longest an address may take to connect, and to answer

Ask = Callable[[str], int | None]


@dataclass(frozen=True)
class Availability:
    """What is known of one source.

    Attributes
    ----------
    where : str
        Its kind, and its path or address.
    state : str
        "simulated", "fetched" (the study has its images already), "here", "downloaded" (to the
        cache, for an earlier study), "to download", "unreachable" or "missing".
    size : int or None
        Bytes on this machine, None if not known.
    at_least : bool
        Whether counting stopped before the end, so that there are more.
    download : int or None
        Bytes to be downloaded, None if not known.
    remedy : str
        What to do when it is missing or its download fails; else empty.
    """

    where: str
    state: str
    size: int | None = None
    at_least: bool = False
    download: int | None = 0
    remedy: str = ""


@dataclass(frozen=True)
class Entry(Availability):
    """What is known of one source, with the datasets that use it."""

    datasets: tuple[str, ...] = field(kw_only=True)


def take(
    sources: "Mapping[str, Source]",
    *,
    fetched: Collection[str] = (),
    cache: Path | None = None,
    ask: Ask | None = None,
) -> list[Entry]:
    """List the distinct sources of some datasets.

    Parameters
    ----------
    sources : mapping of str to Source
        By the dataset's name. Datasets of equal sources share an entry.
    fetched : collection of str
        The datasets whose images the study has already.
    cache : path, optional
        Where downloads are kept; the user's cache folder by default.
    ask : callable, optional
        Returns the size in bytes of what lies at an address (None if it does not say) or raises
        OSError; `remote_size` by default.

    Returns
    -------
    list of Entry
        In the order of the datasets.
    """
    groups: dict[Source, list[str]] = {}
    for name, source in sources.items():
        groups.setdefault(source, []).append(name)

    def entry(source: "Source", names: list[str]) -> Entry:
        if {*names} <= {*fetched} and not source.is_local and not source.simulated:
            found = Availability(source.where, "fetched")
        else:
            found = source.availability(cache, ask or remote_size)
        return Entry(**vars(found), datasets=tuple(names))

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(entry, groups, groups.values()))


def remote_size(url: str) -> int | None:
    """Return the size in bytes of a file at an address, None if the server does not say.

    Raises
    ------
    OSError
        The server cannot be reached in `ASKING_SECONDS`, or has no such file.
    """
    import requests

    host = urlparse(url).hostname
    try:
        answer = requests.head(url, allow_redirects=True, timeout=ASKING_SECONDS)
    except requests.Timeout as error:
        raise OSError(f"no answer from {host} in {ASKING_SECONDS:g} s") from error
    except requests.ConnectionError as error:
        raise OSError(f"no connection to {host}") from error
    if answer.status_code in (404, 410):
        raise OSError(f"{answer.status_code} {answer.reason}")
    length = answer.headers.get("Content-Length", "")
    return int(length) if answer.ok and length.isdigit() else None


def folder_size(folder: Path, seconds: float = COUNTING_SECONDS) -> tuple[int, bool]:
    """Return the bytes of the files in a folder, and whether all were counted.

    Phantom files, what cannot be read and linked folders are left out. Stops after some seconds.
    """
    end = time.monotonic() + seconds
    size, folders = 0, [str(folder)]
    while folders:
        for entry in _entries(folders.pop()):
            if time.monotonic() > end:
                return size, False
            if is_phantom(entry.name):
                continue
            with suppress(OSError):
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                elif entry.is_file():
                    size += entry.stat().st_size
    return size, True


def at_addresses(
    where: str, urls: Sequence[str], remedy: str, cache: Path | None, ask: Ask
) -> Availability:
    """Return the availability of files that are downloaded unless they have been.

    Parameters
    ----------
    where, remedy : str
        As in `Availability`; `remedy` is what to do when the download fails.
    urls : sequence of str
        The files' addresses.
    cache, ask
        As in `take`.
    """
    import pooch

    folder = Path(cache or downloads.cache_folder())
    copies = {url: folder / pooch.utils.unique_file_name(url) for url in urls}
    here = [copy.stat().st_size for copy in copies.values() if copy.is_file()]
    wanted = [url for url, copy in copies.items() if not copy.is_file()]
    if not wanted:
        return Availability(where, "downloaded", sum(here))
    size = sum(here) or None
    try:
        sizes = [ask(url) for url in wanted]
    except OSError as error:
        said = f"It cannot be reached now ({error}). {remedy}"
        return Availability(where, "unreachable", size, download=None, remedy=said)
    known = [size for size in sizes if size is not None]
    download = sum(known) if len(known) == len(sizes) else None
    return Availability(where, "to download", size, download=download, remedy=remedy)


def render(entries: Collection[Entry], width: int = 100) -> str:
    """Return the entries as a table of so many characters across, with the remedies below it."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("dataset", overflow="fold")
    table.add_column("source", overflow="fold", ratio=1)
    table.add_column("state", no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    table.add_column("download", justify="right", no_wrap=True)
    for found in entries:
        size = "" if found.size is None else "> " * found.at_least + _bytes(found.size)
        download = "nothing" if found.download == 0 else _bytes(found.download)
        # Text, not markup: a path may have brackets.
        cells = (", ".join(found.datasets), found.where, found.state, size, download)
        table.add_row(*map(Text, cells))
    text = io.StringIO()
    console = Console(width=width, color_system=None, file=text)
    console.print(table)
    for found in entries:
        if found.remedy:
            console.print(Text(f"{', '.join(found.datasets)}: {found.remedy}"))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def _entries(folder: str) -> Iterator[os.DirEntry]:
    """Yield what lies in a folder; nothing if it cannot be read."""
    with suppress(OSError), os.scandir(folder) as found:
        yield from found


def _bytes(size: int | None) -> str:
    """Return a size as a person reads it."""
    from rich.filesize import decimal

    return "unknown" if size is None else decimal(size)
