"""The 1000 classes of ImageNet, in the order of the networks' outputs."""

from difflib import get_close_matches
from functools import cache

from manyseeds.errors import InputError


@cache
def class_names() -> tuple[str, ...]:
    """Return the names of the 1000 classes, by index.

    They are torchvision's. The order is that of the WordNet numbers, which all the networks here
    keep: fishes and birds come first, then other animals, then things.
    """
    # torchvision takes a second to import.
    from torchvision.models import SqueezeNet1_1_Weights

    return tuple(SqueezeNet1_1_Weights.DEFAULT.meta["categories"])


def class_index(name_or_number: str | int) -> int:
    """Return the index of a class.

    Parameters
    ----------
    name_or_number : str or int
        A name of `class_names`, or an index from 0 to 999, also as digits. Capitals matter only
        for ``Cardigan``, a dog, and ``cardigan``, a garment.

    Raises
    ------
    InputError
        When there is no such class, or two have that name in other capitals.
    """
    names = class_names()
    if name_or_number in names:
        return names.index(name_or_number)
    text = str(name_or_number).strip().lower()
    if text.removeprefix("-").isdecimal():
        if not 0 <= int(text) < len(names):
            raise InputError(f"class {text}: unknown. Give an index from 0 to {len(names) - 1}.")
        return int(text)
    found = [index for index, name in enumerate(names) if name.lower() == text]
    if len(found) > 1:
        numbers = " or ".join(map(str, found))
        raise InputError(f"class {name_or_number!r}: two have this name. Give {numbers}.")
    if not found:
        raise InputError(f"class {name_or_number!r}: unknown. {_nearest(text, names)}")
    return found[0]


def _nearest(text: str, names: tuple[str, ...]) -> str:
    spelled = {name.lower(): name for name in names}
    nearest = [spelled[lower] for lower in get_close_matches(text, spelled)]
    if not nearest:
        return f"Give the name of a class of ImageNet, or an index from 0 to {len(names) - 1}."
    return f"Did you mean {' or '.join(map(repr, nearest))}?"
