import numpy as np
import pandas as pd
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st

from manyseeds.errors import InputError
from manyseeds.images import scaling

# the range


def records(*images):
    """Return rows of images.csv of images given by dtype, least and largest value."""
    return pd.DataFrame(
        [
            {
                "image": f"{i}.tif", "file": f"{i}.tif", "position": 0, "frame": -1,
                "bit_depth": 8 * np.dtype(dtype).itemsize, "dtype": dtype,
                "minimum": low, "maximum": high,
            }
            for i, (dtype, low, high) in enumerate(images)
        ]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("images", "high"),
    [
        ([("uint8", 0, 10), ("uint8", 3, 200)], 255),
        ([("int8", 0, 100), ("uint8", 3, 200)], 255),
        ([("uint16", 5, 90), ("uint16", 5, 255)], 255),
        ([("uint16", 5, 90), ("int16", 5, 256)], 1023),
        ([("uint16", 5, 1023), ("uint16", 5, 1024)], 4095),
        ([("uint32", 5, 4095)], 4095),
        ([("uint16", 5, 4096)], 16383),
        ([("uint16", 5, 16384)], 65535),
        ([("float32", 0, 0.75), ("float64", 0.5, 1)], 1),
    ],
)
def test_depth_is_the_fewest_bits_that_hold_the_dataset(images, high):
    assert scaling.intensity_range(records(*images), "depth") == (0, high)


@pytest.mark.parametrize(
    ("images", "says"),
    [
        ([("float32", 0, 0.9), ("float32", 0, 1.0001)], r"1\.tif: .* up to 1\.0001.*0 to 1"),
        ([("float32", 0, 255)], r"0\.tif: .* up to 255.*scale: \{low"),
        ([("int16", 3, 9), ("int16", -12, 9)], r"1\.tif: .*below 0 \(down to -12\).*percentiles"),
        ([("int8", -128, 127)], r"0\.tif: .*down to -128"),
        ([("float32", -2.5, 0.5)], r"0\.tif: .*down to -2\.5"),
        ([("uint32", 0, 70_000)], r"0\.tif: .*up to 70000, more than the 16 bits.*percentiles"),
    ],
)
def test_values_without_a_depth_are_refused_unless_levels_are_given(images, says):
    with pytest.raises(InputError, match=says):
        scaling.intensity_range(records(*images), "depth")
    assert scaling.intensity_range(records(*images), {"low": -3, "high": 9}) == (-3, 9)


@pytest.mark.parametrize("scale", ["depth", {"low": 0, "high": 4095}, {"percentiles": [1, 99]}])
@pytest.mark.parametrize(
    ("images", "says"),
    [
        ([("uint8", 0, 200), ("uint16", 0, 4000)], r"0\.tif: has 8 bits, but 1\.tif more than 8"),
        (
            [("uint16", 0, 9), ("float32", 0, 1)],
            r"0\.tif: has more than 8 bits, but 1\.tif decimal",
        ),
        ([("float64", 0, 1), ("uint8", 0, 200)], r"0\.tif: has decimal numbers .*1\.tif 8 bits"),
    ],
)
def test_no_rule_suits_images_of_different_kinds(images, says, scale):
    with pytest.raises(InputError, match=f"{says}.*Export all images alike"):
        scaling.intensity_range(records(*images), scale)


def test_low_must_be_below_high():
    assert scaling.intensity_range(records(("uint16", 0, 9)), {"low": 2, "high": 5}) == (2, 5)
    with pytest.raises(InputError, match="scale: low"):
        scaling.intensity_range(records(("uint16", 0, 9)), {"low": 5, "high": 5})


@pytest.mark.parametrize(
    ("dtype", "unit", "start"),
    [("uint8", 1, 0), ("uint16", 10, 0), ("int16", 7, -900), ("float32", 0.5, -20.25)],
)
def test_percentiles_are_those_of_all_pixels(tmp_path, dtype, unit, start):
    rng = np.random.default_rng(1)
    stacks = [(rng.integers(0, 200, (40, 50)) * unit + start).astype(dtype) for _ in range(2)]
    for i, stack in enumerate(stacks):
        tifffile.imwrite(tmp_path / f"{i}.tif", stack)
    table = records(*[(dtype, stack.min(), stack.max()) for stack in stacks])
    low, high = scaling.intensity_range(table, {"percentiles": [10, 90]}, tmp_path)
    expected = np.percentile(np.stack(stacks), [10, 90], method="inverted_cdf")
    np.testing.assert_allclose([low, high], expected, atol=unit / 100)


@pytest.mark.parametrize("percentiles", [[90, 10], [50, 50]])
def test_percentiles_the_wrong_way_round(percentiles):
    with pytest.raises(
        InputError, match=r"scale\.percentiles: \d0 is not below \d0\. Give two that differ"
    ):
        scaling.intensity_range(records(("uint16", 0, 9)), {"percentiles": percentiles})


def test_percentiles_that_fall_together(tmp_path):
    tifffile.imwrite(tmp_path / "0.tif", np.full((4, 4), 12, np.uint16))
    with pytest.raises(
        InputError, match=r"scale\.percentiles: 1 and 99 are the same value, 12, .*further apart"
    ):
        scaling.intensity_range(records(("uint16", 12, 12)), {"percentiles": [1, 99]}, tmp_path)


# to 8 bits


def test_scaling_to_8_bits_by_hand():
    array = np.array([[0, 100, 150, 200, 900]], np.uint16)
    np.testing.assert_array_equal(scaling.to_8bit(array, 100, 200), [[0, 0, 128, 255, 255]])


def test_a_large_image_is_scaled_as_a_small_one():
    array = np.random.default_rng(0).integers(0, 2**16, (300, 300), dtype=np.uint16)
    rows = [scaling.to_8bit(row, 7, 4095.5) for row in array]
    np.testing.assert_array_equal(scaling.to_8bit(array, 7, 4095.5), rows)


@given(st.integers(0, 4094), st.integers(1, 4095))
def test_scaling_keeps_order_and_ends(low, width):
    array = np.arange(0, 8192, dtype=np.uint16)
    scaled = scaling.to_8bit(array, low, low + width)
    assert scaled.dtype == np.uint8
    assert (np.diff(scaled.astype(int)) >= 0).all()
    assert scaled[low] == 0
    assert scaled[low + width] == 255
