import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyseeds.audit import thumbnails
from pictures import picture


@given(st.integers(0, 2**32), st.floats(0.2, 1), st.floats(0, 40))
@settings(max_examples=25, deadline=None)
def test_neither_brightness_nor_contrast_changes_a_thumbnail(seed, gain, shift):
    tile = picture(seed).astype(np.float32)
    first, contrast = thumbnails.thumbnail(tile)
    second, dimmed = thumbnails.thumbnail(tile * gain + shift)
    assert np.abs(first.astype(int) - second).max() <= 1
    assert dimmed == pytest.approx(gain * contrast, rel=1e-3)


def test_a_thumbnail_of_one_channel_and_of_a_blank_tile():
    gray = picture(0, channels=1)
    colored, _ = thumbnails.thumbnail(np.repeat(gray, 3, axis=2))
    np.testing.assert_array_equal(thumbnails.thumbnail(gray)[0], colored)
    blank, contrast = thumbnails.thumbnail(np.full((8, 8, 3), 7, np.uint8))
    assert (blank == thumbnails.MEAN).all()
    assert contrast == 0


def test_digests_are_those_of_the_pixels_on_any_number_of_processes(tmp_path):
    tiles = np.stack([picture(seed % 5, size=9) for seed in range(600)])
    np.save(tmp_path / "pack.npy", tiles)
    alone = thumbnails.describe(tmp_path / "pack.npy", tmp_path / "1.npy")
    shared = thumbnails.describe(tmp_path / "pack.npy", tmp_path / "2.npy", workers=2)
    expected = [hashlib.sha256(tile.tobytes()).hexdigest() for tile in tiles]
    assert alone["sha256"].tolist() == shared["sha256"].tolist() == expected
    assert (tmp_path / "1.npy").read_bytes() == (tmp_path / "2.npy").read_bytes()


def test_a_tile_of_one_color_is_constant(tmp_path):
    tiles = np.full((3, 9, 9, 3), (1, 2, 3), np.uint8)
    tiles[1, 8, 8, 2] = 4  # in a corner, which no thumbnail's disc shows
    tiles[2] = 0
    np.save(tmp_path / "pack.npy", tiles)
    table = thumbnails.describe(tmp_path / "pack.npy", tmp_path / "thumbs.npy")
    assert table["constant"].tolist() == [True, False, True]
