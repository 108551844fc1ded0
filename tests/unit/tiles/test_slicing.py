import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from image_rows import image_row
from manyseeds.errors import InputError
from manyseeds.tiles import rotation, slicing


def smooth(size, channels=3, seed=0):
    """Return a smooth random picture, where interpolation can be compared."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
    picture = Image.fromarray(noise).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(picture)[..., :channels].copy()


# slicing


def test_slicing_by_hand():
    field = np.arange(24).reshape(4, 6)
    sliced = slicing.slice_array(field, 2, 3)
    assert sliced.shape == (6, 2, 2)
    np.testing.assert_array_equal(sliced[0], [[0, 1], [6, 7]])
    np.testing.assert_array_equal(sliced[1], [[2, 3], [8, 9]])
    np.testing.assert_array_equal(sliced[3], [[12, 13], [18, 19]])


@given(
    st.integers(1, 4), st.integers(1, 4), st.integers(1, 5), st.integers(1, 5), st.integers(0, 3)
)
def test_tiles_reassemble_to_the_field(rows, columns, height, width, channels):
    shape = (rows * height, columns * width) + (channels,) * (channels > 0)
    field = np.arange(np.prod(shape)).reshape(shape)
    sliced = slicing.slice_array(field, rows, columns)
    bands = [np.concatenate(sliced[r * columns : (r + 1) * columns], axis=1) for r in range(rows)]
    np.testing.assert_array_equal(np.concatenate(bands, axis=0), field)


def test_a_grid_that_does_not_divide_is_refused():
    with pytest.raises(
        InputError, match=r"slice: 2 x 4 tiles .* 9 x 8 pixels.*`slice\.remainder: crop`"
    ):
        slicing.slice_array(np.zeros((9, 8)), 2, 4)


def test_cropping_leaves_out_bottom_and_right():
    field = np.arange(35).reshape(5, 7)
    np.testing.assert_array_equal(
        slicing.slice_array(field, 2, 3, "crop"), slicing.slice_array(field[:4, :6], 2, 3)
    )


@pytest.mark.parametrize("remainder", ["error", "crop"])
def test_a_grid_finer_than_the_field_is_refused(remainder):
    with pytest.raises(InputError, match="Choose a smaller grid"):
        slicing.slice_array(np.zeros((3, 8)), 4, 4, remainder)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(4, 19), st.integers(4, 19))
def test_cropped_tiles_reassemble_to_nearly_all_of_the_field(rows, columns, height, width):
    """Fewer rows and columns of pixels are left out than the grid has."""
    field = np.arange(height * width).reshape(height, width)
    sliced = slicing.slice_array(field, rows, columns, "crop")
    bands = [np.concatenate(sliced[r * columns : (r + 1) * columns], axis=1) for r in range(rows)]
    whole = np.concatenate(bands, axis=0)
    assert 0 <= height - whole.shape[0] < rows
    assert 0 <= width - whole.shape[1] < columns
    np.testing.assert_array_equal(whole, field[: whole.shape[0], : whole.shape[1]])


@given(
    shape=st.tuples(st.integers(1, 3), st.integers(1, 3), st.integers(2, 6)),
    counts=st.lists(st.sampled_from([1, 2]), min_size=1, max_size=3),
    seed=st.integers(0, 99),
)
@settings(max_examples=25, deadline=None)
def test_the_tiles_on_disk_reassemble_to_the_fields(tmp_path_factory, shape, counts, seed):
    """Each tile lies in its field at its row and column, and in no other field."""
    folder = tmp_path_factory.mktemp("fields")
    rows, columns, size = shape
    generator, fields, records = np.random.default_rng(seed), {}, []
    for number, channels in enumerate(counts):
        pixels = generator.integers(0, 256, (rows * size, columns * size, 3), dtype=np.uint8)
        pixels = pixels if channels == 2 else pixels[..., 0]
        name = f"{number}.png"
        Image.fromarray(pixels).save(folder / name)
        fields[name] = pixels if channels == 2 else np.dstack([pixels] * 3)
        records.append(image_row(folder, name))
    table = pd.DataFrame(records)
    index = slicing.slice_images(
        table, folder, folder / "t.npy", size=size, rows=rows, columns=columns
    )
    again = {name: np.zeros_like(field) for name, field in fields.items()}
    array = np.load(folder / "t.npy")
    for place, row in enumerate(index.to_dict("records")):
        y, x = row["row"] * size, row["column"] * size
        again[row["image"]][y : y + size, x : x + size] = array[place]
    for name, field in fields.items():
        np.testing.assert_array_equal(again[name], field)


@pytest.fixture
def dataset(tmp_path):
    """Return two fields of 8 x 12 pixels and a small tile of 4 x 4, with their table."""
    rng = np.random.default_rng(0)
    rows = []
    for name, shape in {"a/f.png": (8, 12), "b/x.y.png": (4, 4), "b/f.png": (8, 12)}.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(rng.integers(0, 4096, shape, dtype=np.uint16)).save(path)
        place = {"class": name[0], "group": f"g{name[0]}", "split": "train", "angle": 9.0}
        rows.append(image_row(tmp_path, name, **place))
    return pd.DataFrame(rows), tmp_path


def test_images_become_tiles_in_order(dataset):
    table, folder = dataset
    out = folder / "tiles.npy"
    index = slicing.slice_images(table, folder, out, size=4, color="gray", rows=2, columns=3)
    array = np.load(out, mmap_mode="r")
    assert array.shape == (13, 4, 4, 1)
    assert array.dtype == np.uint8
    grid = [f"_r{row}_c{column}" for row in range(2) for column in range(3)]
    expected = ["a/f" + place for place in grid] + ["b/x.y"] + ["b/f" + place for place in grid]
    assert index["tile"].tolist() == expected
    assert index["row"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1]
    assert index["column"].tolist() == [0, 1, 2, 0, 1, 2, 0, 0, 1, 2, 0, 1, 2]
    assert index["group"].tolist() == ["ga"] * 6 + ["gb"] * 7
    assert list(index) == ["tile", "image", "class", "group", "split", "angle", "row", "column"]
    for position, row in index.iterrows():
        pixels = np.asarray(Image.open(folder / row["image"])).astype(float)
        y, x = row["row"] * 4, row["column"] * 4
        # A 12-bit dataset: 4095 becomes 255.
        expected = np.rint(pixels[y : y + 4, x : x + 4] * 255 / 4095)
        np.testing.assert_array_equal(array[position, ..., 0], expected)


def test_gray_and_color_files_make_color_tiles(tmp_path):
    gray, rgb = smooth(8)[..., 0], smooth(8)
    rows = []
    for name, array in {"gray.png": gray, "rgb.png": rgb}.items():
        Image.fromarray(array).save(tmp_path / name)
        rows.append(image_row(tmp_path, name))
    slicing.slice_images(pd.DataFrame(rows), tmp_path, tmp_path / "tiles.npy", size=8)
    array = np.load(tmp_path / "tiles.npy")
    np.testing.assert_array_equal(array, [np.dstack([gray] * 3), rgb])


def test_processes_change_no_tile(dataset):
    table, folder = dataset
    options = {"size": 3, "rows": 2, "columns": 2}
    one = slicing.slice_images(table, folder, folder / "1.npy", **options)
    two = slicing.slice_images(table, folder, folder / "2.npy", **options, workers=2)
    assert one.equals(two)
    assert (folder / "1.npy").read_bytes() == (folder / "2.npy").read_bytes()


def test_the_image_that_a_grid_does_not_divide_is_named(dataset):
    table, folder = dataset
    with pytest.raises(InputError, match=r"a/f\.png: slice: 3 x 3 tiles"):
        slicing.slice_images(table, folder, folder / "t.npy", size=4, rows=3, columns=3)


def test_images_that_differ_in_suffix_alone_are_named(dataset):
    table, folder = dataset
    table.loc[2, ["image", "file"]] = "a/f.tif"
    with pytest.raises(InputError, match=r"a/f\.png: .* same names as those of a/f\.tif"):
        slicing.slice_images(table, folder, folder / "t.npy", size=4)


# rotating


def disk(size, share=0.95):
    """Return which pixels stay inside the tile at any angle."""
    y, x = np.indices((size, size)) - (size - 1) / 2
    return np.hypot(y, x) < share * size / 2


@pytest.mark.parametrize("fill", ["reflect", "black", "mean"])
@pytest.mark.parametrize("angle", [-5, 1, 4, 18, 45, 90, 108, 180, -72, 270])
@pytest.mark.parametrize("channels", [1, 3])
def test_pixels_are_rotated_as_by_pillow(fill, angle, channels):
    tile = smooth(40, channels)
    flat = tile[..., 0] if channels == 1 else tile
    expected = np.asarray(Image.fromarray(flat).rotate(angle, Image.Resampling.BICUBIC))
    rotated = rotation.rotate(tile, angle, fill)
    assert rotated.shape == tile.shape
    assert rotated.dtype == np.uint8
    inside = disk(40)
    difference = rotated.reshape(expected.shape).astype(int) - expected
    # One level at most: padding shifts the coordinates, and so their rounding.
    assert abs(difference[inside]).max() <= 1
    moved = abs(rotated.astype(int) - tile)[inside]
    assert moved.mean() > 1


def test_angles_are_counter_clockwise():
    tile = np.zeros((5, 5, 1), np.uint8)
    tile[2, 4] = 255  # to the right of the center
    assert rotation.rotate(tile, 90)[0, 2] == 255  # above it


def test_no_angle_changes_nothing():
    tile = smooth(16)
    np.testing.assert_array_equal(rotation.rotate(tile, 0), tile)


@given(st.integers(2, 12), st.sampled_from([1, 3]), st.sampled_from(rotation.FILLS), st.integers(0))
@settings(max_examples=50)
def test_four_rotations_by_90_degrees_change_nothing(size, channels, fill, seed):
    rng = np.random.default_rng(seed)
    tile = rotated = rng.integers(0, 256, (size, size, channels), dtype=np.uint8)
    for _ in range(4):
        rotated = rotation.rotate(rotated, 90, fill)
    np.testing.assert_array_equal(rotated, tile)


@pytest.mark.parametrize("angle", [-5, 4, 18, 45, 126])
def test_reflection_fills_the_corners(angle):
    # A plain tile shows the angle in its corners unless they are filled.
    tile = np.full((32, 32, 3), 200, np.uint8)
    np.testing.assert_array_equal(rotation.rotate(tile, angle, "reflect"), tile)
    assert rotation.rotate(tile, angle, "black")[0, 0].max() == 0


def test_reflected_corners_continue_the_picture():
    tile = np.repeat(np.arange(0, 256, 8, dtype=np.uint8)[:, None], 32, axis=1)[..., None]
    rotated = rotation.rotate(tile, 45, "reflect")[..., 0].astype(int)
    steps = max(abs(np.diff(rotated, axis=0)).max(), abs(np.diff(rotated, axis=1)).max())
    assert steps <= 8 * np.sqrt(2)


def test_mean_fills_the_corners_with_the_mean_color():
    tile = smooth(32)
    corner = rotation.rotate(tile, 45, "mean")[0, 0]
    np.testing.assert_allclose(corner, tile.mean(axis=(0, 1)), atol=0.51)


def test_an_unknown_fill_is_refused():
    with pytest.raises(InputError, match=r"rotate\.fill: 'white'.*reflect, black, mean"):
        rotation.rotate(smooth(8), 4, "white")


def test_each_tile_is_rotated_by_its_angle(tmp_path):
    array = np.stack([smooth(16, seed=seed) for seed in range(5)])
    np.save(tmp_path / "tiles.npy", array)
    wanted = [(1, -5), (1, 0), (1, 90), (3, -5), (0, 4.5)]
    rows = [{"tile": "abcde"[i], "angle": angle, "position": i} for i, angle in wanted]
    split = pd.DataFrame(rows, index=range(7, 12))
    for workers in (1, 2):
        out = tmp_path / f"{workers}.npy"
        table = rotation.rotate_tiles(tmp_path / "tiles.npy", split, out, workers=workers)
        assert table["tile"].tolist() == ["b", "b", "b", "d", "a"]
        assert table["angle"].tolist() == [-5, 0, 90, -5, 4.5]
        assert list(table) == list(split)
        assert table.index.tolist() == table["position"].tolist() == list(range(5))
        rotated = np.load(out)
        for place, (position, angle) in enumerate(wanted):
            np.testing.assert_array_equal(rotated[place], rotation.rotate(array[position], angle))
