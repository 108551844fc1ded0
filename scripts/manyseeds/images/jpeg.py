"""The quality of a JPEG file, found from its quantization table."""

from collections.abc import Sequence

import numpy as np

# The luminance table that the JPEG standard suggests (ITU-T T.81, table K.1), row by row.
LUMINANCE = np.array(
    [
        16, 11, 10, 16, 24, 40, 51, 61,
        12, 12, 14, 19, 26, 58, 60, 55,
        14, 13, 16, 24, 40, 57, 69, 56,
        14, 17, 22, 29, 51, 87, 80, 62,
        18, 22, 37, 56, 68, 109, 103, 77,
        24, 35, 55, 64, 81, 104, 113, 92,
        49, 64, 78, 87, 103, 121, 120, 101,
        72, 92, 95, 98, 112, 100, 103, 99,
    ]
)  # fmt: skip


def _tables() -> np.ndarray:
    """Return the tables of the qualities 1 to 100 by the rule of the IJG's library, (100, 64)."""
    qualities = np.arange(1, 101)
    # In integers, as the library's jpeg_quality_scaling and jpeg_add_quant_table.
    scale = np.where(qualities < 50, 5000 // qualities, 200 - 2 * qualities)
    return np.clip((LUMINANCE * scale[:, None] + 50) // 100, 1, 255)


TABLES = _tables()


def quality(luminance: Sequence[int]) -> int:
    """Return the quality, 1 to 100, whose table is nearest to a file's.

    It is the quality that a file was saved with, if the program has the tables of the Independent
    JPEG Group, as Pillow, ImageMagick, Java and most libraries have. For other files it is an
    estimate.

    Parameters
    ----------
    luminance : sequence of int
        The 64 entries of the file's first quantization table, row by row
        (``image.quantization[0]`` of Pillow).
    """
    return 1 + int(np.abs(TABLES - np.asarray(luminance)).sum(axis=1).argmin())
