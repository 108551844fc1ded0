"""Images that are folders, or have a folder of their own beside them."""

import pytest

from class_folders import breaks, save
from manyseeds.errors import InputError
from manyseeds.sources import class_folders, walks


@pytest.fixture
def zarr(folder):
    """An image that is a folder, in the class a; even a file in it may look like an image."""
    for name in (".zattrs", "0/.zarray", "0/0.0", "thumbnail.png"):
        path = folder / "a/1.ome.Zarr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("1")
    return folder


def test_a_folder_of_zarr_is_one_image(zarr):
    paths, phantoms = walks.files(zarr / "a")
    assert paths == ["1.ome.Zarr", "9.png", "deep/10.png"]
    assert phantoms.total == 0
    assert walks.class_folders(zarr)[0] == ["a", "b"]
    assert walks.is_image_name("a/1.ome.Zarr")


def test_a_folder_of_zarr_beside_the_classes(zarr, tmp_path):
    (zarr / "a/1.ome.Zarr").rename(zarr / "c.zarr")
    breaks(zarr, tmp_path, r"photos/c\.zarr: lies outside any class folder")


def test_a_link_to_a_folder_of_zarr_is_an_image(zarr):
    (zarr / "b/3.zarr").symlink_to(zarr / "a/1.ome.Zarr")
    assert walks.files(zarr / "b")[0] == ["1.png", "2.png", "3.zarr"]


def test_the_planes_of_an_image_are_no_images_of_their_own(folder):
    for name in ("a/1.oif", "Top.OIF"):
        (folder / name).write_bytes(b"x")
        save(folder / f"{name}.files/s_C001T001.tif")
    assert walks.files(folder / "a")[0] == ["1.oif", "9.png", "deep/10.png"]
    (folder / "Top.OIF").rename(folder / "Top.oif")
    with pytest.raises(InputError, match=r"Top\.OIF\.files: holds the planes of .*Top\.OIF, which"):
        walks.class_folders(folder)


def test_planes_without_their_image(folder, tmp_path):
    save(folder / "a/1.oif.files/s_C001T001.tif")
    says = r"a/1\.oif\.files: holds the planes of an Olympus image, 1\.oif, which is not beside it"
    breaks(folder, tmp_path, says)
    with pytest.raises(InputError, match=says):
        class_folders.describe_folder(folder, class_pattern="^([ab])/")


@pytest.mark.parametrize(
    "suffix", [".czi", ".ND2", ".lif", ".oib", ".oif", ".zarr", ".heic", ".avif"]
)
def test_suffixes_that_are_read(suffix):
    assert walks.is_image_name(f"a/b{suffix}")
    assert not walks.is_microscope_name(f"a/b{suffix}")
