"""Keys that several kinds of source share, with what follows from them."""

from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from manyseeds.sources import patterns, split_names, walks
from manyseeds.sources.base import Source
from manyseeds.sources.fetched import Fetched
from manyseeds.sources.keys import LIST, MAPPING, TwoOrMore, kind_of_value
from manyseeds.sources.naming import nfc

PathKey = Annotated[str, Field(min_length=1)]
UrlKey = Annotated[str, Field(pattern="^https?://")]
PATH = "A folder or file. Environment variables are written as $NAME."
ON_NAMES = ("class", "group", "angle", "splits")
"""Keys on the names of a source's files. They come last where keys are listed."""
URL = "Where to download it from. Give this, or `path`."


def _lies_within(folder: str) -> str:
    path = PurePosixPath(folder)
    if path.is_absolute() or ".." in path.parts:
        raise PydanticCustomError(
            "outside", "{folder} does not lie in what is fetched; give it relative to that",
            {"folder": folder},
        )  # fmt: skip
    return folder


InsideKey = Annotated[
    str,
    Field(description="Folder in the archive or repository that holds the classes."),
    AfterValidator(_lies_within),
]
Pattern = Annotated[str, Field(json_schema_extra={"format": "regex"})]


def _well_named(splits: Any) -> Any:
    if fault := split_names.fault(splits):
        raise PydanticCustomError("split_names", "{fault}", {"fault": fault})
    return splits


SplitName = Annotated[str, Field(pattern=split_names.FORM)]
_Names = Annotated[
    TwoOrMore[SplitName],
    Field(json_schema_extra={"contains": {"const": "train"}}),
    BeforeValidator(_well_named),
]
_Folders = Annotated[
    dict[SplitName, Annotated[str, Field(min_length=1)]],
    Field(min_length=2, json_schema_extra={"required": ["train"], "additionalProperties": False}),
    BeforeValidator(_well_named),
]
Splits = Annotated[
    Annotated[_Names, LIST] | Annotated[_Folders, MAPPING],
    Discriminator(
        kind_of_value,
        custom_error_type="splits",
        custom_error_message="give a list of the splits, or their folders by split",
    ),
]


class PathOrUrl(Source):
    """A source that lies at a path, or at an address."""

    path: PathKey | None = Field(None, description=PATH)
    url: UrlKey | None = Field(None, description=URL)

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise PydanticCustomError("one_of", "give `path` or `url`, not both")
        return self

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = super().__get_pydantic_json_schema__(core_schema, handler)
        handler.resolve_ref_schema(schema)["oneOf"] = [
            {"required": ["path"]},
            {"required": ["url"]},
        ]
        return schema


class InClassFolders(Source):
    """A source of class folders, or of files whose names tell the class."""

    class_pattern: Pattern | None = Field(
        None,
        alias="class",
        description="Regular expression on a file's path. Its first group names the class.",
    )
    group: Pattern | None = Field(
        None,
        description="Regular expression on a file's path. Its first group names what must not be "
        "split.",
    )
    angle: Pattern | None = Field(
        None,
        description="Regular expression on a file's path. Its first group is the degrees by which "
        "the image came rotated, 0 where it finds none.",
    )
    splits: Splits | None = Field(
        None,
        description="Folders above the classes when the images come already split, named as the "
        "splits, or by split (train and others).",
    )

    def split_names(self) -> list[str]:
        """Return the names of its splits, train first; none if it does not come split."""
        if not self.splits:
            return []
        # Train comes first, as the order of a mapping means nothing to those who write YAML.
        return ["train", *(name for name in self.splits if name != "train")]

    def folder_name(self, class_name: str) -> str:
        """Return a class's name as all tables have it, however its accents are encoded."""
        return nfc(class_name)

    def check(self) -> None:
        """Raise unless its patterns are such, and the folders of its splits lie apart in it.

        Raises
        ------
        InputError
            The message begins with the key, as in ``source.group: ...``.
        """
        walks.split_folders(self.splits)
        named = {"class": self.class_pattern, "group": self.group, "angle": self.angle}
        for key, pattern in named.items():
            if pattern is not None:
                patterns.compiled(pattern, key)

    def _copy(self, folder: Path, out: Path, **options: Any) -> Fetched:
        """Copy the images of its folder, as `class_folders.copy_folder` with these options."""
        from manyseeds.sources.class_folders import copy_folder

        return copy_folder(
            folder,
            out,
            class_pattern=self.class_pattern,
            group=self.group,
            angle=self.angle,
            splits=self.splits,
            inside=getattr(self, "inside", None),
            **options,
        )
