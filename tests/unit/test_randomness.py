import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from manyseeds.randomness import rng

names = st.lists(st.one_of(st.integers(0, 99), st.text(max_size=4)), max_size=3)


def draw(seed, name):
    return rng(seed, *name).integers(0, 2**63, 4).tolist()


@given(st.integers(0, 2**32), names)
def test_the_same_name_gives_the_same_numbers(seed, name):
    assert draw(seed, name) == draw(seed, name)


@given(names, names)
def test_other_names_give_other_numbers(one, other):
    assert (draw(0, one) == draw(0, other)) == (one == other)


def test_names_are_not_run_together():
    assert draw(0, ["ab", "c"]) != draw(0, ["a", "bc"])
    assert draw(0, [1]) != draw(0, ["1"])
    assert draw(0, ["a"]) != draw(1, ["a"])


def test_streams_are_uncorrelated():
    draws = np.stack([rng(0, "train", seed).standard_normal(5000) for seed in range(8)])
    correlation = np.corrcoef(draws) - np.eye(8)
    assert np.abs(correlation).max() < 5 / np.sqrt(5000)
