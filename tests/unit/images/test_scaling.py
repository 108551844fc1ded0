import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from manyseeds.errors import InputError
from manyseeds.images import scaling

# the range


def records(*pairs):
    return pd.DataFrame(
        [{"image": f"{i}.png", "bit_depth": b, "maximum": m} for i, (b, m) in enumerate(pairs)]
    )


@pytest.mark.parametrize(
    ("pairs", "high"),
    [
        ([(8, 10), (8, 200)], 255),
        ([(1, 255), (8, 3)], 255),
        ([(16, 90), (16, 255)], 255),
        ([(16, 90), (16, 256)], 1023),
        ([(16, 1023), (16, 1024)], 4095),
        ([(16, 4095)], 4095),
        ([(16, 4096)], 16383),
        ([(16, 16384)], 65535),
        ([(32, 70_000)], 70_000),
        ([(32, 0.75), (32, 0.5)], 1),
    ],
)
def test_depth_is_the_fewest_bits_that_hold_the_dataset(pairs, high):
    assert scaling.intensity_range(records(*pairs), "depth") == (0, high)


def test_depth_refuses_to_mix_shallow_and_deep_images():
    with pytest.raises(InputError, match=r"0\.png: has 8 bits, but 1\.png more.*scale"):
        scaling.intensity_range(records((8, 200), (16, 4000)), "depth")


def test_low_must_be_below_high():
    assert scaling.intensity_range(records((16, 9)), {"low": 2, "high": 5}) == (2, 5)
    with pytest.raises(InputError, match="scale: low"):
        scaling.intensity_range(records((16, 9)), {"low": 5, "high": 5})


@pytest.mark.parametrize(("dtype", "unit"), [(np.uint8, 1), (np.uint16, 10), (np.float32, 0.5)])
def test_percentiles_are_those_of_all_pixels(tmp_path, dtype, unit):
    rng = np.random.default_rng(1)
    stacks = [(rng.integers(0, 200, (40, 50)) * unit).astype(dtype) for _ in range(2)]
    for i, stack in enumerate(stacks):
        Image.fromarray(stack).save(tmp_path / f"{i}.tif")
    table = records(*[(8 * np.dtype(dtype).itemsize, stack.max()) for stack in stacks])
    table["image"] = ["0.tif", "1.tif"]
    low, high = scaling.intensity_range(table, {"percentiles": [10, 90]}, tmp_path)
    expected = np.percentile(np.stack(stacks), [10, 90], method="inverted_cdf")
    np.testing.assert_allclose([low, high], expected, atol=unit / 100)


@pytest.mark.parametrize("percentiles", [[90, 10], [50, 50]])
def test_percentiles_the_wrong_way_round(percentiles):
    with pytest.raises(
        InputError, match=r"scale\.percentiles: \d0 is not below \d0\. Give two that differ"
    ):
        scaling.intensity_range(records((16, 9)), {"percentiles": percentiles})


def test_percentiles_that_fall_together(tmp_path):
    Image.fromarray(np.full((4, 4), 12, np.uint16)).save(tmp_path / "0.png")
    with pytest.raises(
        InputError, match=r"scale\.percentiles: 1 and 99 are the same value, 12, .*further apart"
    ):
        scaling.intensity_range(records((16, 12)), {"percentiles": [1, 99]}, tmp_path)


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
