"""Datasets that are `like` another have its keys, too."""

from collections.abc import Mapping
from typing import Any

from manyseeds.errors import InputError

MERGED = ("slice", "split", "rotate")
"""Keys of which a dataset may name a part, and has the rest from the other."""


def with_inherited(datasets: Mapping[str, Any]) -> dict[str, Any]:
    """Return datasets with what they have from those that they are like.

    Parameters
    ----------
    datasets : mapping
        What each says, by name. What is of the wrong type is left as it is: the models say so.

    Raises
    ------
    InputError
        A dataset is like one that is not there, or like itself in the end.
    """
    return {name: _whole(datasets, name) for name in datasets}


def _whole(datasets: Mapping[str, Any], name: str, heirs: tuple[str, ...] = ()) -> Any:
    """Return all that a dataset says, its own keys laid over those of the one it is like."""
    own = datasets[name]
    if not isinstance(own, dict) or not isinstance(own.get("like"), str):
        return own
    parent, key = own["like"], f"config key datasets.{name}.like"
    if parent in (name, *heirs):
        raise InputError(f"{key}: {parent} is like itself in the end. Name another dataset.")
    if parent not in datasets:
        raise InputError(
            f"{key}: no dataset is named {parent!r}. Choose one of {', '.join(datasets)}."
        )
    inherited = _whole(datasets, parent, (name, *heirs))
    if not isinstance(inherited, dict):
        return own
    whole = {**inherited, **own}
    if "label" not in own:
        whole.pop("label", None)
    for part in MERGED:
        if isinstance(own.get(part), dict) and isinstance(inherited.get(part), dict):
            whole[part] = {**inherited[part], **own[part]}
    return whole
