"""TIFF files of several planes and positions, against the arrays that were written."""

import numpy as np
import pytest
import tifffile
from PIL import Image

from manyseeds.errors import BadImage, InputError
from manyseeds.images import reading
from manyseeds.images.opening import opened
from manyseeds.images.selection import Selection
from tiff_files import one_page, random


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.tif"


def holds(path, planes, axes, position=0):
    """Expect every plane of a position: (..., height, width), or with 3 colors at the end."""
    sizes = dict(zip(axes, planes.shape, strict=False))
    with opened(path) as file:
        layout = file.layouts[position]
        assert layout.several == {axis: size for axis, size in sizes.items() if size > 1}
        for index in np.ndindex(*sizes.values()):
            plane = file.plane(position, dict(zip(axes, index, strict=True)))
            np.testing.assert_array_equal(plane, planes[index])
    return layout


PLAIN = ("pages",)


# stacks of one kind


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", [None, "deflate"])
@pytest.mark.parametrize("bigtiff", [False, True])
@pytest.mark.parametrize("metadata", [None, {}], ids=["plain", "with a shape"])
def test_a_plain_stack_has_pages(path, order, compression, bigtiff, metadata):
    planes = random((4, 8, 9), "u2")
    tifffile.imwrite(
        path, planes, photometric="minisblack", compression=compression, bigtiff=bigtiff,
        byteorder=order, metadata=metadata,
    )  # fmt: skip
    holds(path, planes, PLAIN)


def test_pages_of_color(path):
    planes = random((3, 8, 9, 3), "u1")
    tifffile.imwrite(path, planes, photometric="rgb")
    assert holds(path, planes, PLAIN).color


def test_pages_of_other_programs(path):
    planes = random((3, 8, 9), "u1")
    first, *more = map(Image.fromarray, planes)
    first.save(path, save_all=True, append_images=more, compression="tiff_lzw")
    holds(path, planes, PLAIN)


@pytest.mark.parametrize("axes", [None, "QQYX", "QIYX"])
def test_axes_without_names_are_one_row_of_pages(path, axes):
    planes = random((2, 3, 8, 9), "u1")
    metadata = {"axes": axes} if axes else {}
    tifffile.imwrite(path, planes, photometric="minisblack", metadata=metadata)
    holds(path, planes.reshape(6, 8, 9), PLAIN)


@pytest.mark.parametrize("program", ["imagej", "ome"])
@pytest.mark.parametrize("compression", [None, "deflate"])
def test_hyperstacks_have_channels_z_and_time(path, program, compression):
    planes = random((2, 3, 4, 8, 9), "u2")
    tifffile.imwrite(
        path, planes, metadata={"axes": "TZCYX"}, compression=compression, **{program: True}
    )
    layout = holds(path, planes, "TZC")
    assert layout.channels == ("",) * 4


@pytest.mark.parametrize("order", "<>")
def test_imagej_writes_large_stacks_behind_one_page(path, order):
    planes = random((4, 8, 9), "u2")
    about = b"ImageJ=1.53t\nimages=4\nslices=4\nunit=micron\n\0"
    data = planes.astype(f"{order}u2").tobytes()
    first = one_page(planes[0].tobytes(), (8, 9), 16, order=order, tags=[(270, about)])
    path.write_bytes(first[: -8 * 9 * 2] + data)
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == 1
    holds(path, planes, "Z")
    for cut in (1, 8 * 9 * 2):
        path.write_bytes(path.read_bytes()[:-cut])
        with pytest.raises(BadImage, match=r"a\.tif: damaged"):
            reading.inspect(path)


def test_stk_has_z_planes_behind_one_page(path):
    planes = random((3, 8, 9), "u2")
    # The number of planes is the count of a field that holds six numbers for each.
    about = np.ones((len(planes), 6), "<u4").tobytes()
    tags = [(code, about) for code in (33628, 33629)]
    page = one_page(planes[0].tobytes(), (8, 9), 16, tags=tags)
    page = bytearray(page[: -8 * 9 * 2] + planes.tobytes())
    for code, _ in tags:
        at = page.index(code.to_bytes(2, "little") + b"\2\0")
        page[at + 2 : at + 8] = bytes([5, 0, len(planes), 0, 0, 0])
    path = path.with_suffix(".stk")
    path.write_bytes(page)
    holds(path, planes, "Z")


# OME


def with_positions(path, positions, **metadata):
    with tifffile.TiffWriter(path, ome=True) as file:
        for number, planes in enumerate(positions):
            about = {"axes": "CYX", "Name": f"field {number}"} | metadata
            file.write(planes, photometric="minisblack", metadata=about)


def test_positions_of_ome(path):
    positions = random((2, 3, 8, 9), "u2")
    with_positions(
        path, positions, Channel={"Name": ["DAPI", "GFP", "Cy5"]},
        PhysicalSizeX=500, PhysicalSizeXUnit="nm", PhysicalSizeY=250, PhysicalSizeYUnit="nm",
    )  # fmt: skip
    for number, planes in enumerate(positions):
        layout = holds(path, planes, "C", number)
        assert layout.name == f"field {number}"
        assert layout.channels == ("DAPI", "GFP", "Cy5")
        assert layout.pixel_size == (0.5, 0.25)


def test_positions_of_ome_may_differ_in_size(path):
    positions = [random((2, 8, 9), "u2"), random((3, 5, 6), "u1")]
    with_positions(path, positions)
    for number, planes in enumerate(positions):
        holds(path, planes, "C", number)


def ome_of_files(own, files, channel="DAPI"):
    """Return OME-XML of a z-stack whose planes lie in one file each."""
    planes = "".join(
        f'<TiffData FirstZ="{z}" IFD="0" PlaneCount="1"><UUID FileName="{name}">{uuid}</UUID>'
        "</TiffData>"
        for z, (name, uuid) in enumerate(files.items())
    )
    return (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" '
        f'UUID="{files[own]}"><Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYZCT" '
        f'Type="uint16" SizeX="9" SizeY="8" SizeZ="{len(files)}" SizeC="1" SizeT="1" '
        f'PhysicalSizeX="0.5" PhysicalSizeY="0.5"><Channel ID="Channel:0:0" Name="{channel}" '
        f'SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
    )


def test_each_file_of_an_ome_set_is_an_image_of_its_own(tmp_path):
    planes = random((2, 8, 9), "u2")
    files = {f"{z}.ome.tif": f"urn:uuid:{z}0000000-0000-0000-0000-000000000000" for z in (1, 2)}
    for plane, name in zip(planes, files, strict=True):
        about = ome_of_files(name, files)
        tifffile.imwrite(tmp_path / name, plane, description=about, metadata=None)
    for plane, name in zip(planes, files, strict=True):
        layout = holds(tmp_path / name, plane, "")
        assert (layout.channels, layout.pixel_size) == (("DAPI",), (0.5, 0.5))


def test_ome_whose_metadata_lie_in_a_companion_is_a_plain_stack(tmp_path):
    planes = random((2, 8, 9), "u2")
    path = tmp_path / "a.ome.tif"
    about = (
        '<?xml version="1.0"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<BinaryOnly MetadataFile="a.companion.ome" UUID="urn:uuid:1"/></OME>'
    )
    tifffile.imwrite(path, planes, description=about, metadata=None, photometric="minisblack")
    holds(path, planes, PLAIN)


# pages that are not like the first


def test_pages_of_several_sizes_have_no_maximum(path):
    pages = [random(shape, "u1") for shape in ((8, 9), (5, 6), (8, 9))]
    with tifffile.TiffWriter(path) as file:
        for page in pages:
            file.write(page, metadata=None)
    np.testing.assert_array_equal(reading.read(path), pages[0])
    (facts,) = reading.inspect(path)
    assert (facts["pages"], facts["unused"]) == (3, "3 pages")
    for pages in ("max", ["red", "green", "blue"]):
        with pytest.raises(BadImage, match=r"a\.tif: its pages differ.*Use `pages: first`"):
            reading.inspect(path, Selection(pages=pages))


def test_pages_packed_in_several_ways_stay_in_order(path):
    planes = random((3, 8, 9), "u1")
    with tifffile.TiffWriter(path) as file:
        for plane, compression in zip(planes, ["lzw", None, "lzw"], strict=True):
            file.write(plane, metadata=None, compression=compression)
    holds(path, planes, PLAIN)


@pytest.mark.parametrize("order", [("large", "small"), ("small", "large")])
def test_thumbnails_are_no_pages(path, order):
    large = random((64, 64), "u1")
    pages = {"large": (large, {}), "small": (large[::4, ::4], {"subfiletype": 1})}
    with tifffile.TiffWriter(path) as file:
        for name in order:
            pixels, options = pages[name]
            file.write(pixels, metadata=None, **options)
    holds(path, large, "")


@pytest.mark.parametrize("ome", [False, True])
def test_smaller_levels_below_a_page_are_left_alone(path, ome):
    large = random((64, 64), "u1")
    with tifffile.TiffWriter(path, ome=ome) as file:
        file.write(large, subifds=2)
        for step in (2, 4):
            file.write(large[::step, ::step], subfiletype=1)
    holds(path, large, "")


# pixel sizes


@pytest.mark.parametrize(
    ("unit", "size"),
    [
        ("um", (0.5, 0.25)),
        ("micron", (0.5, 0.25)),
        ("\\u00B5m", (0.5, 0.25)),
        ("nm", (0.0005, 0.00025)),
        ("mm", (500, 250)),
        ("pixel", None),
        ("parsec", None),
        # Dots per inch of a photograph, which ImageJ takes for a scale.
        ("inch", None),
    ],
)
def test_the_scale_of_imagej(path, unit, size):
    tifffile.imwrite(
        path, random((8, 9), "u1"), imagej=True, resolution=(2, 4), metadata={"unit": unit}
    )
    with opened(path) as file:
        assert file.layouts[0].pixel_size == size


def test_dots_per_inch_are_no_pixel_size(path):
    tifffile.imwrite(path, random((8, 9), "u1"), resolution=(300, 300), resolutionunit="inch")
    with opened(path) as file:
        assert file.layouts[0].pixel_size is None


def test_axes_that_lie_within_a_page_are_refused(path):
    tifffile.imwrite(
        path, random((16, 32, 32), "u1"), photometric="minisblack", volumetric=True,
        tile=(16, 16, 16),
    )  # fmt: skip
    with pytest.raises(InputError, match=r"a\.tif: a TIFF of the axes ZYX.*not read"):
        reading.inspect(path)
