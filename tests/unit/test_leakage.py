import pandas as pd
import pytest

from manyseeds import leakage, style

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
    runs = leakage.paired_runs(evaluations(), PAIRS, TESTED)
    assert runs.columns.tolist() == ["dataset", "architecture", "seed", "honest", "leaky"]
    assert runs["seed"].tolist() == [0, 1, 2]
    assert runs["honest"].tolist() == HONEST
    assert runs["leaky"].tolist() == LEAKY


def test_the_test_splits_of_the_two_may_have_other_names():
    table = evaluations()
    table.loc[(table["split"] == "test") & (table["dataset"] == "flowers"), "split"] = "held"
    runs = leakage.paired_runs(table, PAIRS, TESTED | {"flowers": "held"})
    assert runs["honest"].tolist() == HONEST
    assert runs["leaky"].tolist() == LEAKY


def test_a_seed_that_one_of_the_two_lacks_is_left_out():
    runs = leakage.paired_runs(evaluations(leaky=LEAKY[:2]), PAIRS, TESTED)
    assert runs["seed"].tolist() == [0, 1]


def test_the_table_has_means_and_their_paired_difference():
    pairs = [*PAIRS, ("flowers", "flowers-leaky", "medium")]
    table = leakage.leakage_table(leakage.paired_runs(evaluations(), pairs, TESTED))
    assert table["architecture"].tolist() == ["deep", "medium"]
    row = table.iloc[0]
    assert (row["n"], row["honest"], row["leaky"]) == (3, pytest.approx(0.55), pytest.approx(0.9))
    # Differences 0.4, 0.35, 0.3: mean 0.35, s 0.05, t(2) 4.3027.
    half = 4.302653 * 0.05 / 3**0.5
    assert row["difference"] == pytest.approx(0.35)
    assert row["difference_low"] == pytest.approx(0.35 - half)
    assert row["difference_high"] == pytest.approx(0.35 + half)


def test_the_figure_says_the_difference(tmp_path):
    runs = leakage.paired_runs(evaluations(), PAIRS, TESTED)
    table = leakage.leakage_table(runs)
    plot = leakage.leakage_plot(runs, table, {"flowers": "Flowers"}, {"flowers": "field"})
    shown = plot.draw().findobj(lambda artist: hasattr(artist, "get_text"))
    assert "+35.0 points [+22.6, +47.4]\nn = 3 seeds" in [text.get_text() for text in shown]
    files = [tmp_path / name for name in ("a.png", "a.pdf", "a.screen.png")]
    style.save(plot, *files)
    assert all(file.stat().st_size > 5000 for file in files)
