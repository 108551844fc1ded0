"""What a study reads: where each source comes from, whether it is here, and what it will download.

Folders are measured and addresses asked for sizes, which takes seconds at most and never fails:
what cannot be told is said to be unknown.
"""

import io
import os
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from urllib.parse import urlparse

from manyseeds import remedies
from manyseeds.phantoms import is_phantom

TORCHVISION = {
    "CIFAR10": ("https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz", 170_498_071),
    "FashionMNIST": (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com", 30_878_645,
    ),
}  # fmt: skip
"""The address of each of torchvision's datasets, and the bytes that are downloaded."""
COUNTING_SECONDS = 2.0  # the longest a folder is measured
ASKING_SECONDS = 3.0  # the longest an address may take to connect, and to answer

Ask = Callable[[str], int | None]


@dataclass(frozen=True)
class Entry:
    """What is known of one source.

    Attributes
    ----------
    datasets : tuple of str
        Those that use it.
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

    datasets: tuple[str, ...]
    where: str
    state: str
    size: int | None = None
    at_least: bool = False
    download: int | None = 0
    remedy: str = ""


def take(
    sources: Mapping[str, tuple[remedies.Source, str]],
    *,
    fetched: Collection[str] = (),
    cache: Path | None = None,
    ask: Ask | None = None,
) -> list[Entry]:
    """List the distinct sources of some datasets.

    Parameters
    ----------
    sources : mapping
        Source and location, as of `remedies.missing`, by the dataset's name. Datasets of equal
        sources share an entry.
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
    groups: dict[str, list[str]] = {}
    for name, (source, location) in sources.items():
        key = repr((sorted(source.items()), location))
        groups.setdefault(key, []).append(name)

    def entry(names: list[str]) -> Entry:
        source, location = sources[names[0]]
        done = {*names} <= {*fetched}
        return replace(
            _entry(source, location, done, cache, ask or remote_size), datasets=tuple(names)
        )

    with ThreadPoolExecutor(8) as pool:
        return list(pool.map(entry, groups.values()))


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
    console = Console(width=width, color_system=None, file=io.StringIO())
    console.print(table)
    for found in entries:
        if found.remedy:
            console.print(Text(f"{', '.join(found.datasets)}: {found.remedy}"))
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def _entry(
    source: remedies.Source, location: str, fetched: bool, cache: Path | None, ask: Ask
) -> Entry:
    """Return what is known of a source, its datasets left open."""
    kind = source["kind"]
    if kind == "simulated":
        height, width = source["shape"]
        size = f"{width} x {height} pixels"
        where = f"simulated {source['phenotype']}, {source['fields']} fields of {size} a class"
        return Entry((), where, "simulated")
    where = f"{kind} {location}"
    if kind == "torchvision":
        url, download = TORCHVISION[source["name"]]
        where = f"torchvision {source['name']}, {location or url}"
    if kind == "git":
        where += f" at {source['commit'][:7]}{_folders(source)}"
    problem = remedies.missing(source, location)
    if problem:
        return Entry((), where, "missing", remedy=problem)
    if remedies.is_local(source, location):
        size, whole = _local_size(source, remedies.local_path(location))
        return Entry((), where, "here", size, at_least=not whole)
    if fetched:
        return Entry((), where, "fetched")
    remedy = remedies.remedy(source, location)
    if kind == "git":
        return Entry((), where, "to download", download=None, remedy=remedy)
    if kind == "torchvision":
        root = _cache(cache) / "torchvision"
        # A download that was cut off leaves some of the files.
        if not remedies.lacking_files(source, root):
            copy = root / remedies.TORCHVISION_FOLDERS[source["name"]]
            return Entry((), where, "downloaded", folder_size(copy)[0])
        return Entry((), where, "to download", download=download, remedy=remedy)
    return _addresses(where, _urls(source, location), remedy, cache, ask)


def _addresses(where: str, urls: list[str], remedy: str, cache: Path | None, ask: Ask) -> Entry:
    """Return the entry of files that are downloaded unless they have been."""
    import pooch

    copies = {url: _cache(cache) / pooch.utils.unique_file_name(url) for url in urls}
    here = [copy.stat().st_size for copy in copies.values() if copy.is_file()]
    wanted = [url for url, copy in copies.items() if not copy.is_file()]
    if not wanted:
        return Entry((), where, "downloaded", sum(here))
    try:
        sizes = [ask(url) for url in wanted]
    except OSError as error:
        reason = f"It cannot be reached now ({error})."
        return Entry((), where, "unreachable", sum(here) or None, False, None, f"{reason} {remedy}")
    download = None if None in sizes else sum(sizes)
    return Entry((), where, "to download", sum(here) or None, download=download, remedy=remedy)


def _cache(cache: Path | None) -> Path:
    """Return where downloads are kept."""
    from manyseeds import downloads

    return Path(cache or downloads.cache_folder())


def _folders(source: remedies.Source) -> str:
    """Return the folders of a repository that are fetched, as the end of a phrase."""
    splits, inside = source.get("splits") or (), PurePosixPath(source.get("inside", "."))
    parts = splits.values() if isinstance(splits, Mapping) else splits
    names = [str(inside / part) for part in parts] or [str(inside)]
    return "" if names == ["."] else f", only {', '.join(names)}"


def _local_size(source: remedies.Source, path: Path) -> tuple[int | None, bool]:
    """Return the bytes of a source on this machine, None if not known, and whether that is all."""
    try:
        if source["kind"] == "torchvision":
            return folder_size(path / remedies.TORCHVISION_FOLDERS[source["name"]])
        if source["kind"] == "idx":
            return sum((path / name).stat().st_size for name in remedies.IDX_FILES), True
        return (path.stat().st_size, True) if path.is_file() else folder_size(path)
    except OSError:
        return None, True


def _urls(source: remedies.Source, location: str) -> list[str]:
    """Return the addresses of the files of a source."""
    if source["kind"] == "idx":
        return [f"{location.rstrip('/')}/{name}" for name in remedies.IDX_FILES]
    return [location]


def _entries(folder: str) -> Iterator[os.DirEntry]:
    """Yield what lies in a folder; nothing if it cannot be read."""
    with suppress(OSError), os.scandir(folder) as found:
        yield from found


def _bytes(size: int | None) -> str:
    """Return a size as a person reads it."""
    from rich.filesize import decimal

    return "unknown" if size is None else decimal(size)
