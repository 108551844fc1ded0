"""Images that lie in a folder on this machine."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from manyseeds.sources import fingerprints
from manyseeds.sources.base import KIND, Streams
from manyseeds.sources.fetched import Fetched
from manyseeds.sources.shared_keys import PATH, InClassFolders, PathKey


class Folder(InClassFolders):
    """A folder of class folders, or of files whose names tell the class."""

    place: ClassVar[int] = 1
    kind: Literal["folder"] = Field(description=KIND)
    path: PathKey = Field(description=PATH)

    def fingerprint(self) -> str:
        """Return a digest of the names, sizes and dates of its files."""
        return fingerprints.of_folder(Path(self.location), self.splits, self.class_pattern)

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
        """Copy its images; see `Source.fetch` and, for what is raised, `copy_folder`."""
        return self._copy(
            Path(self.location),
            out,
            classes=classes,
            on_bad_image=on_bad_image,
            selection=selection,
            workers=workers,
        )

    def _fault(self, path: Path) -> str:
        fault = super()._fault(path)
        if not fault and not path.is_dir():
            return f"{self.location} is not a folder. For a zip or tar file write `kind: archive`."
        return fault
