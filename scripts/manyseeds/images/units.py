"""Lengths in metadata, in µm."""

from typing import Any

_MICROMETERS = {
    "m": 1e6,
    "meter": 1e6,
    "metre": 1e6,
    "cm": 1e4,
    "centimeter": 1e4,
    "mm": 1e3,
    "millimeter": 1e3,
    "um": 1.0,
    "µm": 1.0,
    "μm": 1.0,
    "\\u00b5m": 1.0,
    "micron": 1.0,
    "micrometer": 1.0,
    "micrometre": 1.0,
    "nm": 1e-3,
    "nanometer": 1e-3,
    "pm": 1e-6,
    "å": 1e-4,
    "angstrom": 1e-4,
    "inch": 25_400.0,
    "in": 25_400.0,
}


def pixel_size(
    width: Any, height: Any, unit: Any = "µm", unit_of_height: Any = None
) -> tuple[float, float] | None:
    """Return the width and height of a pixel in µm, or None where the metadata do not say them.

    Parameters
    ----------
    width, height : float or str or None
        In `unit`. Zero, as some programs write, says nothing.
    unit : str or None
        Of the metadata; "pixel" and unknown ones say nothing.
    unit_of_height : str, optional
        Where it is another one.
    """
    factors = [
        _MICROMETERS.get(str(one).strip().rstrip("\0").lower().removesuffix("s"))
        for one in (unit, unit if unit_of_height is None else unit_of_height)
    ]
    try:
        sizes = float(width), float(height)
    except (TypeError, ValueError):
        return None
    if None in factors or not all(0 < size < float("inf") for size in sizes):
        return None
    # Ratios of whole numbers in metadata come with odd last digits.
    width, height = (
        float(f"{size * (factor or 1):.6g}") for size, factor in zip(sizes, factors, strict=True)
    )
    return width, height
