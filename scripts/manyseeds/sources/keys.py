"""What all mappings of a study have in common, whether they describe a source or anything else."""

from collections.abc import Hashable, Sequence
from types import NoneType
from typing import Annotated, Any, TypeVar, get_args

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Strict,
    Tag,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from manyseeds.sources.naming import nfc


class Keys(BaseModel):
    """A mapping whose keys are known. It cannot be changed once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    @field_validator("*", mode="after")
    @classmethod
    def _no_null(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse null where None is our own default: whoever writes a key means something by it."""
        field = cls.model_fields[info.field_name or ""]
        if value is None and NoneType in get_args(field.annotation):
            raise PydanticCustomError("null", "it is empty; give a value, or leave the key out")
        return value

    def plain(self) -> dict[str, Any]:
        """Return its keys as YAML could hold them: of mappings, lists, numbers and texts."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core_schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        schema = handler(core_schema)
        for key in handler.resolve_ref_schema(schema)["properties"].values():
            # An optional key is left out of a study, not written as null.
            if key.get("default", "") is None:
                del key["default"]
                (kept,) = (option for option in key.pop("anyOf") if option != {"type": "null"})
                key.update(kept | key)
        return schema


Item = TypeVar("Item", bound=Hashable)


def _each_once(values: Sequence[Item]) -> Sequence[Item]:
    """Return a list, or raise if something is in it twice."""
    # Accents may be encoded in two ways, which look the same.
    if len({nfc(value) if isinstance(value, str) else value for value in values}) < len(values):
        raise PydanticCustomError("not_unique", "something is in the list twice")
    return values


_ONCE = AfterValidator(_each_once)
_UNIQUE: dict[str, Any] = {"uniqueItems": True}

Listed = Annotated[tuple[Item, ...], Strict(False)]
"""A list; it may be empty."""
Distinct = Annotated[tuple[Item, ...], Strict(False), Field(json_schema_extra=_UNIQUE), _ONCE]
"""A list in which nothing is twice; it may be empty."""
# The least number must stand before the validator: behind it, the schema has that of a text.
OneOrMore = Annotated[
    tuple[Item, ...], Strict(False), Field(min_length=1, json_schema_extra=_UNIQUE), _ONCE
]
TwoOrMore = Annotated[
    tuple[Item, ...], Strict(False), Field(min_length=2, json_schema_extra=_UNIQUE), _ONCE
]


def kind_of_value(value: Any) -> str:
    """Return which form of a key is meant, so that an error is about that one alone."""
    if isinstance(value, str):
        return "<text>"
    if isinstance(value, list | tuple):
        return "<list>"
    return "<mapping>" if isinstance(value, dict) else "<number>"


# No key of a study looks like these names, which stand in the places of pydantic's faults.
by_type = Discriminator(kind_of_value)
"""Chooses what a value must be by whether it is a text, a list, a mapping or a number."""
TEXT, LIST, MAPPING, NUMBER = map(Tag, ("<text>", "<list>", "<mapping>", "<number>"))
