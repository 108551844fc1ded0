"""Files as microscopes write them, against what other readers found in them."""

import hashlib
import json
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from manyseeds.errors import BadImage
from manyseeds.images import reading
from manyseeds.images.opening import opened

DATA = Path(os.environ.get("MANYSEEDS_DATA", Path(__file__).parents[4] / "shared" / "data"))
ARCHIVE = DATA / "microscope_formats.tar.gz"
pytestmark = pytest.mark.skipif(
    not ARCHIVE.is_file(), reason="MANYSEEDS_DATA has no microscope_formats.tar.gz"
)
WIDTHS = ("PhysicalSizeX", "spatial-calibration-x", "XCalibration", "WidthConvertValue")
"""Names of a pixel's width in µm in the metadata of files whose pixels are square."""
REFUSED = ["bad/02r01.lsm", "nd2/known-metadata.yml"]


def expected_of_files():
    """Return what the collection says of each file, {} if it is not here."""
    if not ARCHIVE.is_file():
        return {}
    with tarfile.open(ARCHIVE) as file:
        said = json.load(file.extractfile("microscope_formats/expected.json"))
    return {name: said[name] for name in sorted(said)}


EXPECTED = expected_of_files()
READ = [name for name in EXPECTED if name not in REFUSED]


@pytest.fixture(scope="module")
def formats(tmp_path_factory):
    folder = tmp_path_factory.mktemp("formats")
    with tarfile.open(ARCHIVE) as file:
        file.extractall(folder, filter="data")
    return folder / "microscope_formats"


def series_of(name):
    """Return what is said of each position of a file. Labels are not read, and a plate is none."""
    said = [one for one in EXPECTED[name]["series"] if one["planes"]]
    return [one for one in said if "labels" not in one["series"]]


def down_of(series):
    """Return the axis that leads down a picture: z in a scan of x and z."""
    return "Z" if "Z" in series["dims"].split(",")[-2:] else "Y"


def renamed(numbers, down):
    """Return numbers along axes. The stack of a scan of x and z is along y, and called z here."""
    return {("Z" if axis == "Y" and down == "Z" else axis): n for axis, n in numbers.items()}


def sizes_of(series):
    """Return how many planes there are along each axis that has several."""
    down = down_of(series)
    sizes = dict(zip(series["dims"].replace(",", ""), series["shape"], strict=True))
    sizes = {axis: size for axis, size in sizes.items() if axis not in {"X", "S", down}}
    return renamed({axis: size for axis, size in sizes.items() if size > 1}, down)


def micrometers(series):
    """Return the width and height of a pixel as the metadata have them, or None."""
    about = series.get("pixel_size", {})
    if "pixel_size_m" in series:
        meters = series["pixel_size_m"]
        sizes = meters.get("X", 0) * 1e6, meters.get(down_of(series), 0) * 1e6
    elif "pixel_size_um" in series:
        sizes = series["pixel_size_um"]["x"], series["pixel_size_um"]["y"]
    elif "scale" in series:
        sizes = series["scale"][0][-1], series["scale"][0][-2]
    elif about.get("unit") in ("micron", "um") and "XResolution" in about:
        # Pixels a unit, as a fraction. All pictures of ImageJ here have square pixels.
        pixels, units = about["XResolution"]
        sizes = units / pixels, units / pixels
    else:
        sizes = (float(next((about[name] for name in WIDTHS if name in about), 0)),) * 2
    return sizes if all(sizes) else None


def names_of(series):
    """Return the channels' names; those of the display stand in where there is none."""
    count = sizes_of(series).get("C", 1)
    own = series.get("channels") or [None] * count
    shown = series.get("channels_displaysetting") or [None] * count
    return tuple(a or b or "" for a, b in zip(own, shown, strict=True))


def test_the_collection_is_complete():
    assert len(READ) > 25
    kinds = {name.partition("/")[0] for name in READ}
    assert kinds >= {"czi", "lif", "nd2", "oib", "ometiff", "omezarr", "imagej", "stk"}


@pytest.mark.parametrize("name", READ)
def test_every_plane_has_the_pixels_that_other_readers_found(formats, name):
    series = series_of(name)
    with opened(formats / name) as file:
        assert len(file.layouts) == len(series)
        for position, said in enumerate(series):
            for plane in said["planes"]:
                array = file.plane(position, renamed(plane["index"], down_of(said)))
                assert list(array.shape) == plane["shape"]
                assert array.dtype == np.dtype(plane["dtype"]).newbyteorder("=")
                little = array.astype(array.dtype.newbyteorder("<"))
                assert hashlib.sha256(little.tobytes()).hexdigest() == plane["sha256"]


@pytest.mark.parametrize("name", READ)
def test_what_the_metadata_say_is_found(formats, name):
    with opened(formats / name) as file:
        for layout, said in zip(file.layouts, series_of(name), strict=True):
            assert layout.several == sizes_of(said)
            assert layout.dtype == np.dtype(said["dtype"]).newbyteorder("=")
            assert layout.channels == names_of(said)
            assert layout.pixel_size == (
                None if micrometers(said) is None else pytest.approx(micrometers(said), rel=1e-5)
            )
            if "name" in said:
                assert layout.name == (said["name"] or "")


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_image_is_refused_by_name(formats, name):
    with pytest.raises(BadImage, match=rf"{Path(name).name}: .*not an image"):
        reading.inspect(formats / name)


def test_the_fields_of_a_plate_have_the_names_of_their_wells(formats):
    with opened(formats / "omezarr/plate_ones_mip.zarr") as file:
        assert [layout.name for layout in file.layouts] == ["B/03/0"]


def test_two_pictures_that_were_exported_from_a_scan_are_those_of_the_scan(formats):
    with opened(formats / "lif/xz-example.lif") as file:
        for channel, frame in [(0, 0), (1, 8)]:
            exported = reading.read(formats / f"lif/xz-example_expected_c{channel}t{frame}.tif")
            np.testing.assert_array_equal(file.plane(0, {"C": channel, "T": frame}), exported)
