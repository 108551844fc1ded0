"""The kinds of source, and the source that a study describes.

A kind is one class in a module of its own in `kinds`: its keys, what is wrong with them, what
lies here and what is downloaded, and how its images are fetched. A new kind is one module more
there. Importing all of them needs nothing but the standard library and pydantic, as the workflow
looks here before any job, in whatever runs Snakemake.
"""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from manyseeds.errors import InputError
from manyseeds.sources import kinds
from manyseeds.sources.base import SOURCES, Source

__all__ = ["SOURCES", "Source", "source_of"]

for _module in pkgutil.iter_modules(kinds.__path__, f"{kinds.__name__}."):
    import_module(_module.name)


def source_of(described: Mapping[str, Any]) -> Source:
    """Return the source that a mapping describes.

    Parameters
    ----------
    described : mapping
        Its keys as in a study, or as dumped by the source; among them its ``kind``.

    Raises
    ------
    InputError
        There is no such kind.
    pydantic.ValidationError
        A key is missing, of the wrong type, or not one of this kind.
    """
    kind = described.get("kind")
    if kind not in SOURCES:
        raise InputError(f"source.kind: {kind} is no kind. Choose one of {', '.join(SOURCES)}.")
    return SOURCES[kind].model_validate(described)
