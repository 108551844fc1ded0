"""What all mappings of a study have in common, whether they describe a source or anything else."""

from types import NoneType
from typing import Any, get_args

from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ValidationInfo,
    field_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError


class Keys(BaseModel):
    """A mapping whose keys are known. It cannot be changed once it is read."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*", mode="after")
    @classmethod
    def _no_null(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse null where None is our own default: whoever writes a key means something by it."""
        field = cls.model_fields[info.field_name or ""]
        if value is None and NoneType in get_args(field.annotation):
            raise PydanticCustomError("null", "it is empty; give a value, or leave the key out")
        return value

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
