import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from audited import SIZE, Dataset, rotated
from manyseeds.audit import findings, report
from manyseeds.audit.pairs import CLOSEST
from manyseeds.sources.phantoms import is_phantom
from manyseeds.tiles import packs

DATA = Path(os.environ.get("MANYSEEDS_DATA", Path(__file__).parents[4] / "shared" / "data"))


@pytest.fixture
def dataset():
    return Dataset()


def found(checks):
    return {name for name, check in checks.items() if check.result == "found"}


def names(check):
    return [set(finding.tiles) for finding in check.findings]


def test_a_clean_dataset_has_no_finding(dataset, tmp_path):
    for angle in (-5, 3, 90):
        dataset.copy("train3", angle)
    results, pairs = dataset.audit(tmp_path)
    assert found(results) == set()
    assert len(pairs) == CLOSEST
    assert not pairs["near_duplicate"].any()


def test_planted_faults_are_found_each_by_its_check(dataset, tmp_path):
    planted = dataset.tiles
    planted["train2"] = planted["train0"]  # within a split, same class
    planted["test1"] = planted["train5"]  # across splits, same class
    planted["test2"] = planted["train7"]  # across splits, other class
    planted["test4"] = rotated(planted["train9"], 77)  # rotated
    planted["test23"] = (planted["test0"] * 0.7).astype(np.uint8)  # dimmer, of two test splits
    dataset.index.loc["test5", "image"] = "train11.png"  # a field in two splits
    dataset.index.loc[["train13", "test7"], "group"] = "plate"
    results, pairs = dataset.audit(tmp_path)
    assert found(results) == {
        "identical within a split", "identical across splits", "identical, classes differ",
        "near-duplicates", "images in two splits", "groups in two splits",
    }  # fmt: skip
    assert names(results["identical within a split"]) == [{"train0", "train2"}]
    across = names(results["identical across splits"])
    assert across == [{"train5", "test1"}, {"train7", "test2"}]
    assert names(results["identical, classes differ"]) == [{"train7", "test2"}]
    near = names(results["near-duplicates"])
    assert sorted(map(sorted, near)) == [
        ["test0", "test23"], ["test1", "train5"], ["test2", "train7"], ["test4", "train9"]
    ]  # fmt: skip
    assert names(results["images in two splits"]) == [{"train11", "test5"}]
    assert {"train13", "test7"} in names(results["groups in two splits"])
    pair = pairs.set_index("tile_1").loc["test4"]
    assert (pair["tile_2"], pair["identical"], pair["same_group"]) == ("train9", False, False)
    assert abs(pair["angle"] + 77) <= 2
    assert sorted(pairs.loc[pairs["identical"], "tile_1"]) == ["test1", "test2"]


@given(st.floats(-180, 180), st.integers(0, 7), st.integers(0, 23))
@settings(max_examples=10, deadline=None)
def test_a_planted_rotated_duplicate_is_found_at_any_angle(tmp_path_factory, angle, copy, original):
    dataset = Dataset(test2=0)
    dataset.tiles[f"test{copy}"] = rotated(dataset.tiles[f"train{original}"], angle)
    results, _ = dataset.audit(tmp_path_factory.mktemp("any"))
    assert names(results["near-duplicates"]) == [{f"test{copy}", f"train{original}"}]


def test_rotated_tiles_drawn_each_by_itself(dataset, tmp_path):
    """A tile has rotated copies in two splits: so has its image, and the copies look the same."""
    dataset.copy("train0", 18)
    dataset.index.loc["train0@18", "split"] = "test"
    results, pairs = dataset.audit(tmp_path)
    assert found(results) == {"near-duplicates", "images in two splits"}
    assert results["groups in two splits"].result == "not applicable"
    assert pairs.iloc[0][["tile_1", "tile_2", "same_group"]].tolist() == ["train0", "train0", True]
    assert "1 of these pairs from one and the same group" in results["near-duplicates"].statement


def dim(number):
    """A tile that shows something, but is too even to be compared."""
    generator = np.random.default_rng(number)
    return generator.integers(20, 23, (SIZE, SIZE, 3), dtype=np.uint8)


def test_constant_and_featureless_tiles_are_counted_apart(dataset, tmp_path):
    blank = np.full((SIZE, SIZE, 3), (20, 30, 0), np.uint8)
    for name in ("train0", "train1", "test0"):
        dataset.tiles[name] = blank
    dataset.copy("train0", 18)  # in a black frame
    dataset.copy("train1", 18)
    dataset.tiles["train2"], dataset.tiles["test22"] = dim(0), dim(1)
    results, pairs = dataset.audit(tmp_path)
    assert found(results) == set()
    assert "3 constant tiles are left aside" in results["identical within a split"].statement
    assert "5 featureless tiles are left aside" in results["near-duplicates"].statement
    assert "12.5% in train, 12.5% in test, 12.5% in" in results["featureless tiles"].statement
    assert not {"train0", "test0", "test22"} & {*pairs["tile_1"], *pairs["tile_2"]}


def test_featureless_tiles_may_be_identical(dataset, tmp_path):
    dataset.tiles["train0"] = dataset.tiles["test1"] = dim(0)
    results, _ = dataset.audit(tmp_path)
    assert found(results) == {"identical across splits", "identical, classes differ"}
    assert names(results["identical across splits"]) == [{"train0", "test1"}]


def test_many_featureless_tiles_are_a_finding(dataset, tmp_path):
    for number in range(2):
        dataset.tiles[f"test{number}"] = dim(number)
    results, _ = dataset.audit(tmp_path)
    assert found(results) == {"featureless tiles"}
    (finding,) = results["featureless tiles"].findings
    assert finding.statement == "2 of 8 tiles of test are featureless"
    assert finding.files == ["test0.png", "test1.png"]
    assert "another `scale`" in results["featureless tiles"].statement
    assert results["near-duplicates"].result == "passed"


def test_what_is_not_compared_does_not_pass(dataset, tmp_path):
    """One split has nothing to compare; the others are compared."""
    for number in range(8):
        dataset.tiles[f"test{number}"] = dim(number)
    results, pairs = dataset.audit(tmp_path)
    near = results["near-duplicates"]
    assert near.result == "not applicable"
    assert "All tiles of test are featureless." in near.statement
    assert "8 featureless tiles are left aside." in near.statement
    assert {*pairs["split_1"], *pairs["split_2"]} == {"train", "test2"}
    assert found(results) == {"featureless tiles"}
    dataset.tiles["test23"] = dataset.tiles["train9"]
    results, _ = dataset.audit(tmp_path)
    assert names(results["near-duplicates"]) == [{"test23", "train9"}]


def test_all_tiles_constant(dataset, tmp_path):
    for name in dataset.tiles:
        dataset.tiles[name] = np.zeros((SIZE, SIZE, 3), np.uint8)
    results, pairs = dataset.audit(tmp_path)
    assert found(results) == {"featureless tiles"}
    assert pairs.empty
    for name, check in results.items():
        if name.startswith("identical") or name == "near-duplicates":
            assert check.result == "not applicable", name
            assert "40 " in check.statement


def test_the_result_does_not_depend_on_the_processes(dataset, tmp_path):
    dataset.tiles["test4"] = rotated(dataset.tiles["train9"], 77)
    (tmp_path / "2").mkdir()
    _, alone = dataset.audit(tmp_path)
    _, shared = dataset.audit(tmp_path / "2", workers=2)
    pd.testing.assert_frame_equal(alone, shared)


def test_tables_list_the_files_of_each_finding(dataset, tmp_path):
    dataset.tiles["test1"] = dataset.tiles["train5"]
    results, _ = dataset.audit(tmp_path)
    table, found_there = findings.tables(results.values())
    assert table["check"].tolist() == list(results)
    by_check = found_there.set_index("check")
    assert by_check.loc["identical across splits", "files"] == "train5.png; test1.png"
    assert by_check.loc["near-duplicates", "classes"] == "b; b"
    assert dict(zip(table["check"], table["n"], strict=True))["near-duplicates"] == 1


def test_long_lists_are_cut_and_counted():
    finding = findings.Finding("many", files=[f"{n}.png" for n in range(60)])
    _, listed = findings.tables([findings.Check("x", "Many.", [finding])])
    assert listed["files"][0].endswith("49.png; and 10 more")


def test_the_summary_names_checks_and_files(dataset, tmp_path):
    dataset.tiles["test1"] = dataset.tiles["train5"]
    results, _ = dataset.audit(tmp_path)
    summary = findings.summary(*findings.tables(results.values()))
    assert "2 findings" in summary
    assert "train5.png and test1.png" in summary
    clean, _ = Dataset().audit(tmp_path)
    assert findings.summary(*findings.tables(clean.values())) == "the audit found nothing."


def test_the_identical_files_of_the_flowers(tmp_path):
    """The archive has twelve files that are another byte for byte, some under two classes."""
    if not (DATA / "flowers.tar.gz").exists():
        pytest.skip("MANYSEEDS_DATA has no flowers.tar.gz")
    with tarfile.open(DATA / "flowers.tar.gz") as archive:
        files = {
            member.name: archive.extractfile(member).read()
            for member in archive
            if member.name.endswith(".jpg") and not is_phantom(member.name)
        }
    images = pd.DataFrame({"image": files.keys(), "bytes": files.values()})
    images["class"] = images["image"].str.split("/").str[1]
    same = images[images["bytes"].duplicated(keep=False)]
    assert len(same) == 12
    images = pd.concat([same, images.drop(same.index).sample(30, random_state=0)])
    images = images.reset_index(drop=True)
    stack = [Image.open(io.BytesIO(data)).resize((64, 64)) for data in images.pop("bytes")]
    np.save(tmp_path / "tiles.npy", np.stack([np.asarray(image) for image in stack]))
    images = images.assign(width=227, height=227, bit_depth=8, mode="RGB", pages=1)
    images["group"] = images["image"]
    images["tile"], images["angle"] = images["image"], 0
    images["position"] = range(len(images))
    images["label"] = pd.factorize(images["class"], sort=True)[0]
    images["split"] = ["train", "test"] * (len(images) // 2) + ["train"] * (len(images) % 2)
    table = images.sort_values("split", ascending=False)
    folder = tmp_path / "scratch"
    folder.mkdir()
    given = {}
    for split in ("train", "test"):
        rows = table[table["split"] == split]
        paths = tmp_path / f"{split}.npy", tmp_path / f"{split}.csv"
        index = packs.write(tmp_path / "tiles.npy", rows, sorted(set(table["class"])), *paths)
        given[split] = (paths[0], index)
    results = {check.name: check for check in report.audit(given, images, folder)[0]}
    listed = set()
    for name in ("identical within a split", "identical across splits"):
        listed |= {file for finding in results[name].findings for file in finding.files}
    assert listed == set(same["image"])
    two = same.groupby("bytes")["class"].nunique()
    assert len(results["identical, classes differ"].findings) == (two > 1).sum() > 0
