"""What every kind of source is: its keys, and the questions that the workflow asks it."""

import json
import os
import re
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from pydantic import ConfigDict, Field

from manyseeds.sources import fingerprints, inventory
from manyseeds.sources.fetched import Fetched
from manyseeds.sources.keys import Keys
from manyseeds.sources.naming import as_on_disk

if TYPE_CHECKING:
    import numpy as np

KIND = "Where the images come from."

SOURCES: "dict[str, type[Source]]" = {}
"""The class of each kind by the kind's name. Import it from `source`, which knows all kinds."""

Streams = Callable[..., "np.random.Generator"]


class Source(Keys):
    """Where the images of a dataset come from."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)
    place: ClassVar[int] = 99
    """Where the kind stands in `SOURCES`; a new one comes last."""

    kind: str = Field(description=KIND)

    @property
    def location(self) -> str:
        """Its `path` or `url`, ``~`` and environment variables filled in; "" without either."""
        written = getattr(self, "path", None) or getattr(self, "url", None) or ""
        # As text: a Path would change the slashes of an address.
        location = os.path.expanduser(os.path.expandvars(written))  # noqa: PTH111
        if getattr(self, "path", None) and not os.path.exists(location):  # noqa: PTH110
            there = as_on_disk(Path(location))
            return str(there) if there.exists() else location
        return location

    @property
    def is_local(self) -> bool:
        """Whether it is read from a path, which an address may name, too (``file://``)."""
        given = getattr(self, "path", None) is not None
        return bool(self.location) and (given or self.location.startswith("file://"))

    @property
    def local_path(self) -> Path:
        """Its path on this machine, also where it is written as an address."""
        return Path(self.location.removeprefix("file://"))

    @property
    def where(self) -> str:
        """Its kind, and its path or address, as the inventory says it."""
        return f"{self.kind} {self.location}"

    @property
    def origin(self) -> str:
        """What a line of a log calls it."""
        return self.location

    @property
    def simulated(self) -> bool:
        """Whether its images are made by this program."""
        return False

    @property
    def comes_split(self) -> bool:
        """Whether it has splits of its own."""
        return bool(self.split_names())

    def split_names(self) -> list[str]:
        """Return the names of its splits, train first; none if it does not come split."""
        return []

    def class_names(self) -> list[str] | None:
        """Return its classes in their order, or None if one must look."""
        return None

    def folder_name(self, class_name: str) -> str:
        """Return what the folder of a class is called, and the class in all tables."""
        return class_name

    def check(self) -> None:
        """Raise where keys have the right type and yet cannot be right.

        Raises
        ------
        InputError
            The message begins with the key, as in ``source.group: ...``.
        """

    def missing(self) -> str:
        """Return what is wrong with its path and what to do, or "" if it is there.

        Empty for a source without a path, too: it is made or downloaded.
        """
        if not self.is_local:
            return ""
        try:
            return self._fault(self.local_path)
        except OSError as error:
            return f"{self.location} cannot be read ({error.strerror}). {self.remedy()}"

    def remedy(self) -> str:
        """Return what to do when it is missing or cannot be downloaded."""
        path = getattr(self, "path", None)
        if path is None:
            return ""
        variable = re.search(r"\$\{?(\w+)", path)
        if variable:
            return f"Correct the path, or set the environment variable {variable[1]} in it."
        return "Correct the path; a relative one starts where the command is run."

    def files(self) -> list[str]:
        """Return the files it is read from, as far as they are on this machine and few."""
        return []

    def fingerprint(self) -> str:
        """Return a digest of the files it is read from on this machine; "" without any.

        A file that is newer than the results tells by itself that it changed. One that takes
        another's place with an older date does not.
        """
        files = self.files()
        return fingerprints.of_files(map(Path, files)) if files else ""

    def availability(
        self, cache: Path | None = None, ask: inventory.Ask = inventory.remote_size
    ) -> inventory.Availability:
        """Return whether it is here, how large it is, and what will be downloaded.

        Parameters
        ----------
        cache, ask
            As in `inventory.take`.
        """
        problem = self.missing()
        if problem:
            return inventory.Availability(self.where, "missing", remedy=problem)
        if not self.is_local:
            return self._to_download(cache, ask)
        try:
            size, whole = self._size(self.local_path)
        except OSError:
            size, whole = None, True
        return inventory.Availability(self.where, "here", size, at_least=not whole)

    @abstractmethod
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
        """Write its images under one folder, having checked each.

        Parameters
        ----------
        out : path
            Gets the images; deleted again when anything is wrong.
        classes : sequence of str, optional
            The classes wanted, in the order of the table; all, in the source's own order, by
            default.
        on_bad_image : "stop" or "skip"
            Whether a damaged image is raised, or left out and listed.
        selection : mapping, optional
            The keys of a dataset that say which planes of an image are used; see
            `images.selection.Selection`. Images that are arrays have one.
        workers : int
            Processes that share the images.
        streams : callable, optional
            ``streams(*names)`` returns the generator that belongs to names, see
            `manyseeds.randomness.rng`. Only a simulated source draws.

        Raises
        ------
        InputError
            The source, or an image of it, cannot be used.
        """

    def __hash__(self) -> int:
        # Some keys are mappings, which have no hash of their own.
        return hash(json.dumps(self.plain(), sort_keys=True))

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        # A class that several kinds share is no kind: its `kind` is still any text.
        for kind in get_args(cls.model_fields["kind"].annotation):
            known = sorted((SOURCES | {kind: cls}).items(), key=lambda item: item[1].place)
            SOURCES.clear()
            SOURCES.update(known)

    def _fault(self, path: Path) -> str:
        """Return what is wrong with its path and what to do, or ""; may raise OSError."""
        return "" if path.exists() else f"{self.location} does not exist. {self.remedy()}"

    def _size(self, path: Path) -> tuple[int, bool]:
        """Return the bytes at its path, and whether these are all; may raise OSError."""
        return (path.stat().st_size, True) if path.is_file() else inventory.folder_size(path)

    def _to_download(self, cache: Path | None, ask: inventory.Ask) -> inventory.Availability:
        """Return the availability of a source without a path."""
        return inventory.at_addresses(self.where, self._addresses(), self.remedy(), cache, ask)

    def _addresses(self) -> list[str]:
        """Return the addresses of the files that are downloaded."""
        return [self.location]
