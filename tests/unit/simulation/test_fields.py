"""The simulated fields: what they promise, measured without the simulator's own code."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from manyseeds.simulation.cells import Effect
from manyseeds.simulation.fields import PHENOTYPES, simulate_field, write_field
from manyseeds.simulation.microscope import Microscope, camera

SNAP29, SNF7 = PHENOTYPES["snap29"], PHENOTYPES["snf7"]
SHAPE = (320, 352)  # not square, so that swapped axes show


def field(phenotype=SNAP29, depleted=True, seed=0, shape=SHAPE):
    return simulate_field(phenotype, depleted, np.random.default_rng(seed), shape)


@pytest.fixture(scope="module")
def pairs():
    """Five (control, depleted) pairs of snap29 fields."""
    return [(field(depleted=False, seed=k), field(depleted=True, seed=50 + k)) for k in range(5)]


def test_same_generator_gives_same_field_and_another_gives_another():
    one, same, other = field(seed=1), field(seed=1), field(seed=2)
    for name in ("channels", "puncta", "cells", "nuclei"):
        assert np.array_equal(getattr(one, name), getattr(same, name))
    assert not np.array_equal(one.channels, other.channels)


@pytest.mark.parametrize("phenotype", PHENOTYPES.values(), ids=PHENOTYPES)
@pytest.mark.parametrize("depleted", [False, True])
def test_shapes_types_and_twelve_bits(phenotype, depleted):
    made = field(phenotype, depleted)
    assert made.channels.shape == (len(phenotype.channels), *SHAPE)
    assert made.channels.dtype == np.uint16
    assert made.puncta.dtype == made.nuclei.dtype == bool
    assert made.puncta.shape == made.nuclei.shape == made.cells.shape == SHAPE
    assert made.channels.max() <= 4095
    assert np.mean(made.channels == 4095) < 0.03  # saturation is rare
    assert len(np.unique(made.channels[0])) > 256  # more than 8 bits are used


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    height=st.integers(70, 200),
    width=st.integers(70, 200),
    depleted=st.booleans(),
)
def test_puncta_and_nuclei_lie_inside_cells_whatever_the_size(seed, height, width, depleted):
    made = field(depleted=depleted, seed=seed, shape=(height, width))
    assert made.cells.shape == (height, width)
    assert not np.any(made.puncta & (made.cells == 0))
    assert not np.any(made.nuclei & (made.cells == 0))


def test_cells_are_apart_and_each_is_one_piece(pairs):
    for made in (made for pair in pairs for made in pair):
        cells = made.cells
        for left, right in ((cells[:, :-1], cells[:, 1:]), (cells[:-1], cells[1:])):
            touching = (left != right) & (left > 0) & (right > 0)
            # There is a gap everywhere, except at single pixels where it is thinner than one.
            assert touching.mean() < 0.001
        numbers = np.unique(cells[cells > 0])
        for number in numbers:
            _, pieces = ndimage.label(cells == number)
            sizes = np.bincount(ndimage.label(cells == number)[0].ravel())[1:]
            assert pieces == 1 or sizes.max() > 0.9 * sizes.sum()
        assert len(numbers) > 3


def test_a_nucleus_is_the_brightest_of_the_second_page_and_dim_on_the_first(pairs):
    made = pairs[0][0]
    protein, stain = made.channels.astype(float)
    cytoplasm = (made.cells > 0) & ~ndimage.binary_dilation(made.nuclei, iterations=8)
    assert np.median(stain[made.nuclei]) > 1.5 * np.median(stain[cytoplasm])
    outside = ~ndimage.binary_dilation(made.cells > 0, iterations=12)
    assert np.median(protein[cytoplasm]) > np.median(protein[outside])


def spots(made):
    """Return the fraction of pixels far brighter than their surroundings; uses no true mask."""
    image = made.channels[0].astype(float)
    local = image - ndimage.gaussian_filter(image, 8)
    return np.mean(local > 300)


def test_depletion_gathers_the_protein_into_puncta(pairs):
    for control, depleted in pairs:
        assert 0 < control.puncta.mean() < depleted.puncta.mean()  # controls have some too
    assert np.mean([spots(d) for _, d in pairs]) > 2.5 * np.mean([spots(c) for c, _ in pairs])


def test_the_mask_lies_on_what_is_bright(pairs):
    for _, depleted in pairs:
        image = depleted.channels[0]
        rest = (depleted.cells > 0) & ~ndimage.binary_dilation(depleted.puncta, iterations=4)
        assert np.median(image[depleted.puncta]) > 2 * np.median(image[rest])


def test_the_effect_of_snf7_is_the_weaker_one():
    def area(phenotype):
        return np.mean([field(phenotype, True, seed).puncta.mean() for seed in range(5)])

    assert area(SNAP29) > 1.4 * area(SNF7)


def test_only_effect_and_channels_differ_between_phenotypes():
    disguised = replace(SNF7, name=SNAP29.name, channels=SNAP29.channels, depleted=SNAP29.depleted)
    assert disguised == SNAP29
    assert SNF7 != SNAP29


def test_control_fields_of_both_phenotypes_hold_the_same_cells():
    snap29, snf7 = (field(phenotype, False, 3) for phenotype in (SNAP29, SNF7))
    assert np.array_equal(snap29.cells, snf7.cells)
    assert np.array_equal(snap29.puncta, snf7.puncta)


def test_depleted_without_penetrance_is_control():
    harmless = replace(SNAP29, depleted=Effect(80.0, 0.8, penetrance=0.0))
    assert np.array_equal(field(harmless, True).channels, field(harmless, False).channels)


def test_classes_are_control_and_the_phenotype():
    assert {name: phenotype.classes for name, phenotype in PHENOTYPES.items()} == {
        "snap29": ("control", "snap29"),
        "snf7": ("control", "snf7"),
    }


@pytest.mark.parametrize("photons", [0.0, 40.0, 1000.0])
def test_camera_noise_is_that_of_the_closed_form(photons):
    microscope = Microscope(quantum_efficiency=0.5, read_noise=3.0, gain=2.0, offset=100.0)
    levels = camera(np.full((400, 500), photons), microscope, np.random.default_rng(0))
    electrons = 0.5 * photons
    variance = 2.0**2 * (electrons + 3.0**2) + 1 / 12  # shot + read noise, and rounding
    # Five standard errors of the mean, and of the variance, of 200 000 draws.
    assert abs(levels.mean() - (100 + 2.0 * electrons)) < 5 * np.sqrt(variance / 2e5)
    assert abs(levels.var() / variance - 1) < 5 * np.sqrt(2 / 2e5) * 1.1


def test_camera_saturates_at_twelve_bits_and_never_wraps():
    microscope = Microscope()
    rng = np.random.default_rng(0)
    assert np.all(camera(np.full((9, 9), 1e6), microscope, rng) == 4095)
    assert np.all(camera(np.zeros((9, 9)), replace(microscope, offset=-50.0), rng) == 0)


@pytest.mark.parametrize("phenotype", PHENOTYPES.values(), ids=PHENOTYPES)
def test_files_come_back_through_pillow(phenotype, tmp_path):
    made = field(phenotype)
    write_field(made, tmp_path / "a.tif", tmp_path / "a.png")
    with Image.open(tmp_path / "a.tif") as image:
        assert image.format == "TIFF"
        assert image.n_frames == len(phenotype.channels)
        for page, channel in enumerate(made.channels):
            image.seek(page)
            assert image.mode == "I;16"
            assert np.array_equal(np.asarray(image), channel)
    with Image.open(tmp_path / "a.png") as mask:
        assert mask.mode == "L"
        assert np.array_equal(np.asarray(mask), np.where(made.puncta, 255, 0))


def test_the_same_field_gives_the_same_bytes(tmp_path):
    def digest(name):
        write_field(field(seed=4), tmp_path / f"{name}.tif", tmp_path / f"{name}.png")
        return [
            hashlib.sha256((tmp_path / f"{name}.{ending}").read_bytes()).hexdigest()
            for ending in ("tif", "png")
        ]

    assert digest("one") == digest("two")
