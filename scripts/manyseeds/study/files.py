"""The files of a study, laid over each other as Snakemake lays them."""

import os
from collections.abc import Iterable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from manyseeds.errors import InputError
from manyseeds.study.models.study import StudyKeys
from manyseeds.study.reading import read_study_file, shown_path
from manyseeds.study.scalars import meaning
from manyseeds.study.written import (
    COMMAND_LINE,
    Place,
    WrittenList,
    WrittenMapping,
    laid_over,
    place_of,
)

DEFAULT = Path(__file__).parents[3] / "config.yaml"
"""The study over which others are laid."""
EXAMPLE = "deep_50"
"""The architecture of the experiments that a message writes out."""
DATA = DEFAULT.parents[1] / "shared/data"
"""Where the studies of real images look for them, unless the user has set a variable."""


@dataclass(frozen=True)
class StudyFiles:
    """What the files of a study say together.

    Attributes
    ----------
    config : WrittenMapping
        All of it.
    own : mapping
        What the user says, without config.yaml.
    base : mapping
        What config.yaml says.
    names : tuple of str
        The user's files, as messages name them.
    """

    config: WrittenMapping
    own: Mapping[str, Any]
    base: Mapping[str, Any]
    names: tuple[str, ...]

    @property
    def own_datasets(self) -> list[str]:
        """The datasets that config.yaml does not know."""
        own, base = (one.get("datasets") for one in (self.own, self.base))
        if not isinstance(own, Mapping):
            return []
        return [name for name in own if not isinstance(base, Mapping) or name not in base]

    def check(self) -> None:
        """Raise if the experiments of config.yaml would be run in the place of the user's.

        Raises
        ------
        InputError
            A dataset of the user's is there, and no experiments; the message writes them out.
            Or they stand among the datasets.
        """
        for name in self.own_datasets:
            given = self.own["datasets"][name]
            if name in StudyKeys.model_fields and not (
                isinstance(given, Mapping) and {"source", "like"} & {*given}
            ):
                place = place_of(self.own, ("datasets", name))
                raise InputError(
                    f"{place}: config key datasets.{name}: it stands among the datasets. Begin its "
                    f"line as far left as that of datasets."
                )
        if self.names and self.own_datasets and "experiments" not in self.own:
            lines = ", ".join(
                f"{{dataset: {name}, architectures: [{EXAMPLE}]}}" for name in self.own_datasets
            )
            raise InputError(
                f"{self.names[-1]}: config key experiments: it is missing, and datasets has "
                f"{', '.join(self.own_datasets)}. Say what is trained: experiments: [{lines}]"
            )

    def said_of_defaults(self, networks: Sequence[tuple[str, str]], study: str) -> list[str]:
        """Return what the user's files leave to config.yaml that one would not expect.

        Parameters
        ----------
        networks : sequence of tuple
            The study's datasets, each with an architecture.
        study : str
            Its name.
        """
        if not self.names:
            return []
        files, said = " and ".join(self.names), []
        if "experiments" not in self.own:
            trained = ", ".join(f"{network} on {dataset}" for dataset, network in networks)
            said.append(f"{files}: has no experiments. Those of config.yaml are run: {trained}.")
        if "study" not in self.own:
            said.append(
                f"{files}: has no name. The results go to results/{study}/, where those of "
                f"config.yaml are. Name it: study: NAME"
            )
        return said


def find_data(environment: MutableMapping[str, str]) -> None:
    """Say where studies of real images find them, unless the user has set ``MANYSEEDS_DATA``."""
    # Written from here, the path is the same on every machine, and nothing is fetched again.
    environment.setdefault("MANYSEEDS_DATA", os.path.relpath(DATA))


def read_files(
    files: Iterable[Path | str],
    *,
    base: Path | str | None = DEFAULT,
    changes: Mapping[str, Any] | None = None,
) -> StudyFiles:
    """Read the files of a study.

    Parameters
    ----------
    files : iterable of path-like
        Laid over each other in this order. One of them may be config.yaml itself.
    base : path-like, optional
        config.yaml, if there is one.
    changes : mapping, optional
        What ``--config`` of Snakemake gave, laid over all files.

    Raises
    ------
    InputError
        A file cannot be read, or is no YAML, or names no experiments for its datasets.
    """
    below, own, names = WrittenMapping(), WrittenMapping(), []
    if base:
        below = read_study_file(base)
    for file in files:
        read = read_study_file(file)
        if _is_base(file, base):
            below = laid_over(below, read)
        else:
            own = laid_over(own, read)
            names.append(shown_path(file))
    own = laid_over(own, _of_command_line(changes or {}))
    found = StudyFiles(laid_over(below, own), own, below, tuple(names))
    found.check()
    return found


def _is_base(file: Path | str, base: Path | str | None) -> bool:
    """Return whether a file is config.yaml."""
    for one in (base, DEFAULT):
        with suppress(OSError):
            if one and Path(file).samefile(one):
                return True
    return False


def _of_command_line(value: Any) -> Any:
    """Return what the command line gave, with the texts in it read as in a file.

    Snakemake makes numbers of single values and texts of all that lists and mappings hold.
    """
    if isinstance(value, Mapping):
        mapping = WrittenMapping()
        for key, one in value.items():
            mapping[str(key)] = _of_command_line(one)
            mapping.places[str(key)] = _place(one)
        return mapping
    if isinstance(value, list | tuple):
        values = WrittenList()
        values.extend(_of_command_line(one) for one in value)
        values.places = [_place(one) for one in value]
        return values
    return meaning(value) if isinstance(value, str) else value


def _place(value: Any) -> Place:
    text = value if isinstance(value, str) else None
    return Place(COMMAND_LINE, raw=text, typed=text or "")
