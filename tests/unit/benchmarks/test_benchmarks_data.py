import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

sys.path.append(str(Path(__file__).parents[3]))
from benchmarks import ROOT, data, data_stages, data_workloads
from benchmarks.peers import pillow_loop
from benchmarks.processes import run_and_watch


@pytest.fixture(scope="module")
def workload(tmp_path_factory):
    """All that the stages read: 34 tiles of 32 x 32 pixels from three fields."""
    folder = tmp_path_factory.mktemp("workload")
    data_workloads.make(folder, 34, 32)
    return folder


def outputs(folder, who):
    (folder / who).mkdir(exist_ok=True)
    return folder / who


@pytest.mark.parametrize("stage", data_workloads.STAGES)
def test_both_sides_do_the_same_work(workload, stage):
    data_stages.STAGES[stage](workload, outputs(workload, "ours"), 2)
    pillow_loop.STAGES[stage](workload, outputs(workload, "plain"))
    data.check_same(stage, workload)
    for name in data.OUTPUTS[stage]:
        if name.endswith(".npy"):
            array = np.load(workload / "ours" / name)
            assert array.shape[1:] == (32, 32, 3)
            assert array.std() > 1
            array[-1, 0, 0, 1] ^= 16
            np.save(workload / "ours" / name, array)
        else:
            path = workload / "ours" / name
            path.write_text(path.read_text().replace("32,32", "32,33"))
    with pytest.raises(RuntimeError, match=f"{stage}: .*ours.*plain.* differ"):
        data.check_same(stage, workload)


def test_a_workload_has_as_many_of_everything_as_asked(workload):
    split, rotated = (pd.read_csv(workload / f"{name}.csv") for name in ("split", "rotated"))
    assert len(split) == len(np.load(workload / "tiles.npy")) == 34
    assert len(list((workload / "images").rglob("*.png"))) == 34
    assert len(list((workload / "fields").rglob("*.tif"))) == 3
    assert rotated["position"].tolist() == [0, 1, 2]
    fields = pd.read_csv(workload / "fields.csv")["image"]
    assert set(split["image"]) == set(fields)
    data_workloads.clear(workload / "nothing")


def test_clearing_keeps_the_simulated_fields(tmp_path):
    data_workloads.make(tmp_path, 16, 32, ("slice",))
    first = (tmp_path / "distinct/0.tif").stat().st_mtime_ns
    data_workloads.clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["distinct"]
    data_workloads.make(tmp_path, 16, 32, ("slice",))
    assert (tmp_path / "distinct/0.tif").stat().st_mtime_ns == first


def test_speed_is_compared_by_medians():
    runs = pd.DataFrame(
        [
            ("pack", 100, 8, n, who, 100 / rate, rate, 2)
            for who, rates in (("ours", (30, 20, 400)), ("plain", (10, 15, 1)))
            for n, rate in enumerate(rates, start=1)
        ],
        columns=data.SPEED,
    )
    (row,) = data.speed_table(runs).itertuples()
    assert (row.stage, row.ours, row.plain, row.ratio) == ("pack", 30, 10, 3)


def test_memory_is_compared_between_few_and_many():
    runs = pd.DataFrame(
        [("hash", tiles, 64, n, mb + n, 10 * mb) for tiles, mb in ((10, 100), (110, 120))
         for n in (0, 1, 2)],
        columns=data.MEMORY,
    )  # fmt: skip
    (row,) = data.memory_table(runs).itertuples()
    assert (row.few_mb, row.many_mb, row.growth_mb) == (101, 121, 20)
    assert row.bytes_per_tile == pytest.approx(20 * 2**20 / 100)
    assert (row.few_mapped_mb, row.many_mapped_mb) == (1000, 1200)


def test_rows_replace_those_of_their_stage(tmp_path):
    path = tmp_path / "runs.csv"
    data.replace_stages(
        path, [("hash", 1, 1, 1, 5.0, 1.0), ("pack", 1, 1, 1, 6.0, 1.0)], data.MEMORY
    )
    table = data.replace_stages(path, [("hash", 1, 1, 1, 7.0, 1.0)], data.MEMORY)
    assert table[["stage", "own_mb"]].to_numpy().tolist() == [["pack", 6.0], ["hash", 7.0]]
    pd.testing.assert_frame_equal(table, pd.read_csv(path))


def test_mapped_files_are_told_from_a_process_own_memory(tmp_path):
    np.save(tmp_path / "mapped.npy", np.ones(120 << 20, np.uint8))
    # A child that shares the parent's 80 MB counts only with what it adds.
    program = f"""
import numpy, os, time
own = numpy.ones(80 << 20, numpy.uint8)
mapped = numpy.load({str(tmp_path / "mapped.npy")!r}, mmap_mode="r")
if os.fork() == 0:
    mapped.sum()
    time.sleep(1)
    os._exit(0)
os.wait()
"""
    command = [sys.executable, "-c", program]
    variables = {"PATH": ""}
    _, peak = run_and_watch(command, variables, tmp_path / "log", data.ProportionalMemory)
    assert 80 < peak.mb < 130
    assert 120 < peak.mapped_mb < 220


def test_the_peer_loads_neither_pandas_nor_the_library():
    code = (
        "import sys, benchmarks.peers.pillow_loop;"
        "print([m for m in ('pandas', 'manyseeds', 'torch') if m in sys.modules])"
    )
    loaded = subprocess.check_output([sys.executable, "-c", code], cwd=ROOT, text=True)
    assert loaded.strip() == "[]"
