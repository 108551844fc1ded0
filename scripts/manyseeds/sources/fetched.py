"""What every source gives: images under one folder, all of them checked, or nothing."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from manyseeds.errors import InputError
from manyseeds.machine import disks

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["image", "class", "group", "split", "angle", "file", "position", "frame"]
COLUMNS += ["position_name"]
COLUMNS += ["width", "height", "bit_depth", "dtype", "minimum", "maximum", "pages", "planes"]
COLUMNS += ["unused", "channels", "pixel_size", "pixel_height", "mode", "color_table", "format"]
COLUMNS += ["quality", "sha256"]
SKIPPED_COLUMNS = ["image", "reason"]


class Fetched(NamedTuple):
    """The images of a source.

    Attributes
    ----------
    table : pandas.DataFrame
        A row an image, columns as in `COLUMNS`; sorted by split (train first) and class as
        given, then by path.
    phantoms : int
        How many phantom files, such as ``.DS_Store``, were left out; the log names them.
    skipped : pandas.DataFrame
        A row a damaged image left out: its path and the reason.
    """

    table: "pd.DataFrame"
    phantoms: int
    skipped: "pd.DataFrame"


@contextmanager
def nothing_left(out: Path) -> Iterator[None]:
    """Delete a folder when what fills it fails, unless it held something before."""
    before = Path(out).exists() and any(Path(out).iterdir())
    try:
        with disks.naming_full(out):
            yield
    except BaseException:
        if not before:
            shutil.rmtree(out, ignore_errors=True)
        raise


def check_classes(source: Path | str, names: Sequence[str], rows: Sequence[dict]) -> None:
    """Raise unless there are two classes or more and each has images.

    Parameters
    ----------
    source : path or str
        What the message names.
    names : sequence of str
        The classes wanted.
    rows : sequence of dict
        The images found, each with its ``class``.

    Raises
    ------
    InputError
        There is no class, or one alone, or one without images.
    """
    if not names:
        raise InputError(
            f"{source}: has no class folders. Put the images of each class into a folder of "
            "its own there, or give `source.class`, a pattern that finds the class in a "
            "file's path."
        )
    if len(names) == 1:
        raise InputError(
            f"{source}: has one class only ({names[0]}). Bring a second class folder; if the "
            "classes lie deeper, give that folder as `source.path` (in an archive or "
            "repository, as `source.inside`)."
        )
    found = {row["class"] for row in rows}
    for name in names:
        if name not in found:
            raise InputError(
                f"{source}: class {name} has no images. Add images to its folder, or leave it "
                "out by listing the others under `classes`."
            )
