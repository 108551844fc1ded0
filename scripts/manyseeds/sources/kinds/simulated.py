"""Simulated fields of cells, whose true puncta are written beside them.

Method: `manyseeds.simulation.fields.simulate_field`.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, Strict

from manyseeds.machine import processes
from manyseeds.sources import inventory
from manyseeds.sources.base import KIND, Source, Streams
from manyseeds.sources.fetched import Fetched

if TYPE_CHECKING:
    import numpy as np

Side = Annotated[int, Field(ge=128, le=8192)]


class Simulated(Source):
    """Simulated fields of cells: a control, and cells depleted of a protein's partner."""

    place: ClassVar[int] = 0
    kind: Literal["simulated"] = Field(description=KIND)
    phenotype: Literal["snap29", "snf7"] = Field(description="Which simulated phenotype.")
    fields: int = Field(24, ge=2, le=1000, description="Fields a class.")
    shape: Annotated[tuple[Side, Side], Strict(False)] = Field(
        (1024, 1024), description="Height and width of a field in pixels."
    )

    @property
    def where(self) -> str:
        """The phenotype, with how many fields it has and their size."""
        height, width = self.shape
        size = f"{width} x {height} pixels"
        return f"simulated {self.phenotype}, {self.fields} fields of {size} a class"

    @property
    def origin(self) -> str:
        """What a line of a log calls it."""
        return f"the simulation of {self.phenotype}"

    @property
    def simulated(self) -> bool:
        """Whether its images are made by this program: they are."""
        return True

    def class_names(self) -> list[str]:
        """Return its classes, control first."""
        return ["control", self.phenotype]

    def availability(
        self, cache: Path | None = None, ask: inventory.Ask = inventory.remote_size
    ) -> inventory.Availability:
        """Return that it is simulated: nothing is read, and nothing is downloaded."""
        return inventory.Availability(self.where, "simulated")

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
        """Simulate the fields of both classes, whatever is in `classes`.

        Writes ``<class>/<class>_NNN.tif`` (16 bits, a page a channel) under `out`, and the true
        puncta of each field by the same name as PNG under ``masks``, a folder beside `out`. Every
        field is drawn from a generator of its own, ``streams(<class>, NNN)``. The other
        parameters are those of `Source.fetch`.
        """
        from manyseeds.sources.class_folders import describe_folder

        if streams is None:
            raise TypeError("a simulated source draws at random: give it streams")
        names, masks = self.class_names(), Path(out).parent / "masks"
        for folder in (Path(out), masks):
            for name in names:
                (folder / name).mkdir(parents=True, exist_ok=True)
        fields = [
            (name, number, streams(name, number)) for name in names for number in range(self.fields)
        ]
        simulate = partial(
            _simulate, phenotype=self.phenotype, shape=self.shape, images=Path(out), masks=masks
        )
        for _ in processes.in_parallel(simulate, fields, workers, "simulating fields"):
            pass
        return describe_folder(Path(out), classes=names, selection=selection, workers=workers)


def _simulate(
    fields: "list[tuple[str, int, np.random.Generator]]",
    phenotype: str,
    shape: tuple[int, int],
    images: Path,
    masks: Path,
) -> None:
    """Simulate and write some fields, each given by its class, its number and its generator."""
    from manyseeds.simulation.fields import PHENOTYPES, simulate_field, write_field

    for name, number, generator in fields:
        field = simulate_field(PHENOTYPES[phenotype], name != "control", generator, shape)
        stem = f"{name}/{name}_{number:03d}"
        write_field(field, images / f"{stem}.tif", masks / f"{stem}.png")
