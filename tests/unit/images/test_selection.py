"""Which planes of a file are used, on files whose every value is known."""

import re
import shutil

import numpy as np
import pytest
import tifffile

from manyseeds.errors import InputError
from manyseeds.images import reading
from manyseeds.images.selection import Selection
from tiff_files import random

NAMES = ["DAPI", "GFP", "GFP", "Cy5"]
HYPERSTACK = random((2, 3, 4, 5, 6), "u2")  # T, Z, C, height, width


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of several kinds, which no test changes."""
    folder = tmp_path_factory.mktemp("stacks")
    metadata = {"axes": "TZCYX", "Channel": {"Name": NAMES}}
    tifffile.imwrite(
        folder / "named.ome.tif", HYPERSTACK, ome=True, photometric="minisblack", metadata=metadata
    )
    tifffile.imwrite(folder / "imagej.tif", HYPERSTACK, imagej=True, metadata={"axes": "TZCYX"})
    tifffile.imwrite(folder / "plain.tif", HYPERSTACK[0, :, 0], photometric="minisblack")
    tifffile.imwrite(folder / "one.tif", HYPERSTACK[0, 0, 0])
    tifffile.imwrite(folder / "color.tif", RGB[0], photometric="rgb")
    tifffile.imwrite(folder / "colors.tif", RGB, photometric="rgb")
    return folder


RGB = random((3, 5, 6, 3), "u1")


def read(folder, name, frame=None, **keys):
    return reading.read(folder / name, Selection(**keys), frame=frame)


def refuses(folder, name, message, **keys):
    with pytest.raises(InputError) as error:
        reading.inspect(folder / name, Selection(**keys))
    assert re.search(message, str(error.value)), str(error.value)
    assert str(error.value).startswith(f"{folder / name}: ")


# one channel, plane, frame


@pytest.mark.parametrize("name", ["named.ome.tif", "imagej.tif"])
@pytest.mark.parametrize(
    ("keys", "index"),
    [
        ({}, (0, 0, 0)),
        ({"channels": 3}, (0, 0, 2)),
        ({"z": 2}, (0, 1, 0)),
        ({"time": 2}, (1, 0, 0)),
        ({"channels": 4, "z": 3, "time": 2}, (1, 2, 3)),
    ],
)
def test_planes_are_counted_from_one(folder, name, keys, index):
    np.testing.assert_array_equal(read(folder, name, **keys), HYPERSTACK[index])


def test_channels_have_names(folder):
    found = read(folder, "named.ome.tif", channels="Cy5", z=2)
    np.testing.assert_array_equal(found, HYPERSTACK[0, 1, 3])


@pytest.mark.parametrize("name", ["named.ome.tif", "imagej.tif"])
def test_projections_along_z(folder, name):
    stack = HYPERSTACK[1, :, 2]
    highest = read(folder, name, channels=3, time=2, z="max")
    np.testing.assert_array_equal(highest, stack.max(axis=0))
    mean = read(folder, name, channels=3, time=2, z="mean")
    assert mean.dtype == np.uint16
    np.testing.assert_array_equal(mean, np.rint(stack.mean(axis=0)))


def test_means_of_integers_are_rounded_and_those_of_decimal_numbers_are_not(tmp_path):
    # Sums of four 65 535 do not fit into 16 bits. Halves go to the even number.
    for dtype, expected in [("u2", [[65_535, 2, 2, 1]]), ("f4", [[65_535, 1.5, 2.25, 1]])]:
        stack = np.array([[[65_535, 1, 2, 1]], [[65_535, 2, 2, 1]]] * 2, dtype)
        stack[3, 0, 2] = 3
        tifffile.imwrite(tmp_path / f"{dtype}.tif", stack, photometric="minisblack")
        found = read(tmp_path, f"{dtype}.tif", z="mean")
        assert found.dtype == dtype
        np.testing.assert_array_equal(found, np.array(expected, dtype))


# channels by color


@pytest.mark.parametrize("name", ["named.ome.tif", "imagej.tif"])
def test_channels_are_composed_by_color(folder, name):
    found = read(folder, name, channels={"green": 1, "magenta": 4}, z="max")
    green, magenta = HYPERSTACK[0, :, 0].max(axis=0), HYPERSTACK[0, :, 3].max(axis=0)
    np.testing.assert_array_equal(found, np.dstack([magenta, green, magenta]))


def test_colors_that_share_a_primary_color_add_up_and_saturate(folder):
    found = read(folder, "named.ome.tif", channels={"yellow": "DAPI", "red": "Cy5"})
    first, second = HYPERSTACK[0, 0, 0].astype(int), HYPERSTACK[0, 0, 3].astype(int)
    both = np.minimum(first + second, 65_535)
    np.testing.assert_array_equal(found, np.dstack([both, first, 0 * first]))
    assert (first + second).max() > 65_535


def test_one_channel_in_gray_stays_gray(folder):
    found = read(folder, "named.ome.tif", channels={"gray": "Cy5"})
    np.testing.assert_array_equal(found, HYPERSTACK[0, 0, 3])


@pytest.mark.parametrize(
    ("color", "lit"),
    [
        ("red", "r"), ("green", "rg"), ("blue", "rb"), ("cyan", "rgb"), ("magenta", "rb"),
        ("yellow", "rg"), ("gray", "rgb"),
    ],
)  # fmt: skip
def test_each_color_lights_its_primary_colors(folder, color, lit):
    # Beside a second channel, in red.
    colors = {color: 1, "red": 2} if color != "red" else {"red": 1}
    found = read(folder, "named.ome.tif", channels=colors)
    assert "".join(name for n, name in enumerate("rgb") if found[..., n].any()) == lit


# plain stacks


@pytest.mark.parametrize(
    ("keys", "page"),
    [({"channels": 2}, 1), ({"z": 3}, 2), ({"time": 2}, 1), ({"pages": "first"}, 0)],
)
def test_the_pages_of_a_plain_stack_are_what_the_study_says(folder, keys, page):
    found = read(folder, "plain.tif", **keys)
    np.testing.assert_array_equal(found, HYPERSTACK[0, page, 0])


def test_a_plain_stack_may_be_projected_composed_or_cut_into_frames(folder):
    planes = HYPERSTACK[0, :, 0]
    for keys in ({"z": "max"}, {"pages": "max"}):
        np.testing.assert_array_equal(read(folder, "plain.tif", **keys), planes.max(axis=0))
    for keys in ({"channels": {"blue": 1, "red": 3, "green": 2}},
                 {"pages": ["blue", "green", "red"]}):  # fmt: skip
        found = read(folder, "plain.tif", **keys)
        np.testing.assert_array_equal(found, np.dstack([planes[2], planes[1], planes[0]]))
    rows = reading.inspect(folder / "plain.tif", Selection(time="each"))
    assert [row["name"] for row in rows] == ["#t1", "#t2", "#t3"]
    assert [row["maximum"] for row in rows] == [plane.max() for plane in planes]


# color files


@pytest.mark.parametrize("channel", [2, "green"])
def test_the_channels_of_a_color_file(folder, channel):
    found = read(folder, "color.tif", channels=channel)
    np.testing.assert_array_equal(found, RGB[0, ..., 1])


def test_the_channels_of_a_color_file_may_change_places(folder):
    found = read(folder, "color.tif", channels={"red": "blue", "green": "red"})
    expected = np.dstack([RGB[0, ..., 2], RGB[0, ..., 0], 0 * RGB[0, ..., 0]])
    np.testing.assert_array_equal(found, expected)


def test_a_channel_of_a_page_of_color(folder):
    found = read(folder, "colors.tif", channels="green", z=3)
    np.testing.assert_array_equal(found, RGB[2, ..., 1])
    found = read(folder, "colors.tif", channels="green", z="max")
    np.testing.assert_array_equal(found, RGB[..., 1].max(axis=0))
    (facts,) = reading.inspect(folder / "colors.tif", Selection(channels="green"))
    assert facts["unused"] == "3 pages"


# what a file does not have


@pytest.mark.parametrize(
    ("name", "keys", "message"),
    [
        ("named.ome.tif", {"channels": 5},
         r"channels: there is no channel 5, but 4 \(DAPI, GFP, GFP, Cy5\), counted from 1\. Give"),
        ("named.ome.tif", {"channels": "dapi"}, r"there is no channel dapi, but 4 \(DAPI"),
        ("named.ome.tif", {"channels": "GFP"},
         r"channels: several are called GFP\. Give a number, from 1 to 4"),
        ("named.ome.tif", {"channels": {"red": "DAPI", "green": "RFP"}}, "no channel RFP"),
        ("imagej.tif", {"channels": "DAPI"}, r"no channel DAPI, but 4 \(without names\)"),
        ("imagej.tif", {"z": 4}, r"z: there is no z-plane 4, but 3, counted from 1\. Give"),
        ("imagej.tif", {"time": 3}, r"time: there is no frame 3, but 2, counted from 1\. Give"),
        ("imagej.tif", {"pages": "max"},
         "pages: it has 4 channels, 3 z-planes and 2 frames, which are not one row of pages"),
        ("plain.tif", {"z": 4}, "z: there is no page 4, but 3"),
        ("plain.tif", {"channels": "GFP"}, r"no channel GFP, but 3 \(without names\)"),
        ("plain.tif", {"pages": ["red", "blue"]}, "pages: names 2 colors but its pages are 3"),
        ("one.tif", {"z": 2}, "z: there is no z-plane 2, but 1"),
        ("one.tif", {"time": 2}, "time: there is no frame 2, but 1"),
        ("one.tif", {"channels": 2}, "there is no channel 2, but 1"),
        ("color.tif", {"channels": 4}, r"no channel 4, but 3 \(red, green, blue\)"),
        ("color.tif", {"pages": ["red"]}, "names 1 colors but its pages are in color"),
    ],
)  # fmt: skip
def test_what_a_file_does_not_have_is_said_with_what_it_has(folder, name, keys, message):
    refuses(folder, name, message, **keys)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"pages": "max", "channels": 1}, "pages: names planes, and so does channels"),
        ({"pages": ["red"], "z": "max"}, "pages: names planes, and so does z"),
        ({"channels": {"pink": 1}}, "unknown color pink. Choose from red"),
        ({"channels": {"first": 1}}, "unknown color first. Choose from red"),
        ({"pages": ["max", "red"]}, "unknown color max. Choose from red"),
        ({"pages": "mean"}, "pages: mean is none of first, max and a list of colors"),
    ],
)
def test_a_selection_that_no_file_suits_is_refused(keys, message):
    with pytest.raises(InputError, match=message):
        Selection(**keys)


@pytest.mark.parametrize(
    ("keys", "unused"),
    [
        ({}, "4 channels, 3 z-planes and 2 frames"),
        ({"channels": 1}, "3 z-planes and 2 frames"),
        ({"z": "max"}, "4 channels and 2 frames"),
        ({"channels": 1, "z": 1, "time": 1}, ""),
    ],
)
def test_what_is_left_out_without_a_word_is_counted(folder, keys, unused):
    (facts,) = reading.inspect(folder / "imagej.tif", Selection(**keys))
    assert facts["unused"] == unused
    assert (facts["pages"], facts["planes"]) == (24, "4 channels, 3 z-planes and 2 frames")


# rows


@pytest.fixture
def positions(tmp_path):
    """A file of two positions with two frames each, and its planes."""
    planes = random((2, 2, 5, 6), "u2")
    with tifffile.TiffWriter(tmp_path / "a.ome.tif", ome=True) as file:
        for position in planes:
            file.write(position, photometric="minisblack", metadata={"axes": "TYX"})
    return tmp_path / "a.ome.tif", planes


@pytest.mark.parametrize(
    ("time", "names"),
    [(None, ["#1", "#2"]), (2, ["#1", "#2"]), ("each", ["#1t1", "#1t2", "#2t1", "#2t2"])],
)
def test_each_position_and_frame_is_a_row(positions, time, names):
    path, planes = positions
    selection = Selection(time=time)
    rows = reading.inspect(path, selection)
    assert [row["name"] for row in rows] == names
    used = planes.reshape(4, 5, 6) if time == "each" else planes[:, 1 if time == 2 else 0]
    for row, plane in zip(rows, used, strict=True):
        assert (row["minimum"], row["maximum"]) == (plane.min(), plane.max())
        frame = row["frame"] if time == "each" else None
        again = reading.read(path, selection, row["position"], frame)
        np.testing.assert_array_equal(again, plane)
    assert len({row["sha256"] for row in rows}) == len(rows)


def test_copies_of_a_file_have_equal_digests(positions, tmp_path):
    path, _ = positions
    copy = shutil.copyfile(path, tmp_path / "copy.ome.tif")
    here, there = ([row["sha256"] for row in reading.inspect(one)] for one in (path, copy))
    assert here == there


def test_the_ends_are_those_of_what_is_used(folder):
    (facts,) = reading.inspect(folder / "imagej.tif", Selection(channels=2, z="max", time=2))
    used = HYPERSTACK[1, :, 1].max(axis=0)
    assert (facts["minimum"], facts["maximum"]) == (used.min(), used.max())
