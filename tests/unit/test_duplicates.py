import hashlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from manyseeds import duplicates


def picture(seed, size=48, channels=3):
    """A random picture of blobs."""
    noise = np.random.default_rng(seed).integers(0, 256, (7, 7, channels), dtype=np.uint8)
    image = Image.fromarray(noise.squeeze())
    pixels = np.asarray(image.resize((size, size), Image.Resampling.BICUBIC))
    return pixels.reshape(size, size, channels)


def turned(tile, angle):
    """Turned by Pillow alone, black corners and all."""
    return np.asarray(Image.fromarray(tile.squeeze()).rotate(angle, Image.Resampling.BICUBIC))


def found_in(tmp_path, tiles, among):
    """Pairs of tiles found in a set of others."""
    files = []
    for name, stack in (("a", tiles), ("b", among)):
        stack = np.stack(stack)
        np.save(tmp_path / f"{name}.npy", stack)
        duplicates.describe(tmp_path / f"{name}.npy", tmp_path / f"{name}.thumbs.npy")
        files += [tmp_path / f"{name}.thumbs.npy", np.arange(len(stack))]
    pairs = duplicates.candidates(*files, tmp_path)
    return duplicates.confirm(files[0], files[2], pairs)


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("found")


@given(st.integers(0, 2**32), st.floats(-180, 180))
# A threshold holds for most pictures, not for any: always the same are tried.
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_copy_turned_by_any_angle_is_found(tmp_path_factory, seed, angle):
    original = picture(seed)
    others = [picture(seed + 1 + number) for number in range(20)]
    pairs = found_in(
        tmp_path_factory.mktemp("found"), [turned(original, angle)], [*others, original]
    )
    pair = pairs.sort_values("correlation").iloc[-1]
    assert pair["once"] == 20
    assert duplicates.alike(pair)
    # What was turned by an angle looks like the original when turned back; of so few pixels the
    # best whole degree may be three off.
    assert abs((pair["angle"] + angle + 180) % 360 - 180) <= 3


@pytest.mark.parametrize("angle", range(18, 360, 18))
def test_copies_in_steps_of_18_degrees(folder, angle):
    pairs = found_in(folder, [turned(picture(3), angle)], [picture(3)])
    assert duplicates.alike(pairs).tolist() == [True]


def jpeg(tile):
    file = io.BytesIO()
    Image.fromarray(tile).save(file, "jpeg", quality=50)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize(
    "alter",
    [
        jpeg,
        lambda tile: (tile * 0.5 + 20).astype(np.uint8),
        lambda tile: np.asarray(Image.fromarray(tile).resize((32, 32)).resize((48, 48))),
        lambda tile: np.asarray(Image.fromarray(tile).resize((96, 96)).resize((48, 48))),
    ],
    ids=["JPEG", "dimmer", "smaller", "larger"],
)
def test_altered_copies_are_found_at_their_angle(folder, alter):
    tiles = [picture(seed) for seed in range(12)]
    pairs = found_in(folder, [alter(tile) for tile in tiles], tiles)
    same = pairs[pairs["turned"] == pairs["once"]]
    assert sorted(same["turned"]) == list(range(12))
    assert duplicates.alike(same).all()
    assert same["angle"].abs().max() <= 1


def test_different_pictures_are_not_taken_for_copies(folder):
    pairs = found_in(
        folder, [picture(seed) for seed in range(40)], [picture(seed) for seed in range(40, 120)]
    )
    assert set(pairs["turned"]) == set(range(40))  # the nearest is told all the same
    assert pairs["correlation"].max() < duplicates.CORRELATION
    assert not duplicates.alike(pairs).any()


def blob(seed):
    """A dim, grainy tile with one wide blob about its center."""
    generator = np.random.default_rng(seed)
    y, x = np.indices((48, 48)) - generator.normal(24, 1, 2)[:, None, None]
    blob = 60 * np.exp(-(x**2 + y**2) / 2 / 12**2)
    grain = Image.fromarray(generator.normal(0, 3, (16, 16)).astype("f4"))
    tile = 20 + blob + np.asarray(grain.resize((48, 48), Image.Resampling.BICUBIC))
    return np.clip(np.rint(tile), 0, 255).astype(np.uint8)[..., None]


def test_dim_tiles_with_a_blob_each_are_not_taken_for_copies(folder):
    """They correlate, as blobs are alike; only their details tell them apart."""
    pairs = found_in(
        folder, [blob(seed) for seed in range(20)], [blob(seed) for seed in range(20, 60)]
    )
    assert (pairs["correlation"] >= duplicates.CORRELATION).mean() > 0.5
    assert not duplicates.alike(pairs).any()


def test_a_turned_copy_of_a_dim_tile_with_a_blob_is_found(folder):
    tiles = [blob(seed) for seed in range(10)]
    pairs = found_in(folder, [turned(tile, 37)[..., None] for tile in tiles], tiles)
    found = pairs[duplicates.alike(pairs)]
    assert found["turned"].tolist() == found["once"].tolist() == list(range(10))


def test_nearest_is_the_nearest_by_brute_force(tmp_path):
    generator = np.random.default_rng(0)
    turned = generator.integers(0, 2**64, (5, 36), dtype=np.uint64)
    once = generator.integers(0, 2**64, (70, 1), dtype=np.uint64)
    once[11] = turned[2, 30] ^ np.uint64(0b10101)
    np.save(tmp_path / "turned.npy", turned)
    np.save(tmp_path / "once.npy", once)
    found = duplicates._nearest(
        [(0, 5)], turned=tmp_path / "turned.npy", once=tmp_path / "once.npy"
    )
    for place in range(5):
        bits = [
            [(int(code) ^ int(other)).bit_count() for code in turned[place]] for other in once[:, 0]
        ]
        assert min(map(min, bits)) == found[found[:, 0] == place, 3].min()
    assert [2, 11, 30, 3] in found.tolist()


@given(st.integers(0, 2**32), st.floats(0.2, 1), st.floats(0, 40))
@settings(max_examples=25, deadline=None)
def test_neither_brightness_nor_contrast_changes_a_thumbnail(seed, gain, shift):
    tile = picture(seed).astype(np.float32)
    first, contrast = duplicates.thumbnail(tile)
    second, dimmed = duplicates.thumbnail(tile * gain + shift)
    assert np.abs(first.astype(int) - second).max() <= 1
    assert dimmed == pytest.approx(gain * contrast, rel=1e-3)


def test_a_thumbnail_of_one_channel_and_of_a_blank_tile():
    gray = picture(0, channels=1)
    colored, _ = duplicates.thumbnail(np.repeat(gray, 3, axis=2))
    np.testing.assert_array_equal(duplicates.thumbnail(gray)[0], colored)
    blank, contrast = duplicates.thumbnail(np.full((8, 8, 3), 7, np.uint8))
    assert (blank == duplicates.MEAN).all()
    assert contrast == 0


def test_digests_are_those_of_the_pixels_on_any_number_of_processes(tmp_path):
    tiles = np.stack([picture(seed % 5, size=9) for seed in range(600)])
    np.save(tmp_path / "pack.npy", tiles)
    alone = duplicates.describe(tmp_path / "pack.npy", tmp_path / "1.npy")
    shared = duplicates.describe(tmp_path / "pack.npy", tmp_path / "2.npy", workers=2)
    expected = [hashlib.sha256(tile.tobytes()).hexdigest() for tile in tiles]
    assert alone["sha256"].tolist() == shared["sha256"].tolist() == expected
    assert (tmp_path / "1.npy").read_bytes() == (tmp_path / "2.npy").read_bytes()


def test_a_tile_of_one_color_is_constant(tmp_path):
    tiles = np.full((3, 9, 9, 3), (1, 2, 3), np.uint8)
    tiles[1, 8, 8, 2] = 4  # in a corner, which no thumbnail's disc shows
    tiles[2] = 0
    np.save(tmp_path / "pack.npy", tiles)
    table = duplicates.describe(tmp_path / "pack.npy", tmp_path / "thumbs.npy")
    assert table["constant"].tolist() == [True, False, True]
