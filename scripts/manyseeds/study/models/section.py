"""What all sections of a study have in common."""

from collections.abc import Hashable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, ConfigDict, Discriminator, Field, Strict, Tag
from pydantic_core import PydanticCustomError

from manyseeds.sources.keys import Keys

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""What studies and datasets may be called: they become folders."""
SPLIT = r"^(?!train$)[a-z][a-z0-9]*$"
"""What test splits may be called."""


class Section(Keys):
    """A mapping of the study whose keys are known; it cannot be changed once it is read."""

    # Patterns look ahead, which the other engine cannot.
    model_config = ConfigDict(regex_engine="python-re")

    def plain(self) -> dict[str, Any]:
        """Return the section as YAML could hold it: of mappings, lists, numbers and texts."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)


Item = TypeVar("Item", bound=Hashable)


def _each_once(values: Sequence[Item]) -> Sequence[Item]:
    """Return a list, or raise if something is in it twice."""
    if len(set(values)) < len(values):
        raise PydanticCustomError("not_unique", "something is in the list twice")
    return values


Listed = Annotated[tuple[Item, ...], Strict(False)]
"""A list; it may be empty."""
Distinct = Annotated[
    tuple[Item, ...],
    Strict(False),
    AfterValidator(_each_once),
    Field(json_schema_extra={"uniqueItems": True}),
]
"""A list in which nothing is twice."""


def _kind_of_value(value: Any) -> str:
    if isinstance(value, str):
        return "<text>"
    if isinstance(value, list | tuple):
        return "<list>"
    return "<mapping>" if isinstance(value, dict) else "<number>"


# No key of a study looks like these names, which stand in the places of pydantic's faults.
by_type = Discriminator(_kind_of_value)
"""Chooses what a value must be by whether it is a text, a list, a mapping or a number."""
TEXT, LIST, MAPPING, NUMBER = map(Tag, ("<text>", "<list>", "<mapping>", "<number>"))
