"""A dataset as a study resolves it, and what follows from its keys."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from manyseeds.sources.source import Source
from manyseeds.study.models.dataset import DatasetKeys

TRAIN = "train"
SELECTION = ("pages", "channels", "z", "time")
"""Keys that decide which planes of an image are used."""
TILING = ("size", "color", "scale", "slice", "pixel_size")
"""Keys that decide what the tiles of an image are."""


@dataclass(frozen=True)
class Dataset:
    """A dataset of a study.

    Attributes
    ----------
    name : str
        Its name in the catalogue.
    keys : DatasetKeys
        What the study says of it, with what it has from the dataset that it is like.
    fetched_as, tiled_as : str
        The datasets whose images and whose tiles it uses: others that it is like, or itself.
    stream : str
        The name by which its random choices go. Datasets that are alike in the end share it, so
        that they differ in nothing but what they say: a monochrome twin has the same test fields,
        and a network begins from the same weights.
    """

    name: str
    keys: DatasetKeys
    fetched_as: str
    tiled_as: str
    stream: str

    @property
    def source(self) -> Source:
        """Where its images come from."""
        return self.keys.source

    @property
    def simulated(self) -> bool:
        """Whether its images are simulated."""
        return self.source.simulated

    @property
    def split_by(self) -> str:
        """What stays together in its splits: "field", "group", "source" or "tile"."""
        if self.keys.split.by:
            return self.keys.split.by
        # No test set is drawn again where the source has one.
        if self.source.comes_split:
            return "source"
        # The frames of a film are near-copies of each other.
        return "group" if self.keys.time == "each" else "field"

    @property
    def held_out(self) -> dict[str, float | list[str]]:
        """Shares of its test splits, or lists of their groups, by name."""
        test = self.keys.split.test
        named = test if isinstance(test, dict) else {"test": test}
        return {name: list(one) if isinstance(one, tuple) else one for name, one in named.items()}

    @cached_property
    def splits(self) -> tuple[str, ...]:
        """Names of its splits, train first."""
        if self.split_by == "source":
            return tuple(self.source.split_names())
        return (TRAIN, *self.held_out)

    @property
    def tested(self) -> str:
        """The first of its test splits: training is watched on it."""
        return self.splits[1]

    def angles(self, split: str) -> list[float]:
        """Return the angles at which a split has its tiles; split tile by tile, all have all."""
        rotated = split in self.keys.rotate.splits or self.split_by == "tile"
        return list(self.keys.rotate.angles) if rotated else [0]

    def is_rotated(self, split: str) -> bool:
        """Return whether a split has rotated tiles."""
        return self.angles(split) != [0]

    @property
    def classes(self) -> list[str] | None:
        """The classes wanted, as their folders and all tables call them; None for all."""
        if self.keys.classes is None:
            return None
        return [self.source.folder_name(name) for name in self.keys.classes]

    @cached_property
    def label(self) -> str:
        """Its name in figures; simulated images and leaky splits are always called so."""
        shown = self.keys.label or self.name
        if self.split_by == "tile" and "leak" not in shown:
            shown = f"{shown}, leaky split"
        return shown if not self.simulated or "simulated" in shown else f"{shown} (simulated)"

    @property
    def angles_by_split(self) -> dict[str, list[float]]:
        """The angles of every split."""
        return {split: self.angles(split) for split in self.splits}

    @property
    def tiling(self) -> dict[str, Any]:
        """How its images become tiles, by the names that `tiles.slicing.slice_images` has."""
        plain = self.keys.model_dump(mode="json", include=set(TILING))
        return {**{key: plain[key] for key in TILING if key != "slice"}, **plain["slice"]}

    @property
    def selection(self) -> dict[str, Any]:
        """Which planes of an image are used, as `images.selection.Selection` takes it."""
        return self.keys.model_dump(mode="json", include=set(SELECTION), exclude_none=True)

    def plain(self) -> dict[str, Any]:
        """Return its keys as YAML could hold them, with how it is split."""
        plain = self.keys.plain()
        return plain | {"split": plain["split"] | {"by": self.split_by}}
