"""Files that hold less, or mean something else, than a hasty reading would have it."""

import numpy as np
import pytest
import tifffile
import zarr
from pylibCZIrw import czi

from manyseeds.errors import InputError
from manyseeds.images import reading
from manyseeds.images.opening import opened
from manyseeds.images.selection import Selection

A = np.random.default_rng(0).integers(100, 4000, (6, 32, 40), dtype=np.uint16)


def write_czi(path, planes):
    """Write planes of a CZI, given by scene, channel and z."""
    with czi.create_czi(str(path)) as file:
        for (scene, c, z), pixels in planes.items():
            where = (1000 * scene, 0)
            file.write(pixels, plane={"C": c, "Z": z, "T": 0}, scene=scene, location=where)


def write_zarr(path, array, axes, **about):
    """Write an image of OME-Zarr 0.4 with one resolution."""
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    stored = group.create_array("0", shape=array.shape, dtype=array.dtype, chunks=array.shape)
    stored[...] = array
    dataset = {"path": "0", "coordinateTransformations": about.pop("scales", [])}
    group.attrs["multiscales"] = [{"version": "0.4", "axes": axes, "datasets": [dataset]}]
    group.attrs.update(about)


def space(name, unit="micrometer"):
    return {"name": name, "type": "space", "unit": unit}


# planes that are not there


def test_a_plane_that_a_czi_never_recorded_is_not_black(tmp_path):
    path = tmp_path / "a.czi"
    write_czi(path, {(0, 0, 0): A[0], (0, 0, 1): A[1], (1, 0, 0): A[2]})
    assert [row["maximum"] for row in reading.inspect(path)] == [A[0].max(), A[2].max()]
    for z in (2, "mean", "max"):
        with pytest.raises(InputError, match=r"a\.czi#2: a plane .* never recorded \(Z 2\)"):
            reading.inspect(path, Selection(z=z))


def test_a_plane_that_is_black_is_read(tmp_path):
    path = tmp_path / "a.czi"
    write_czi(path, {(0, 0, 0): A[0], (0, 0, 1): np.zeros_like(A[0])})
    np.testing.assert_array_equal(reading.read(path, Selection(z=2)), 0)


def test_files_of_several_stacks_are_refused(tmp_path):
    path = tmp_path / "a.tif"
    for part in (A[:2], A[2:4]):
        tifffile.imwrite(path, part, photometric="minisblack", append=True)
    with pytest.raises(InputError, match=r"a\.tif: holds 2 stacks\. Save each stack"):
        reading.inspect(path, Selection("max"))


def test_some_planes_of_a_set_are_refused(tmp_path):
    """In their order they would be taken for other channels."""
    data = "".join(
        f'<TiffData FirstC="{c}" FirstZ="{z}" IFD="{z}" PlaneCount="1">'
        f'<UUID FileName="c{c}.ome.tif">urn:uuid:{c}</UUID></TiffData>'
        for c in (0, 1)
        for z in (0, 1)
    )
    for c in (0, 1):
        xml = (
            '<?xml version="1.0" encoding="UTF-8"?><OME UUID="urn:uuid:'
            f'{c}" xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><Image ID="Image:0">'
            '<Pixels ID="Pixels:0" DimensionOrder="XYZCT" Type="uint16" SizeX="40" SizeY="32" '
            'SizeZ="2" SizeC="2" SizeT="1"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
            f'<Channel ID="Channel:0:1" SamplesPerPixel="1"/>{data}</Pixels></Image></OME>'
        )
        with tifffile.TiffWriter(tmp_path / f"c{c}.ome.tif") as file:
            for z in (0, 1):
                file.write(
                    A[2 * c + z], photometric="minisblack", metadata=None,
                    description=xml if z == 0 else None, contiguous=False,
                )  # fmt: skip
    for c in (0, 1):
        with pytest.raises(InputError, match=rf"c{c}\.ome\.tif: .*OME.*Save each field as one"):
            reading.inspect(tmp_path / f"c{c}.ome.tif", Selection(channels=2))


def test_an_image_that_a_plate_promises_is_there(tmp_path):
    path = tmp_path / "a.zarr"
    group = zarr.open_group(str(path), mode="w", zarr_format=2)
    group.create_group("A/1")
    group.attrs["plate"] = {"wells": [{"path": "A/1"}]}
    with pytest.raises(InputError, match=r"a\.zarr: damaged: the image A/1 has no multiscales"):
        reading.inspect(path)


def test_a_zarr_of_which_nothing_is_stored_is_not_black(tmp_path):
    write_zarr(tmp_path / "a.zarr", np.zeros((32, 40), np.uint16), [space("y"), space("x")])
    with pytest.raises(InputError, match=r"a\.zarr: a plane .* never recorded \(the first\)"):
        reading.inspect(tmp_path / "a.zarr")


# numbers that mean others


def test_numbers_that_no_table_holds_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[0, 2**60 + 1]], np.uint64))
    with pytest.raises(InputError, match=r"a\.tif: holds numbers beyond 2\^53\. Save it"):
        reading.inspect(tmp_path / "a.tif")


def imagej(path, stored, **calibration):
    lines = ["ImageJ=1.54f", *(f"{key}={value}" for key, value in calibration.items()), ""]
    tifffile.imwrite(path, stored, description="\n".join(lines), metadata=None)


def test_signed_numbers_of_imagej_are_signed(tmp_path):
    values = np.arange(-600, 680, dtype=np.int16).reshape(32, 40)
    path = tmp_path / "a.tif"
    imagej(path, (values.astype(np.int32) + 32768).astype(np.uint16), c0=-32768.0, c1=1.0)
    read = reading.read(path)
    assert read.dtype == np.int16
    np.testing.assert_array_equal(read, values)
    (facts,) = reading.inspect(path)
    assert (facts["minimum"], facts["dtype"]) == (-600, "int16")


def test_another_calibration_is_refused(tmp_path):
    imagej(tmp_path / "a.tif", A[0], c0=3.5, c1=0.25)
    with pytest.raises(InputError, match=r"a\.tif: .*calibrated \(3\.5 \+ 0\.25 x value\)\. Take"):
        reading.inspect(tmp_path / "a.tif")


@pytest.mark.parametrize("other", [A[1].astype(np.int16), A[1].astype(np.uint8)])
def test_pages_of_other_numbers_are_not_decoded_as_the_first(tmp_path, other):
    path = tmp_path / "a.ome.tif"
    xml = tifffile.OmeXml()
    xml.addimage("uint16", (2, 32, 40), (2, 1, 1, 32, 40, 1), axes="ZYX")
    with tifffile.TiffWriter(path) as file:
        for page, text in ((A[0], xml.tostring()), (other, None)):
            file.write(
                page, photometric="minisblack", metadata=None, description=text, contiguous=False
            )
    with pytest.raises(
        InputError, match=r"a\.ome\.tif: its planes are stored as different"
    ) as error:
        reading.read(path, Selection(z=2))
    assert "delete" not in str(error.value).lower()


def test_bits_of_zarr_are_black_and_white_and_complex_numbers_refused(tmp_path):
    axes = [space("y"), space("x")]
    write_zarr(tmp_path / "a.zarr", A[0] > 2000, axes)
    np.testing.assert_array_equal(reading.read(tmp_path / "a.zarr"), (A[0] > 2000) * 255)
    write_zarr(tmp_path / "b.zarr", A[0].astype(np.complex64), axes)
    with pytest.raises(InputError, match=r"b\.zarr: holds complex64 numbers, which are not read"):
        reading.inspect(tmp_path / "b.zarr")


# names and sizes


def test_channels_that_are_called_by_numbers(tmp_path):
    path = tmp_path / "a.ome.tif"
    names = {"Channel": {"Name": ["0405", "1e3"]}}
    tifffile.imwrite(path, A[:2], photometric="minisblack", metadata={"axes": "CYX", **names})
    np.testing.assert_array_equal(reading.read(path, Selection(channels="1e3")), A[1])
    with opened(path) as file:
        assert file.layouts[0].channels == ("0405", "1e3")


def test_axes_of_zarr_are_known_by_their_type(tmp_path):
    labels = {"omero": {"channels": [{"label": "GFP"}, {"label": "DAPI"}]}}
    axes = [{"name": "stain", "type": "channel"}, space("y"), space("x")]
    write_zarr(tmp_path / "a.zarr", A[:2], axes, **labels)
    picked = reading.read(tmp_path / "a.zarr", Selection(channels="DAPI"))
    np.testing.assert_array_equal(picked, A[1])


def test_a_picture_that_lies_on_its_side_has_its_pixel_size_turned(tmp_path):
    about = {"axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 2.0}
    turned = [(274, "H", 1, 6, True)]
    tifffile.imwrite(tmp_path / "a.ome.tif", A[0], metadata=about, extratags=turned)
    (facts,) = reading.inspect(tmp_path / "a.ome.tif")
    assert (facts["width"], facts["height"]) == (32, 40)
    assert (facts["pixel_size"], facts["pixel_height"]) == (2.0, 0.5)


def test_a_tag_of_some_program_of_no_known_type_harms_nothing(tmp_path):
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, A[0], extratags=[(65_432, "H", 1, 7, True)], metadata=None)
    data = bytearray(path.read_bytes())
    at = data.index((65_432).to_bytes(2, "little"))
    data[at + 2] = 99
    path.write_bytes(data)
    np.testing.assert_array_equal(reading.read(path), A[0])


def test_width_and_height_have_units_of_their_own(tmp_path):
    tifffile.imwrite(
        tmp_path / "a.ome.tif", A[0],
        metadata={
            "axes": "YX", "PhysicalSizeX": 0.5, "PhysicalSizeXUnit": "µm",
            "PhysicalSizeY": 500, "PhysicalSizeYUnit": "nm",
        },
    )  # fmt: skip
    scales = [{"type": "scale", "scale": [0.5, 500.0]}]
    axes = [space("y"), space("x", "nanometer")]
    write_zarr(tmp_path / "a.zarr", A[0], axes, scales=scales)
    for name in ("a.ome.tif", "a.zarr"):
        (facts,) = reading.inspect(tmp_path / name)
        assert (facts["pixel_size"], facts["pixel_height"]) == (0.5, 0.5)


def test_two_keys_cannot_both_choose_among_pages_without_names(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", A, photometric="minisblack", metadata=None)
    for keys in ({"channels": 1, "z": "max"}, {"z": 1, "time": "each"}):
        with pytest.raises(InputError, match=r"its 6 pages do not say what they are.*Give one of"):
            reading.inspect(tmp_path / "a.tif", Selection(**keys))
