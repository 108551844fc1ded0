"""What must go together in a study beyond the keys themselves."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

from manyseeds.errors import InputError
from manyseeds.networks.architectures import ARCHITECTURES, build
from manyseeds.study.dataset import TRAIN, Dataset
from manyseeds.study.faults import KeyFault, of_key
from manyseeds.study.models.dataset import CountRange, PercentileRange
from manyseeds.study.wording import nearest
from manyseeds.study.written import KeyPath, as_yaml
from manyseeds.training.snapshots import SnapshotRequest, kept_weights

if TYPE_CHECKING:
    from manyseeds.study.models.study import Experiment


def check_catalogue(datasets: Iterable[Dataset]) -> None:
    """Raise if a dataset, used or not, would be split again without saying so.

    Raises
    ------
    KeyFault
        Its source comes split, and the study names a test share without `split.by`.
    """
    for dataset in datasets:
        split = dataset.keys.split
        if dataset.source.comes_split and split.by is None and "test" in split.model_fields_set:
            raise KeyFault(
                ("datasets", dataset.name, "split", "test"),
                "the source comes split. Leave this key out, or say split.by: source, to take its "
                "splits. Or say by what to split instead: split.by: field, or group.",
            )


def check_experiments(
    experiments: Sequence["Experiment"], datasets: Mapping[str, Dataset], seeds: int
) -> None:
    """Raise unless every experiment can be run, as far as that is known before any work.

    Parameters
    ----------
    experiments : sequence of Experiment
    datasets : mapping of str to Dataset
        The whole catalogue.
    seeds : int
        How many seeds each network is trained with.

    Raises
    ------
    KeyFault
        An experiment's dataset is not there or cannot be made; two experiments train the same
        network on it; snapshots are asked for of seeds that are not trained, of layers that there
        are not, or of too few moments.
    """
    trained: dict[tuple[str, str], int] = {}
    for number, experiment in enumerate(experiments):
        name = experiment.dataset
        if name not in datasets:
            raise KeyFault(
                ("experiments", number, "dataset"),
                f"no dataset is named {name}{nearest(name, datasets)} Choose one of "
                f"{', '.join(datasets)}, or add it under datasets.",
            )
        check_dataset(datasets[name])
    for number, experiment in enumerate(experiments):
        name = experiment.dataset
        for architecture in experiment.architectures:
            first = trained.setdefault((name, architecture), number)
            if first != number:
                raise KeyFault(
                    ("experiments", number),
                    f"experiments.{first} has {architecture} on {name} already. For other "
                    f"settings name a second dataset under datasets, {name}-2: {{like: {name}}}, "
                    f"and use it here.",
                )
        try:
            _check_snapshots(experiment, seeds)
        except InputError as error:
            raise of_key(error).within("experiments", number, "snapshots") from None


def _check_snapshots(experiment: "Experiment", seeds: int) -> None:
    if experiment.snapshots is None:
        return
    request = SnapshotRequest.of(**experiment.snapshots.plain())
    for seed in request.seeds:
        if seed >= seeds:
            raise InputError(
                f"seeds: seed {seed} is not trained. The study has the seeds 0 to {seeds - 1}."
            )
    for name in experiment.architectures:
        made_for = ARCHITECTURES[name]
        try:
            kept_weights(request, build(name, made_for.images, made_for.classes))
        except InputError as error:
            raise InputError(f"{error} The network is {name}.") from None


def check_dataset(dataset: Dataset) -> None:
    """Raise unless a dataset can be made, as far as that is known before any work.

    Raises
    ------
    KeyFault
        Two of its keys do not go together; the message names one of them and the remedy.
    """
    try:
        dataset.source.check()
    except InputError as error:
        raise of_key(error).within("datasets", dataset.name) from None
    # One after another: what a fault leaves undefined is not looked at.
    for fault in chain(_faults(dataset), _faults_of_test(dataset), _faults_of_rotation(dataset)):
        raise of_key(InputError(fault)).within("datasets", dataset.name)


def check_sources(datasets: Sequence[Dataset]) -> None:
    """Raise if paths of sources are missing, naming all of them.

    Raises
    ------
    KeyFault
        A line for each path, with the keys that name it and what to do.
    """
    missing: dict[str, list[KeyPath]] = {}
    for dataset in datasets:
        fault = dataset.source.missing()
        if fault:
            key = "path" if getattr(dataset.source, "path", None) else "url"
            path = ("datasets", dataset.name, "source", key)
            missing.setdefault(fault, []).append(path)
    if missing:
        raise KeyFault.several(
            KeyFault(first, fault, others) for fault, (first, *others) in missing.items()
        )


def _faults(dataset: Dataset) -> Iterator[str]:
    source, by = dataset.source, dataset.split_by
    match dataset.keys.scale:
        case CountRange(low=low, high=high) | PercentileRange(percentiles=(low, high)):
            if not low < high:
                yield (
                    f"scale: {low:g} is not below {high:g}. Give two values that differ, the "
                    f"lower one first."
                )
    named = [key for key in ("channels", "z", "time") if getattr(dataset.keys, key) is not None]
    if dataset.keys.pages != "first" and named:
        yield (
            f"pages: names planes, and so does {named[0]}. Give pages for plain stacks alone. For "
            "files that tell channels, z and time apart give channels, z and time."
        )
    known = source.class_names()
    if known and sorted(dataset.classes or known) != sorted(known):
        yield f"classes: a {source.kind} dataset has the classes {as_yaml(known)}."
    if by == "source" and not source.comes_split:
        yield (
            "split.by: the source does not come split. Name its folders under source.splits, or "
            "split by field or group."
        )
    if by == "group" and not hasattr(source, "group"):
        yield f"split.by: no groups are known of a {source.kind} source. Split by field."


def _faults_of_test(dataset: Dataset) -> Iterator[str]:
    """Yield why the test splits cannot be held out as the study says."""
    by, test = dataset.split_by, dataset.held_out
    named = {split: groups for split, groups in test.items() if isinstance(groups, list)}
    if named and by in ("source", "tile"):
        yield (
            f"split.test: by: {by} holds out no groups by name. Split by field or group, or leave "
            f"this key out."
        )
    if named and named != test:
        yield (
            "split.test: shares and lists of groups do not mix. Give every test split a share, or "
            "the names of its groups."
        )
    names = [group for groups in named.values() for group in groups]
    twice = [group for group in names if names.count(group) > 1]
    if twice:
        yield f"split.test: group {twice[0]} is in two splits. Name it in one."
    shares = [share for share in test.values() if isinstance(share, float)]
    if by != "source" and not named and sum(shares) >= 1:
        yield ("split.test: nothing is left to train on. The fractions must add up to less than 1.")


def _faults_of_rotation(dataset: Dataset) -> Iterator[str]:
    rotate = dataset.keys.rotate
    if getattr(dataset.source, "angle", None) and rotate.angles != (0,):
        yield ("rotate.angles: the images came rotated already (source.angle). Leave this key out.")
    if dataset.split_by == "tile" and rotate.splits != (TRAIN,):
        yield (
            "rotate.splits: split tile by tile, every split has rotated tiles. Leave this key out."
        )
    unknown = set(rotate.splits) - set(dataset.splits)
    if unknown:
        yield (
            f"rotate.splits: no split is named {', '.join(sorted(unknown))}. Choose from "
            f"{', '.join(dataset.splits)}."
        )
