import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from manyseeds.audit import duplicates, thumbnails
from pictures import picture


def rotated(tile, angle):
    """Rotated by Pillow alone, black corners and all."""
    return np.asarray(Image.fromarray(tile.squeeze()).rotate(angle, Image.Resampling.BICUBIC))


def found_in(tmp_path, tiles, among):
    """Pairs of tiles found in a set of others."""
    files = []
    for name, stack in (("a", tiles), ("b", among)):
        stack = np.stack(stack)
        np.save(tmp_path / f"{name}.npy", stack)
        thumbnails.describe(tmp_path / f"{name}.npy", tmp_path / f"{name}.thumbs.npy")
        files += [tmp_path / f"{name}.thumbs.npy", np.arange(len(stack))]
    pairs = duplicates.candidates(*files, tmp_path)
    return duplicates.confirm(files[0], files[2], pairs)


@pytest.fixture
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("found")


@given(st.integers(0, 2**32), st.floats(-180, 180))
# A threshold holds for most pictures, not for all: the test tries the same ones each time.
@settings(max_examples=25, deadline=None, derandomize=True)
def test_a_copy_rotated_by_any_angle_is_found(tmp_path_factory, seed, angle):
    original = picture(seed)
    others = [picture(seed + 1 + number) for number in range(20)]
    pairs = found_in(
        tmp_path_factory.mktemp("found"), [rotated(original, angle)], [*others, original]
    )
    pair = pairs.sort_values("correlation").iloc[-1]
    assert pair["fixed"] == 20
    assert duplicates.are_near_duplicates(pair)
    # What was rotated by an angle looks like the original when rotated back. With so few pixels
    # the best whole degree may be three off.
    assert abs((pair["angle"] + angle + 180) % 360 - 180) <= 3


@pytest.mark.parametrize("angle", range(18, 360, 18))
def test_copies_in_steps_of_18_degrees(folder, angle):
    pairs = found_in(folder, [rotated(picture(3), angle)], [picture(3)])
    assert duplicates.are_near_duplicates(pairs).tolist() == [True]


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
    same = pairs[pairs["rotated"] == pairs["fixed"]]
    assert sorted(same["rotated"]) == list(range(12))
    assert duplicates.are_near_duplicates(same).all()
    assert same["angle"].abs().max() <= 1


def test_different_pictures_are_not_taken_for_copies(folder):
    pairs = found_in(
        folder, [picture(seed) for seed in range(40)], [picture(seed) for seed in range(40, 120)]
    )
    assert set(pairs["rotated"]) == set(range(40))  # each has its nearest, however far
    assert pairs["correlation"].max() < duplicates.CORRELATION
    assert not duplicates.are_near_duplicates(pairs).any()


def blob(seed):
    """A dim, grainy tile with one wide blob about its center."""
    generator = np.random.default_rng(seed)
    y, x = np.indices((48, 48)) - generator.normal(24, 1, 2)[:, None, None]
    blob = 60 * np.exp(-(x**2 + y**2) / 2 / 12**2)
    grain = Image.fromarray(generator.normal(0, 3, (16, 16)).astype("f4"))
    tile = 20 + blob + np.asarray(grain.resize((48, 48), Image.Resampling.BICUBIC))
    return np.clip(np.rint(tile), 0, 255).astype(np.uint8)[..., None]


def test_dim_tiles_with_a_blob_each_are_not_taken_for_copies(folder):
    """They correlate, since blobs are alike. Only their details tell them apart."""
    pairs = found_in(
        folder, [blob(seed) for seed in range(20)], [blob(seed) for seed in range(20, 60)]
    )
    assert (pairs["correlation"] >= duplicates.CORRELATION).mean() > 0.5
    assert not duplicates.are_near_duplicates(pairs).any()


def test_a_rotated_copy_of_a_dim_tile_with_a_blob_is_found(folder):
    tiles = [blob(seed) for seed in range(10)]
    pairs = found_in(folder, [rotated(tile, 37)[..., None] for tile in tiles], tiles)
    found = pairs[duplicates.are_near_duplicates(pairs)]
    assert found["rotated"].tolist() == found["fixed"].tolist() == list(range(10))


def test_nearest_is_the_nearest_by_brute_force(tmp_path):
    generator = np.random.default_rng(0)
    rotated = generator.integers(0, 2**64, (5, 36), dtype=np.uint64)
    fixed = generator.integers(0, 2**64, (70, 1), dtype=np.uint64)
    fixed[11] = rotated[2, 30] ^ np.uint64(0b10101)
    np.save(tmp_path / "rotated.npy", rotated)
    np.save(tmp_path / "fixed.npy", fixed)
    found = duplicates._nearest(
        [(0, 5)],
        rotated_hashes=tmp_path / "rotated.npy",
        fixed_hashes=tmp_path / "fixed.npy",
    )
    for place in range(5):
        bits = [
            [(int(code) ^ int(other)).bit_count() for code in rotated[place]]
            for other in fixed[:, 0]
        ]
        assert min(map(min, bits)) == found[found[:, 0] == place, 3].min()
    assert [2, 11, 30, 3] in found.tolist()
