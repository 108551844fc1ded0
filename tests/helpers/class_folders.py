"""A small folder of class folders, and what is expected of any source."""

import tarfile
import zipfile

import numpy as np
import pytest
from PIL import Image

from manyseeds.errors import InputError
from manyseeds.sources.class_folders import copy_folder

COLUMNS = [
    "image", "class", "group", "split", "angle", "file", "position", "frame", "position_name",
    "width", "height", "bit_depth", "dtype", "minimum", "maximum", "pages", "planes", "unused",
    "channels", "pixel_size", "pixel_height", "mode", "color_table", "format", "quality", "sha256",
]  # fmt: skip


def save(path, value=100):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((4, 6), value, np.uint8)).save(path)


def make(root):
    """Write four images in the class folders a and b."""
    for i, name in enumerate(["b/2.png", "b/1.png", "a/9.png", "a/deep/10.png"]):
        save(root / name, 10 * i + 10)
    return root


def files(root):
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def pack(folder, archive, top):
    """Write a folder's files into an archive of the kind its suffix tells."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive, "w") as file:
            for name in files(folder):
                file.write(folder / name, f"{top}{name}")
    else:
        with tarfile.open(archive, "w:" + archive.suffix[1:].replace("tar", "")) as file:
            for name in files(folder):
                file.add(folder / name, f"{top}{name}")
    return archive


def breaks(folder, tmp_path, message, **options):
    """Expect a message and that nothing was written."""
    with pytest.raises(InputError, match=message):
        copy_folder(folder, tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()
