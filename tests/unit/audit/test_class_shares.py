import pandas as pd
import pytest

from manyseeds.audit import class_shares


def tiles(**counts):
    """Tiles of splits and classes, given as split_class=number; each a group of its own."""
    rows = [
        (f"{key}_{number}", *key.split("_"), f"{key}_{number}")
        for key, count in counts.items()
        for number in range(count)
    ]
    table = pd.DataFrame(rows, columns=["tile", "split", "class", "group"])
    table["image"] = table["tile"] + ".png"
    return table.assign(label=table["class"].map({"a": 0, "b": 1, "c": 2}))


def checks(table):
    return class_shares.check(class_shares.table(table), table)


def results(table):
    return [check.result for check in checks(table)]


def test_shares_by_hand():
    table = class_shares.table(tiles(train_b=6, train_a=2, test_a=1, test_b=1))
    assert table.to_dict("list") == {
        "split": ["train", "train", "test", "test"],
        "class": ["a", "b", "a", "b"],
        "n": [2, 6, 1, 1],
        "groups": [2, 6, 1, 1],
        "share": [0.25, 0.75, 0.5, 0.5],
    }


def test_rotated_copies_count_once():
    once = tiles(train_a=3, train_b=4, test_a=1, test_b=1)
    table = class_shares.table(pd.concat([once, once[once["class"] == "a"]]))
    pd.testing.assert_frame_equal(table, class_shares.table(once))


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({"train_a": 80, "train_b": 80, "test_a": 20, "test_b": 20}, ["passed", "passed"]),
        ({"train_a": 160, "train_b": 80, "test_a": 40, "test_b": 20}, ["passed", "passed"]),
        ({"train_a": 180, "train_b": 80, "test_a": 45, "test_b": 20}, ["found", "passed"]),
        ({"train_a": 800, "train_b": 800, "test_a": 240, "test_b": 160}, ["passed", "found"]),
        # They are as far apart, but with so few tiles it is chance.
        ({"train_a": 8, "train_b": 8, "test_a": 6, "test_b": 4}, ["passed", "passed"]),
    ],
)
def test_findings(counts, expected):
    assert results(tiles(**counts)) == expected


def test_tiles_of_one_group_are_one_observation():
    table = tiles(train_a=800, train_b=800, test_a=240, test_b=160)
    groups = table.groupby(["split", "class"]).cumcount() // 100
    table["group"] = table["split"] + table["class"] + groups.astype(str)
    assert results(table) == ["passed", "passed"]


def test_a_class_without_a_tile_in_a_split():
    table = tiles(train_a=50, train_b=50, train_c=50, test_a=50, test_b=50)
    within, between = checks(table)
    assert class_shares.table(table)["n"].tolist() == [50, 50, 50, 50, 50, 0]
    assert [finding.splits for finding in within.findings] == [["test"]]
    assert "c" in {name for finding in between.findings for name in finding.classes}


def test_findings_name_some_files_of_the_classes():
    table = tiles(train_a=900, train_b=300, test_a=300, test_b=300)
    within, between = checks(pd.concat([table, table.assign(angle=90)]))
    (finding,) = within.findings
    assert finding.files == [f"train_{name}_{n}.png" for name in "ab" for n in range(3)]
    first, _ = between.findings
    assert first.classes == ["a"]
    assert first.files == [f"{split}_a_{n}.png" for split in ("train", "test") for n in range(3)]
