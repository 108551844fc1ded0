"""A study as one object: resolved, checked, and never changed again."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from manyseeds.errors import InputError
from manyseeds.study.checks import check_catalogue, check_experiments, check_sources
from manyseeds.study.dataset import SELECTION, TILING, Dataset
from manyseeds.study.faults import KeyFault
from manyseeds.study.files import DEFAULT, EXAMPLE, read_files
from manyseeds.study.inheritance import with_inherited
from manyseeds.study.leaks import LeakyPair, leaky_pairs
from manyseeds.study.models.dataset import DatasetKeys
from manyseeds.study.models.study import Engine, Experiment, Snapshots, StudyKeys
from manyseeds.study.models.training import Training
from manyseeds.study.repairs import repaired
from manyseeds.study.wording import first_fault
from manyseeds.study.written import WrittenMapping, laid_over


@dataclass(frozen=True)
class SeedJob:
    """Seeds that one job trains, one after another or as a stack.

    Attributes
    ----------
    name : str
        Its folder, such as ``seeds-000-005``.
    seeds : tuple of int
    """

    name: str
    seeds: tuple[int, ...]


@dataclass(frozen=True)
class Study:
    """A study, as its file says it and with all that follows from that.

    Attributes
    ----------
    keys : StudyKeys
        What the file says, with the defaults of what it does not say.
    datasets : mapping of str to Dataset
        The whole catalogue.
    notes : tuple of str
        What its files leave open and one might not expect, to be said before the first job.
    """

    keys: StudyKeys
    datasets: Mapping[str, Dataset]
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Study":
        """Return the study of a configuration; the configuration itself is not changed.

        Everything is checked that can be checked without opening an image.

        Parameters
        ----------
        config : mapping
            As read from YAML. Where it remembers the places of its values, messages name them.

        Raises
        ------
        InputError
            A key is unknown, missing or has a value that is not allowed; keys do not go together;
            a dataset is like one that is not there; paths of sources are missing. The message
            begins with the file and line, if they are known, and ``config key`` with the path of
            the key.
        """
        whole = deepcopy(laid_over(WrittenMapping(), config))
        try:
            if isinstance(whole.get("datasets"), dict):
                whole["datasets"] = with_inherited(whole["datasets"])
            keys = _validated(whole)
            study = cls(keys, MappingProxyType(_resolved(keys.datasets)))
            check_catalogue(study.datasets.values())
            check_experiments(keys.experiments, study.datasets, keys.seeds)
            check_sources(study.used)
        except KeyFault as fault:
            raise InputError(fault.located(whole)) from None
        return study

    @classmethod
    def read(
        cls,
        files: Iterable[Path | str],
        *,
        base: Path | str | None = DEFAULT,
        changes: Mapping[str, Any] | None = None,
    ) -> "Study":
        """Return the study of some files, laid over config.yaml.

        Parameters
        ----------
        files, base, changes
            As in `files.read_files`.

        Raises
        ------
        InputError
            A file cannot be read, or as in `of`.
        """
        read = read_files(files, base=base, changes=changes)
        study = cls.of(read.config)
        notes = read.said_of_defaults(study.networks, study.name)
        unused = study.unused(read.own_datasets)
        if unused and "experiments" in read.own:
            notes.append(
                f"{' and '.join(read.names)}: no experiment uses {', '.join(unused)}. To train on "
                f"it, add to experiments: {{dataset: {unused[0]}, architectures: [{EXAMPLE}]}}"
            )
        return replace(study, notes=tuple(notes))

    @property
    def name(self) -> str:
        """Its name; its results go to a folder of that name."""
        return self.keys.study

    @property
    def seed(self) -> int:
        """Seed of every random choice."""
        return self.keys.seed

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Which architectures are trained on which dataset."""
        return self.keys.experiments

    @property
    def engine(self) -> Engine:
        """How training uses the machine."""
        return self.keys.engine

    @cached_property
    def used(self) -> tuple[Dataset, ...]:
        """The datasets of its experiments, in their order."""
        names = dict.fromkeys(experiment.dataset for experiment in self.experiments)
        return tuple(self.datasets[name] for name in names)

    @property
    def networks(self) -> tuple[tuple[str, str], ...]:
        """Each dataset with each architecture that is trained on it, in the experiments' order."""
        return tuple(self._experiments)

    @cached_property
    def fetched(self) -> tuple[Dataset, ...]:
        """The datasets whose images are fetched, for themselves and for others."""
        return self._distinct("fetched_as")

    @cached_property
    def tiled(self) -> tuple[Dataset, ...]:
        """The datasets whose images are sliced, for themselves and for others."""
        return self._distinct("tiled_as")

    def unused(self, names: Iterable[str]) -> list[str]:
        """Return those of some datasets that no experiment uses, nor a dataset that is used."""
        needed = {dataset.name for dataset in self.used}
        for dataset in self.used:
            while (parent := dataset.keys.like) is not None:
                needed.add(parent)
                dataset = self.datasets[parent]
        return [name for name in names if name not in needed]

    def _distinct(self, which: str) -> tuple[Dataset, ...]:
        return tuple(
            self.datasets[name] for name in dict.fromkeys(getattr(one, which) for one in self.used)
        )

    @cached_property
    def seed_jobs(self) -> tuple[SeedJob, ...]:
        """The jobs into which the seeds of a network are shared out."""
        step, end = self.engine.seeds_per_job, self.keys.seeds
        parts = [tuple(range(start, min(start + step, end))) for start in range(0, end, step)]
        return tuple(SeedJob(f"seeds-{part[0]:03d}-{part[-1]:03d}", part) for part in parts)

    def training(self, dataset: str, architecture: str) -> Training:
        """Return how an architecture is trained on a dataset."""
        return self._trainings[dataset, architecture]

    @cached_property
    def _trainings(self) -> dict[tuple[str, str], Training]:
        return {
            (dataset, architecture): getattr(self.keys.training, architecture).model_copy(
                update=self._experiments[dataset, architecture].training.named()
            )
            for dataset, architecture in self.networks
        }

    def snapshots(self, dataset: str, architecture: str) -> Snapshots | None:
        """Return which weights are kept while an architecture is trained on a dataset."""
        return self._experiments[dataset, architecture].snapshots

    @cached_property
    def _experiments(self) -> dict[tuple[str, str], Experiment]:
        return {
            (experiment.dataset, architecture): experiment
            for experiment in self.experiments
            for architecture in experiment.architectures
        }

    @cached_property
    def twins(self) -> tuple[LeakyPair, ...]:
        """Datasets split tile by tile with the one they are like, for each network of both."""
        return leaky_pairs(self)

    @property
    def leaky_pairs(self) -> tuple[LeakyPair, ...]:
        """Those twins that differ in how they are split alone."""
        return tuple(pair for pair in self.twins if not pair.differ)

    def plain(self) -> dict[str, Any]:
        """Return the study as YAML could hold it, with all defaults and what is inherited."""
        datasets = {name: dataset.plain() for name, dataset in self.datasets.items()}
        return self.keys.plain() | {"datasets": datasets}


def _validated(whole: WrittenMapping) -> StudyKeys:
    """Return the keys that a study says; values whose meaning is certain are changed in it."""
    while True:
        try:
            return StudyKeys.model_validate(whole)
        except ValidationError as error:
            if not repaired(error, whole):
                raise first_fault(error, whole, StudyKeys) from None


def _resolved(catalogue: Mapping[str, DatasetKeys]) -> dict[str, Dataset]:
    """Return the datasets of a catalogue with what they share."""

    def shared_with(name: str, *keys: str) -> str:
        """Return the dataset whose images, by the same keys, this one uses."""
        own = catalogue[name]
        if own.like is None:
            return name
        parent = catalogue[own.like]
        same = all(getattr(own, key) == getattr(parent, key) for key in ("source", *keys))
        within = parent.classes is None or (
            own.classes is not None and set(own.classes) <= set(parent.classes)
        )
        return shared_with(own.like, *keys) if same and within else name

    def ancestor(name: str) -> str:
        like = catalogue[name].like
        return ancestor(like) if like else name

    return {
        name: Dataset(
            name,
            keys,
            fetched_as=shared_with(name, "on_bad_image", *SELECTION),
            tiled_as=shared_with(name, "on_bad_image", *SELECTION, *TILING),
            stream=ancestor(name),
        )
        for name, keys in catalogue.items()
    }
