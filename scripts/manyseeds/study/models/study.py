"""The keys of the whole study."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints

from manyseeds.networks.architectures import NAMES
from manyseeds.sources.keys import NUMBER, TEXT, Listed, OneOrMore, by_type
from manyseeds.study.models.dataset import DatasetKeys
from manyseeds.study.models.section import NAME, Section
from manyseeds.study.models.training import TrainingChanges, Trainings

if TYPE_CHECKING:
    Architecture = str
else:
    Architecture = Literal[NAMES]
Name = Annotated[str, StringConstraints(pattern=NAME)]


class Snapshots(Section):
    """Weights that are kept at moments of the training, as files of their own."""

    seeds: OneOrMore[Annotated[int, Field(ge=0)]] = Field(
        (0,), description="Seeds whose weights are kept."
    )
    layers: OneOrMore[str] | None = Field(
        None,
        description="Layers whose weights are kept, such as `[conv1, dense2]`. All by default.",
    )
    first: int = Field(
        50,
        ge=0,
        description="So many minibatches at the beginning are all kept. Not used with `every` or "
        "`each_epoch`. The weights before and after training are always kept.",
    )
    most: int = Field(
        150,
        ge=2,
        description="Most moments that are kept of a seed. Those after the first minibatches lie "
        "further and further apart, evenly by the root of their number. Some may round to the "
        "same minibatch, so that fewer are kept. Not used with `every` or `each_epoch`.",
    )
    every: int | None = Field(
        None, ge=1, description="Every so many minibatches instead, up to the end."
    )
    each_epoch: bool = Field(
        False, description="The end of each epoch instead; with `every`, both."
    )

    def of_seeds(self, seeds: Sequence[int]) -> dict[str, Any]:
        """Return the request of some seeds, such as those of a job, as YAML could hold it."""
        return self.plain() | {"seeds": [seed for seed in seeds if seed in self.seeds]}


class Experiment(Section):
    """Architectures that are trained on a dataset."""

    dataset: str = Field(description="Name of a dataset of the catalogue.")
    architectures: OneOrMore[Architecture] = Field(
        description="Architectures that are trained on it."
    )
    training: TrainingChanges = Field(
        TrainingChanges(),
        description="Settings for this experiment alone, laid over those of the architecture.",
    )
    snapshots: Snapshots | None = Field(
        None,
        description="Weights that are kept at moments of the training, `{}` for the moments of the "
        "default. None are kept by default.",
    )


class Engine(Section):
    """How training uses the machine.

    Initial weights, order of images and dropout do not depend on it; rounding does.
    """

    precision: Literal["auto", "bf16", "fp32"] = Field(
        "auto",
        description="`bf16` halves the memory traffic of training where the processor supports it, "
        "and `auto` takes it there. Weights are always `fp32`.",
    )
    stack: Annotated[
        Annotated[Literal["auto"], TEXT] | Annotated[int, Field(ge=1), NUMBER], by_type
    ] = Field(
        "auto",
        description="How many seeds are trained as one network. `auto` decides by the size of the "
        "images.",
    )
    seeds_per_job: int = Field(
        6,
        ge=1,
        description="Seeds of one job. The jobs of a study run side by side, one on each core.",
    )
    gpu: int = Field(
        0,
        ge=0,
        description="Graphics processors of a training or evaluation job, 0 or 1. Locally, also "
        "say how many there are: `--resources gpu=1`.",
    )


class StudyKeys(Section):
    """A study: which networks are trained on which images, over how many seeds."""

    study: Name = Field(description="Name of the study. Its results go to `results/<study>/`.")
    seed: int = Field(
        0,
        ge=0,
        description="Seed of every random choice. Another one repeats the whole study, simulated "
        "images and splits included.",
    )
    seeds: int = Field(
        12,
        ge=1,
        le=1000,
        description="How many seeds each network is trained with (initial weights and order of "
        "images), numbered from 0.",
    )
    datasets: Annotated[dict[Name, DatasetKeys], Field(min_length=1)] = Field(
        description="Catalogue of datasets by name. Only those that an experiment names are "
        "fetched."
    )
    training: Trainings = Field(
        Trainings(),
        description="How each architecture is trained, unless an experiment says otherwise.",
    )
    experiments: Annotated[Listed[Experiment], Field(min_length=1)] = Field(
        description="Which architectures are trained on which dataset. An architecture is on a "
        "dataset once: to train it in two ways, name a second dataset, `{like: ...}`."
    )
    engine: Engine = Field(Engine(), description="How training uses the machine.")
