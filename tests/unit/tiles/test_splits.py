import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from manyseeds.errors import InputError
from manyseeds.tiles import splits


def table(groups):
    """Return tiles from (class, group, number of tiles), each group one image."""
    rows = [
        {"tile": f"{name}/{group}_{i}", "image": f"{name}/{group}.png", "class": name}
        | {"group": group, "split": "", "angle": 0.0}
        for name, group, count in groups
        for i in range(count)
    ]
    return pd.DataFrame(rows)


FIELDS = table([(name, f"{name}{i}", 16) for name in ("control", "snap29") for i in range(24)])


def shares(frame, split):
    return pd.crosstab(frame["class"], split, normalize="index")


def whole(split, groups):
    return len(set(zip(groups, split, strict=True))) == groups.nunique()


def test_a_fifth_of_24_fields_is_5_of_each_class():
    split = splits.assign(FIELDS, "field", {"test": 0.2}, np.random.default_rng(0))
    counts = pd.crosstab(FIELDS["class"], split)
    # 4.8 fields of 16 tiles are asked; 5 come nearest.
    assert counts["test"].tolist() == [80, 80]
    assert counts["train"].tolist() == [304, 304]
    assert whole(split, FIELDS["image"])


def test_several_test_sets():
    split = splits.assign(FIELDS, "field", {"test": 0.25, "test2": 0.125}, np.random.default_rng(0))
    assert shares(FIELDS, split).loc["control"].to_dict() == {
        "test": 0.25, "test2": 0.125, "train": 0.625,
    }  # fmt: skip


@given(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 9)), min_size=4, max_size=40),
    st.floats(0.05, 0.5),
    st.floats(0.05, 0.4),
    st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_no_group_twice_every_tile_once_shares_within_one_group(sizes, first, second, seed):
    frame = table([(name, f"{name}{i}", count) for i, (name, count) in enumerate(sizes)])
    fractions = {"test": first, "test2": second}
    split = splits.assign(frame, "group", fractions, np.random.default_rng(seed))
    assert split.index.equals(frame.index)
    assert set(split) <= {"train", "test", "test2"}
    assert whole(split, frame["group"])
    for name, part in frame.groupby("class"):
        largest = part["group"].value_counts().max()
        for test, fraction in fractions.items():
            got = (split[part.index] == test).sum()
            assert abs(got - fraction * len(part)) <= largest, (name, test)


@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.integers(0, 12), st.integers(1, 5)),
        min_size=2,
        max_size=40,
    ),
    st.floats(0.05, 0.8),
    st.integers(0, 99),
)
@settings(max_examples=100, deadline=None)
def test_groups_of_several_classes_stay_whole_and_shares_within_one_group(parts, share, seed):
    """Such as the stains of a field, some of which may be missing."""
    frame = table([(name, f"g{group}", count) for name, group, count in parts])
    split = splits.assign(frame, "group", {"test": share}, np.random.default_rng(seed))
    assert split.index.equals(frame.index)
    assert whole(split, frame["group"])
    # Groups with the same mixture of classes, or several, are drawn together.
    mixture = frame.groupby("group")["class"].agg(lambda names: "".join(sorted(set(names))))
    stratum = frame["group"].map(mixture.where(mixture.str.len() == 1, "several"))
    for _, part in frame.groupby(stratum):
        largest = part["group"].value_counts().max()
        assert abs((split[part.index] == "test").sum() - share * len(part)) <= largest


@given(st.permutations(range(60)), st.sampled_from(["field", "group"]))
@settings(max_examples=25, deadline=None)
def test_the_order_of_rows_changes_nothing(order, by):
    frame = table([(name, f"g{i}", 2) for i in range(15) for name in "ab"])
    one = splits.assign(frame, by, {"test": 0.3}, np.random.default_rng(5))
    two = splits.assign(frame.iloc[list(order)], by, {"test": 0.3}, np.random.default_rng(5))
    pd.testing.assert_series_equal(one, two.sort_index())


def test_the_generator_decides():
    draws = {
        tuple(splits.assign(FIELDS, "field", {"test": 0.2}, np.random.default_rng(seed)))
        for seed in range(5)
    }
    assert len(draws) == 5


def test_a_group_of_several_classes_stays_whole():
    # Three stains of a field, each a class.
    frame = table([(stain, f"field{i}", 4) for i in range(10) for stain in "DFR"])
    split = splits.assign(frame, "group", {"test": 0.3}, np.random.default_rng(0))
    assert whole(split, frame["group"])
    assert shares(frame, split)["test"].tolist() == pytest.approx([0.3, 0.3, 0.3])
    splits.check(frame.assign(split=split), ["train", "test"], "group")


def test_by_field_divides_groups():
    frame = table([("a", "g", 1), ("b", "g", 1)] * 5)
    frame["image"] = [f"{i}.png" for i in range(10)]
    split = splits.assign(frame, "field", {"test": 0.4}, np.random.default_rng(0))
    assert (split == "test").sum() == 4
    splits.check(frame.assign(split=split), ["train", "test"], "field")
    with pytest.raises(InputError, match="its group 'g' is in test and"):
        splits.check(frame.assign(split=split), ["train", "test"], "group")


def test_the_source_can_decide():
    frame = FIELDS.assign(split=["train", "test"] * (len(FIELDS) // 2))
    split = splits.assign(frame, "source", {}, np.random.default_rng(0))
    assert split.tolist() == frame["split"].tolist()


@pytest.mark.parametrize("by", ["field", "group"])
def test_groups_are_held_out_by_name(by):
    # Two days of two fields each, both classes of a day together.
    frame = table([(name, f"{name}{i}", 4) for i in range(4) for name in "ab"])
    frame["group"] = "day" + (frame["image"].str[3].astype(int) // 2).astype(str)
    frame = pd.concat([frame, frame.assign(group="day2", image=frame["image"] + "2")])
    frame = frame.reset_index(drop=True)
    split = splits.assign(frame, by, {"test": ["day1"], "held": ["day2"]}, np.random.default_rng(0))
    assert split.groupby(frame["group"]).unique().map(list).to_dict() == {
        "day0": ["train"], "day1": ["test"], "day2": ["held"],
    }  # fmt: skip
    splits.check(frame.assign(split=split), ["train", "test", "held"], by)


def test_a_group_that_is_not_there_is_refused_with_some_that_are():
    with pytest.raises(
        InputError,
        match=r"split\.test: no group is named 'day9'\. The 48 groups are control0, .*, \.\.\. ",
    ):
        splits.assign(FIELDS, "group", {"test": ["control3", "day9"]}, np.random.default_rng(0))


def test_tile_by_tile_every_rotated_tile_is_drawn_by_itself():
    rotated = splits.at_angles(FIELDS.assign(split="train"), {"train": [-5, 0, 5]})
    split = splits.assign(rotated, "tile", {"test": 0.2}, np.random.default_rng(0))
    assert shares(rotated, split)["test"].tolist() == pytest.approx([0.2, 0.2], abs=0.001)
    # All three rotated copies are in train by chance in 0.8 ** 3 of the tiles.
    in_test = (split == "test").groupby(rotated["tile"]).sum()
    assert (in_test == 0).mean() == pytest.approx(0.8**3, abs=0.06)
    splits.check(rotated.assign(split=split), ["train", "test"], "tile")
    with pytest.raises(InputError, match="its group"):
        splits.check(rotated.assign(split=split), ["train", "test"], "field")


def test_every_tile_has_a_row_for_each_angle_of_its_split():
    frame = table([("a", "1", 1), ("a", "2", 1), ("b", "3", 1)])
    frame["split"] = ["train", "test", "train"]
    rotated = splits.at_angles(frame, {"train": [-5, 0], "test": [0]})
    assert rotated["tile"].tolist() == ["a/1_0", "a/1_0", "a/2_0", "b/3_0", "b/3_0"]
    assert rotated["angle"].tolist() == [-5, 0, 0, -5, 0]
    assert rotated["split"].tolist() == ["train", "train", "test", "train", "train"]
    # An image that came rotated is rotated further.
    frame["angle"] = [0, 10, 20]
    assert splits.at_angles(frame, {"train": [-4.5, 0]})["angle"].tolist() == [
        -4.5,
        0,
        10,
        15.5,
        20,
    ]


def test_a_source_without_splits_is_refused():
    with pytest.raises(
        InputError, match=r"control/control0\.png: its source gives it no split.*`split\.by: field`"
    ):
        splits.assign(FIELDS, "source", {}, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("fractions", "message"),
    [
        ({"test": 0.0}, r"split\.test: test: 0.0 is no share"),
        ({"test": 1.5}, r"split\.test: test: 1.5 is no share"),
        ({"test": 0.5, "test2": 0.5}, r"split\.test: the shares of test, test2 leave nothing"),
        ({"train": 0.5}, r"split\.test: train is what the test splits leave"),
    ],
)
def test_shares_out_of_range_are_refused(fractions, message):
    with pytest.raises(InputError, match=message):
        splits.assign(FIELDS, "field", fractions, np.random.default_rng(0))


# the check


def test_a_test_split_left_empty_is_refused():
    frame = table([("a", "1", 1), ("a", "2", 1), ("b", "3", 1), ("b", "4", 1)])
    split = splits.assign(frame, "field", {"test": 0.1}, np.random.default_rng(0))
    with pytest.raises(InputError, match=r"split: test is empty\. Give test a larger share"):
        splits.check(frame.assign(split=split), ["train", "test"], "field")


def test_an_empty_train_split_asks_for_smaller_test_splits():
    """Train has no key of its own."""
    frame = table([("a", "1", 1), ("a", "2", 1), ("b", "3", 1), ("b", "4", 1)])
    with pytest.raises(
        InputError, match=r"split: train is empty\. Give the test splits smaller shares"
    ):
        splits.check(frame.assign(split="test"), ["train", "test"], "field")
    frame["split"] = ["train", "test", "test", "test"]
    with pytest.raises(
        InputError, match=r"class b has no tile in train\. Give the test splits smaller shares"
    ):
        splits.check(frame, ["train", "test"], "field")


def test_a_class_missing_from_a_split_is_refused():
    frame = table([("a", "1", 1), ("a", "2", 1), ("b", "3", 1)])
    frame["split"] = ["train", "test", "train"]
    with pytest.raises(InputError, match="split: class b has no tile in test"):
        splits.check(frame, ["train", "test"])


def test_a_group_in_two_splits_is_refused_with_files():
    frame = table([("a", "1", 1), ("b", "2", 1), ("a", "3", 1), ("b", "4", 1)])
    frame["split"] = ["train", "train", "test", "test"]
    splits.check(frame, ["train", "test"])
    frame.loc[2, "group"] = "1"
    with pytest.raises(
        InputError, match=r"a/3\.png: its group '1' is in test and, by a/1\.png, in train"
    ):
        splits.check(frame, ["train", "test"])


def test_groups_in_two_splits_of_the_source_are_left_to_the_audit():
    frame = table([("a", "1", 1), ("b", "2", 1), ("a", "3", 1), ("b", "4", 1)])
    frame["split"] = ["train", "train", "test", "test"]
    frame.loc[2, "group"] = "1"
    splits.check(frame, ["train", "test"], "source")


def test_groups_are_found_however_their_accents_are_encoded():
    """A Mac writes a and two dots, a keyboard one letter."""
    apart, whole_letter = "Ma\u0308rz", "M\u00e4rz"
    for stored, typed in ((apart, whole_letter), (whole_letter, apart)):
        frame = table([("control", stored, 2), ("control", "April", 3)])
        split = splits.assign(frame, "group", {"test": [typed]}, np.random.default_rng(0))
        assert split.tolist() == ["test"] * 2 + ["train"] * 3


def test_a_split_that_the_study_does_not_name_is_refused():
    frame = table([("a", "1", 1), ("a", "2", 1)]).assign(split=["train", "other"])
    with pytest.raises(InputError, match=r"'other' is not a split of the study \(train\)"):
        splits.check(frame, ["train"])


def test_a_split_by_group_needs_groups():
    shared = table([("a", "g1", 2), ("b", "g2", 2)]).assign(image=["1", "2", "3", "4"])
    splits.check_groups(shared)
    with pytest.raises(InputError, match=r"split\.by: no two images.*Give source\.group"):
        splits.check_groups(shared.assign(group=shared["image"]))
