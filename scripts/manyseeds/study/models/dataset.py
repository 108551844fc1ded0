"""The keys of a dataset."""

from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

from pydantic import Discriminator, Field, Strict, StringConstraints, Tag

from manyseeds.sources.keys import (
    LIST,
    MAPPING,
    NUMBER,
    TEXT,
    Distinct,
    Listed,
    OneOrMore,
    TwoOrMore,
    by_type,
)
from manyseeds.sources.source import SOURCES, Source
from manyseeds.study.models.section import SPLIT, Section

if TYPE_CHECKING:
    AnySource = Source
else:
    AnySource = Annotated[Union[tuple(SOURCES.values())], Field(discriminator="kind")]  # noqa: UP007
Share = Annotated[float, Field(gt=0, lt=1)]
Groups = OneOrMore[str]
ShareOrGroups = Annotated[Annotated[Share, NUMBER] | Annotated[Groups, LIST], by_type]
SplitName = Annotated[str, StringConstraints(pattern=SPLIT)]
Held = Annotated[dict[SplitName, ShareOrGroups], Field(min_length=1)]
Percentile = Annotated[float, Field(ge=0, le=100)]
Number = Annotated[int, Field(ge=1)]
Channel = Annotated[Annotated[str, TEXT] | Annotated[Number, NUMBER], by_type]
Color = Literal["red", "green", "blue", "gray", "magenta", "cyan", "yellow"]


class CountRange(Section):
    """The counts that become 0 and 255."""

    low: float
    high: float


class PercentileRange(Section):
    """The percentiles of all pixels of the dataset, test images included, that become 0 and 255."""

    percentiles: Annotated[tuple[Percentile, Percentile], Strict(False)]


def _kind_of_range(value: Any) -> str:
    if isinstance(value, str):
        return "<text>"
    has_percentiles = isinstance(value, PercentileRange) or (
        isinstance(value, dict) and "percentiles" in value
    )
    return "<percentiles>" if has_percentiles else "<counts>"


Scale = Annotated[
    Annotated[Literal["depth"], TEXT]
    | Annotated[CountRange, Tag("<counts>")]
    | Annotated[PercentileRange, Tag("<percentiles>")],
    Discriminator(_kind_of_range),
]


class Grid(Section):
    """The grid into which each field is sliced."""

    rows: int = Field(4, ge=1, le=64, description="Tiles from top to bottom.")
    columns: int = Field(4, ge=1, le=64, description="Tiles from left to right.")
    remainder: Literal["error", "crop"] = Field(
        "error",
        description="What happens to pixels beyond a whole grid: `error` stops, and `crop` leaves "
        "them out at the right and at the bottom.",
    )


class Split(Section):
    """What is never trained on."""

    by: Literal["field", "group", "source", "tile"] | None = Field(
        None,
        description="What stays together: `field`, an image with all its tiles; `group`, the "
        "images of a group (a file of several images, or see `source.group`); `source`, the splits "
        "that the source has; `tile`, "
        "nothing, to measure what such a leak is worth. By default `source` where the source comes "
        "split, `group` where each frame of a film is an image (`time: each`), else `field`.",
    )
    test: Annotated[
        Annotated[Share, NUMBER] | Annotated[Groups, LIST] | Annotated[Held, MAPPING], by_type
    ] = Field(
        0.2,
        description="Share of the fields or groups that is held out, in equal parts of each class. "
        "Or groups by name, as in the column `group` of `images.csv`: `[day3, day4]`; without "
        "`source.group` each image is its own group. Or several test sets by name: "
        "`{test: 0.2, test2: 0.1}`, `{test: [day3], held: [day4]}`.",
    )


class Rotate(Section):
    """Copies of the tiles, rotated."""

    angles: OneOrMore[Annotated[float, Field(ge=-360, le=360)]] = Field(
        (0.0,), description="Degrees counter-clockwise. Name 0 to keep the tile itself."
    )
    splits: Distinct[str] = Field(
        ("train",),
        description="Which splits are rotated. All are, when split by tile.",
    )
    fill: Literal["reflect", "black", "mean"] = Field(
        "reflect",
        description="What fills the corners: the tile's mirror image, black, or the tile's mean. "
        "Black corners betray the angle.",
    )


class DatasetKeys(Section):
    """A dataset: where its images come from, and what becomes of them."""

    like: str | None = Field(
        None,
        description="Another dataset, whose keys hold here too unless this one names them. Images, "
        "tiles, test fields and initial weights are shared as far as they can be.",
    )
    source: AnySource = Field(description="Where the images come from.")
    label: str | None = Field(None, description="Name in figures. The dataset's own by default.")
    classes: TwoOrMore[str] | None = Field(
        None,
        description="Names of the classes in their order. Those not named are left out. All, "
        "sorted by name, by default.",
    )
    size: int = Field(
        128,
        ge=8,
        le=1024,
        description="Height and width of a tile in pixels, as the networks see it. A tile that is "
        "not square is squeezed to it.",
    )
    color: Literal["rgb", "gray"] = Field("rgb", description="Three channels or one.")
    pages: Annotated[
        Annotated[Literal["first", "max"], TEXT]
        | Annotated[Listed[Color], Field(min_length=1), LIST],
        by_type,
    ] = Field(
        "first",
        description="What is taken from a plain stack of pages: its `first` page, the brightest "
        "value of all pages (`max`), or each page in a color of its own, such as `[green, blue]`. "
        "For files that tell channels, z and time apart use these keys instead.",
    )
    channels: (
        Annotated[
            Annotated[str, TEXT]
            | Annotated[Number, NUMBER]
            | Annotated[Annotated[dict[Color, Channel], Field(min_length=1)], MAPPING],
            by_type,
        ]
        | None
    ) = Field(
        None,
        description="Which channel is used, by its name in the file's metadata or its number from "
        "1; or channels by the color that each has in the picture: `{green: GFP, blue: DAPI}`. The "
        "first by default.",
    )
    z: (
        Annotated[Annotated[Literal["max", "mean"], TEXT] | Annotated[Number, NUMBER], by_type]
        | None
    ) = Field(
        None,
        description="Which plane of a z-stack is used, by its number from 1, or its projection: "
        "`max`, `mean`. The first by default.",
    )
    time: (
        Annotated[Annotated[Literal["each"], TEXT] | Annotated[Number, NUMBER], by_type] | None
    ) = Field(
        None,
        description="Which frame of a film is used, by its number from 1, or `each` as an image of "
        "its own. The film is their group. The first by default.",
    )
    pixel_size: Annotated[float, Field(gt=0)] | None = Field(
        None,
        description="Width of a pixel in µm to which all images are brought before they are "
        "sliced. Their files must say the size of their pixels. Left as they are by default.",
    )
    scale: Scale = Field(
        "depth",
        description="How intensities become 8 bits, by one rule for all images of the dataset. "
        "`depth` takes the least of 8, 10, 12, 14 or 16 bits that holds the brightest pixel, and "
        "0 to 1 for decimal numbers; `{low, high}` are counts; `{percentiles: [0.1, 99.9]}` are "
        "those of all pixels, test images included.",
    )
    slice: Grid = Field(
        Grid(),
        description="Grid into which each field is sliced. An image no larger than `size` passes "
        "whole, and so does every image in a grid of 1 x 1.",
    )
    split: Split = Field(
        Split(),
        description="What is never trained on. Tiles of a field and rotations of a tile stay "
        "together.",
    )
    rotate: Rotate = Field(Rotate(), description="Copies of the tiles, rotated. None by default.")
    on_bad_image: Literal["stop", "skip"] = Field(
        "stop",
        description="Whether a damaged image stops the study, or is left out. Images left out are "
        "counted in the terminal and listed in `skipped.csv` with the reason. A class that loses "
        "all its images stops the study.",
    )
    audit: Literal["strict", "warn"] = Field(
        "warn",
        description="What a finding of the leakage audit does: `strict` stops the study before any "
        "training, and `warn` says it.",
    )
    expert_accuracy: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="What a human expert reaches, for the boxplot."
    )
