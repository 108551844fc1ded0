import sys
from pathlib import Path

import pandas as pd
import pytest

from manyseeds.networks.architectures import build

sys.path.append(str(Path(__file__).parents[3]))
from benchmarks import flops, precision, processes, tables
from benchmarks.workloads import WORKLOADS, Steady

# Speaks as a worker does; what it reports as its seconds is how long it waited for the others.
WORKER = """
import json, sys, time
time.sleep({before})
print("something else")
print("@ready", flush=True)
started = time.perf_counter()
sys.stdin.readline()
seconds = time.perf_counter() - started
report = dict(images=40, seconds=seconds, parameters=7, version="x")
print("@result " + json.dumps(report), flush=True)
"""


def worker(before: float = 0.0) -> list[str]:
    return [sys.executable, "-c", WORKER.format(before=before)]


def run(workload, repetition, who, rate, mb, matrix_rate=float("nan")):
    values = [workload, repetition, who, 100, 100 / rate, rate, mb, 1, matrix_rate, ""]
    return dict(zip(tables.RUNS, values, strict=True))


def test_flops_are_those_counted_by_hand():
    # Multiplications of the lecture's network on 32 x 32 x 3: 28 x 28 values of 6 channels from
    # 5 x 5 x 3, 10 x 10 values of 16 from 5 x 5 x 6, then 400 to 120 to 84 to 10 features.
    first = 28 * 28 * 6 * 75
    others = 10 * 10 * 16 * 150 + 400 * 120 + 120 * 84 + 84 * 10
    by_hand = 2 * (2 * first + 3 * others)
    assert by_hand == 3_204_720
    assert flops.training_flops(build("convnet", (3, 32, 32), 10)) == by_hand


def test_a_peer_is_compared_by_medians():
    runs = pd.DataFrame(
        [
            run("a", 1, "ours", 100, 500, matrix_rate=4000),
            run("a", 1, "keras", 20, 300, matrix_rate=4000),
            run("a", 2, "ours", 120, 510, matrix_rate=5000),
            run("a", 2, "keras", 10, 330, matrix_rate=5000),
            run("a", 3, "ours", 500, 900, matrix_rate=3000),
            run("b", 1, "ours", 9, 100),
            run("b", 1, "plain", 3, 200),
            run("c", 1, "plain", 3, 200),
        ]
    )
    a, b = tables.peers_table(runs, {"a": 10}).itertuples()
    assert (a.workload, a.peer, a.repetitions) == ("a", "keras", 2)
    assert (a.ours_images_per_second, a.peer_images_per_second, a.ratio) == (120, 15, 8)
    assert (a.ours_peak_memory_mb, a.peer_peak_memory_mb) == (510, 315)
    assert a.ours_share_of_matrix_rate == pytest.approx(120 * 10 / 5000)
    assert (b.workload, b.peer, b.ratio) == ("b", "plain", 3)
    assert pd.isna(b.ours_share_of_matrix_rate)


def test_new_runs_take_the_place_of_all_of_their_workload():
    old = pd.DataFrame(
        [run("a", 1, "ours", 1, 1), run("a", 1, "keras", 2, 1), run("b", 1, "x", 3, 1)]
    )
    new = tables.with_new_runs(old, [run("a", 1, "ours", 5, 1), run("a", 2, "ours", 6, 1)])
    assert new["images_per_second"].tolist() == [3, 5, 6]
    assert (
        list(tables.with_new_runs(old.head(0), [run("a", 1, "ours", 5, 1)]).columns) == tables.RUNS
    )


def test_workers_wait_for_each_other(tmp_path):
    measured = processes.run_together([worker(), worker(before=1)], {}, tmp_path / "log")
    assert 0.5 < measured.seconds < 10
    assert (measured.images, measured.processes, measured.parameters) == (80, 2, 7)
    assert measured.peak_memory_mb > 5


def test_a_worker_that_fails_is_quoted(tmp_path):
    command = [sys.executable, "-c", "raise SystemExit('no such network')"]
    with pytest.raises(RuntimeError, match="no such network"):
        processes.run_together([worker(), command], {}, tmp_path / "log")
    with pytest.raises(RuntimeError, match="no such network"):
        processes.run_and_measure(command, {}, tmp_path / "log")


def test_peak_memory_is_that_of_all_children(tmp_path):
    # Of each process its highest, though the parent's is over when the child's comes.
    child = "import time; kept = bytearray(80 << 20); time.sleep(0.6)"
    parent = (
        f"import subprocess, sys; kept = bytearray(60 << 20); del kept;"
        f"subprocess.run([sys.executable, '-c', {child!r}])"
    )
    _, mb = processes.run_and_measure([sys.executable, "-c", parent], {}, tmp_path / "log")
    assert 140 < mb < 220


def test_our_workers_have_the_environment_of_the_rules(monkeypatch):
    monkeypatch.setenv("MALLOC_TOP_PAD_", "1")
    assert int(processes.our_environment()["MALLOC_TOP_PAD_"]) > 1
    assert "MALLOC_TOP_PAD_" not in processes.peer_environment()


@pytest.mark.parametrize("name", [n for n, w in WORKLOADS.items() if isinstance(w, Steady)])
def test_a_workload_needs_whole_minibatches(name):
    # So that every step measured is alike.
    for workload in (WORKLOADS[name], WORKLOADS[name].quick()):
        assert workload.images % workload.batch == 0
    assert flops.layers_of(WORKLOADS[name])


def test_precisions_are_compared_seed_by_seed():
    def of(accuracies, later):
        keys = {"dataset": "a", "architecture": "deep"}
        evaluation = pd.DataFrame({"seed": [0, 1], "split": "test", "accuracy": accuracies} | keys)
        history = pd.DataFrame(
            {"seed": [0, 0, 1, 1], "epoch": [1, 2, 1, 2], "train_accuracy": 1.0} | keys
        ).assign(test_accuracy=[0.1, later[0], 0.1, later[1]])
        return precision.measures(evaluation, history)

    table = precision.compare(of([0.8, 0.6], [0.7, 0.9]), of([0.7, 0.7], [0.6, 0.8]))
    end, second_half, training = table.itertuples()
    assert end.measure == "test, at the end"
    assert end.difference.mean == pytest.approx(0)
    # t of one degree of freedom at 97.5 %, times the standard error of +0.1 and -0.1.
    assert end.difference.high == pytest.approx(12.7062 * 0.1, rel=1e-4)
    assert second_half.measure == "test, mean of epochs from 2"
    assert second_half.difference[:3] == pytest.approx((0.1, 0.1, 0.1))
    assert training.bf16.mean == 1
    assert end.n == 2
