"""Datasets that are `like` another have its keys, too."""

from collections.abc import Mapping
from typing import Any

from manyseeds.study.faults import KeyFault
from manyseeds.study.wording import nearest
from manyseeds.study.written import laid_over, raw_text

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
    KeyFault
        A dataset is like one that is not there, or like itself in the end.
    """
    return {name: _whole(datasets, name) for name in datasets}


def _whole(datasets: Mapping[str, Any], name: str, heirs: tuple[str, ...] = ()) -> Any:
    """Return all that a dataset says, its own keys laid over those of the one it is like."""
    own = datasets[name]
    parent = raw_text(own, "like") if isinstance(own, Mapping) and "like" in own else None
    if parent is None:
        return own
    key = ("datasets", name, "like")
    if parent in (name, *heirs):
        raise KeyFault(key, f"{parent} is like itself in the end. Name another dataset.")
    if parent not in datasets:
        raise KeyFault(
            key,
            f"no dataset is named {parent}{nearest(parent, datasets)} Choose one of "
            f"{', '.join(map(str, datasets))}.",
        )
    inherited = _whole(datasets, parent, (name, *heirs))
    if not isinstance(inherited, Mapping):
        return own
    whole = laid_over(inherited, own, deep=False)
    if "label" not in own:
        whole.pop("label", None)
    for part in MERGED:
        if isinstance(own.get(part), Mapping) and isinstance(inherited.get(part), Mapping):
            whole[part] = laid_over(inherited[part], own[part], deep=False)
    return whole
