import pandas as pd
import pytest

from manyseeds import tables
from manyseeds.statistics import comparisons

HONEST, LEAKY = [0.5, 0.6, 0.55], [0.9, 0.95, 0.85]
PAIRS = [("flowers", "flowers-leaky", "deep")]
TESTED = {"flowers": "test", "flowers-leaky": "test"}


def evaluations(honest=HONEST, leaky=LEAKY):
    rows = [
        {"dataset": name, "architecture": a, "seed": seed, "split": split, "accuracy": value}
        for name, values in (("flowers", honest), ("flowers-leaky", leaky))
        for a in ("deep", "medium")
        for seed, value in enumerate(values)
        for split in ("train", "test")
    ]
    table = pd.DataFrame(rows)
    table.loc[table["split"] == "train", "accuracy"] = 1.0
    return table


def test_seeds_are_paired_by_their_test_accuracy():
    runs = comparisons.paired_runs(evaluations(), PAIRS, TESTED)
    assert runs.columns.tolist() == ["dataset", "architecture", "seed", "honest", "leaky"]
    assert runs["seed"].tolist() == [0, 1, 2]
    assert runs["honest"].tolist() == HONEST
    assert runs["leaky"].tolist() == LEAKY


def test_the_test_splits_of_the_two_may_have_other_names():
    table = evaluations()
    table.loc[(table["split"] == "test") & (table["dataset"] == "flowers"), "split"] = "held"
    runs = comparisons.paired_runs(table, PAIRS, TESTED | {"flowers": "held"})
    assert runs["honest"].tolist() == HONEST
    assert runs["leaky"].tolist() == LEAKY


def test_a_seed_that_one_of_the_two_lacks_is_left_out():
    runs = comparisons.paired_runs(evaluations(leaky=LEAKY[:2]), PAIRS, TESTED)
    assert runs["seed"].tolist() == [0, 1]


def test_the_table_has_means_and_their_paired_difference():
    pairs = [*PAIRS, ("flowers", "flowers-leaky", "medium")]
    table = comparisons.leakage_table(comparisons.paired_runs(evaluations(), pairs, TESTED))
    assert table["architecture"].tolist() == ["deep", "medium"]
    row = table.iloc[0]
    assert (row["n"], row["honest"], row["leaky"]) == (3, pytest.approx(0.55), pytest.approx(0.9))
    # Differences 0.4, 0.35, 0.3: mean 0.35, s 0.05, t(2) 4.3027.
    half = 4.302653 * 0.05 / 3**0.5
    assert row["difference"] == pytest.approx(0.35)
    assert row["difference_low"] == pytest.approx(0.35 - half)
    assert row["difference_high"] == pytest.approx(0.35 + half)


def test_means_are_of_test_runs_only():
    table = evaluations()
    table.loc[table["split"] == "train", "accuracy"] = 0.0
    table.loc[table["split"] == "test", "accuracy"] = 0.9
    found = comparisons.accuracy_table(table)
    assert len(found) == 4
    assert found["mean"].tolist() == pytest.approx([0.9] * 4)
    assert found["n"].tolist() == [len(HONEST)] * 4


@pytest.mark.parametrize("seeds", [1, 3])
def test_tables_read_back_are_as_written(seeds, tmp_path):
    """Also with a single seed, whose intervals have no limits, and with odd names."""
    table = evaluations(HONEST[:seeds], LEAKY[:seeds])
    table = table.replace({"dataset": {"flowers": "007", "flowers-leaky": "NA"}})
    runs = comparisons.paired_runs(table, [("007", "NA", "deep")], {"007": "test", "NA": "test"})
    written = [runs, comparisons.leakage_table(runs), comparisons.accuracy_table(table)]
    for number, one in enumerate(written):
        path = tmp_path / f"{number}.csv"
        one.to_csv(path, index=False)
        pd.testing.assert_frame_equal(tables.read(path), one, check_dtype=False)
    assert tables.read(tmp_path / "1.csv")["honest_low"].isna().all() == (seeds == 1)
