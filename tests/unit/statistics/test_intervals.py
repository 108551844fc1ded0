import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from manyseeds.statistics.intervals import mean_interval, paired_difference, summarise

accuracies = st.lists(st.floats(0, 1), min_size=2, max_size=30)


def test_hand_worked_interval():
    # mean 3, s = sqrt(2.5), s/sqrt(5) = 0.70711, t(0.975, 4) = 2.77645 (from a printed table)
    found = mean_interval([1, 2, 3, 4, 5])
    assert found == pytest.approx((3, 3 - 1.96324, 3 + 1.96324, 5), abs=1e-4)


@given(accuracies, st.floats(0.5, 0.999))
def test_agrees_with_scipy(values, confidence):
    found = mean_interval(values, confidence)
    mean, error = np.mean(values), stats.sem(values)
    if error == 0:
        assert found.low == found.high == pytest.approx(mean)
    else:
        expected = stats.t.interval(confidence, len(values) - 1, loc=mean, scale=error)
        assert (found.low, found.high) == pytest.approx(expected)
    assert found.n == len(values)


def test_interval_covers_the_mean_as_often_as_it_says():
    generator = np.random.default_rng(5)
    hits = 0
    for _ in range(2000):
        _, low, high, _ = mean_interval(generator.normal(0.6, 0.05, 5), 0.9)
        hits += low <= 0.6 <= high
    assert hits / 2000 == pytest.approx(0.9, abs=0.03)  # four standard errors of the share


def test_one_seed_has_a_mean_but_no_interval():
    mean, low, high, n = mean_interval([0.9])
    assert (mean, n) == (0.9, 1)
    assert math.isnan(low) and math.isnan(high)


@pytest.mark.parametrize("values", [[], [0.5, float("nan")]])
def test_values_without_a_mean_are_refused(values):
    with pytest.raises(ValueError, match="mean_interval needs"):
        mean_interval(values)


@pytest.mark.parametrize("confidence", [0, 1, 95])
def test_confidence_is_a_fraction(confidence):
    with pytest.raises(ValueError, match="between 0 and 1"):
        mean_interval([0.5, 0.6], confidence)


def test_a_paired_difference_is_that_of_a_paired_t_test():
    before = pd.Series([0.5, 0.7, 0.6, 0.9], index=[0, 1, 2, 5])
    after = pd.Series([0.8, 0.6, 0.75, 0.4], index=[1, 0, 2, 7])  # seed 5 and 7 have no partner
    found = paired_difference(before, after)
    expected = stats.ttest_rel([0.6, 0.8, 0.75], [0.5, 0.7, 0.6])
    low, high = expected.confidence_interval(0.95)
    assert found.mean == pytest.approx(0.35 / 3)
    assert (found.low, found.high, found.n) == (pytest.approx(low), pytest.approx(high), 3)


def test_summarise_gives_a_row_a_group():
    frame = pd.DataFrame(
        {
            "dataset": ["b", "a", "b", "a", "b"],
            "architecture": ["deep"] * 5,
            "accuracy": [0.5, 0.9, 0.6, 0.7, 0.7],
        }
    )
    found = summarise(frame, ["dataset", "architecture"], "accuracy")
    assert list(found) == ["dataset", "architecture", "mean", "low", "high", "n"]
    assert found["dataset"].tolist() == ["a", "b"]
    assert found["mean"].tolist() == pytest.approx([0.8, 0.6])
    assert found["n"].tolist() == [2, 3]
    assert found["high"].iloc[0] == pytest.approx(0.8 + 12.7062 * 0.1, abs=1e-4)


def test_summarise_by_one_column():
    frame = pd.DataFrame({"dataset": ["a", "a"], "accuracy": [0.4, 0.6]})
    assert summarise(frame, ["dataset"], "accuracy")["mean"].tolist() == [0.5]
