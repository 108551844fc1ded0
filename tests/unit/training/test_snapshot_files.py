"""Snapshots that a training writes: the training is the same, and they are after a kill, too."""

import errno
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from made_up import made_up, streams, streams_where_seed_1_explodes
from manyseeds.errors import InputError, Interrupted
from manyseeds.networks.architectures import build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.layers import BatchNorm, Conv, Dense, Flatten, PlacedLayer, ReLU
from manyseeds.training.loop import Settings, train
from manyseeds.training.snapshot_files import SnapshotFiles, open_snapshots
from manyseeds.training.snapshots import SnapshotRequest, merge

LAYERS = build("deep_50", (1, 16, 16), 2)
DATA = made_up(50)
SEEDS = [0, 1, 4]
# Three minibatches an epoch.
SETTINGS = Settings(epochs=2, batch=20, images_per_epoch=None)
ARGUMENTS = LAYERS, DATA, DATA, SEEDS, SETTINGS, streams
EVERY = SnapshotRequest((0, 4), every=1)


def contents(folder):
    """Each file's bytes by its name."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def names(seeds, steps):
    return {f"seed-{s:03d}/step-{step:06d}.safetensors" for s in seeds for step in steps}


def same(one, other):
    assert one.history.equals(other.history)
    assert all(torch.equal(value, other.weights[name]) for name, value in one.weights.items())


@pytest.mark.parametrize("stack", [1, 3])
def test_a_seed_ends_in_the_same_bytes_with_snapshots_as_without(stack, tmp_path):
    lines = []
    kept = train(
        *ARGUMENTS, stack=stack, snapshots=EVERY, snapshot_folder=tmp_path, progress=lines.append
    )
    same(kept, train(*ARGUMENTS, stack=stack))
    assert set(contents(tmp_path)) == names([0, 4], range(7)) | {"snapshots.csv"}
    # 14 files of 179 320 weights.
    assert lines[0] == f"14 snapshots, 10 MB, in {tmp_path}"
    for place, seed in ((0, 0), (2, 4)):
        start = load_file(tmp_path / f"seed-{seed:03d}/step-000000.safetensors")
        expected = initial_weights(LAYERS, streams(seed, "weights"))
        assert start.keys() == expected.keys()
        for name, value in start.items():
            assert value.dtype == torch.float32
            assert torch.equal(value, torch.from_numpy(expected[name]))
        end = load_file(tmp_path / f"seed-{seed:03d}/step-000006.safetensors")
        assert all(torch.equal(value, end[name]) for name, value in at(kept, place).items())


def at(trained, place):
    return {name: value[place] for name, value in trained.weights.items()}


def test_a_snapshot_is_where_a_shorter_training_ends(tmp_path):
    train(*ARGUMENTS, snapshots=EVERY, snapshot_folder=tmp_path)
    shorter = train(LAYERS, DATA, DATA, SEEDS, replace(SETTINGS, epochs=1), streams)
    found = load_file(tmp_path / "seed-004/step-000003.safetensors")
    assert all(torch.equal(found[name], value) for name, value in at(shorter, 2).items())


def test_moving_averages_are_kept(tmp_path):
    layers = [
        PlacedLayer("conv1", Conv(3), (1, 8, 8), (3, 8, 8), "conv1"),
        PlacedLayer("relu1", ReLU(), (3, 8, 8), (3, 8, 8), "relu1"),
        PlacedLayer("batchnorm1", BatchNorm(), (3, 8, 8), (3, 8, 8), "batchnorm1"),
        PlacedLayer("flatten1", Flatten(), (3, 8, 8), (192,), "flatten1"),
        PlacedLayer("dense1", Dense(2), (192,), (2,), "dense1"),
    ]
    data = made_up(40, 8)
    request = SnapshotRequest((1,), ("batchnorm1",), each_epoch=True)
    trained = train(
        layers, data, data, [0, 1], SETTINGS, streams, snapshots=request, snapshot_folder=tmp_path
    )
    start, _, end = (weights for _, weights in open_snapshots(tmp_path, 1))
    assert set(end) == {f"batchnorm1.{p}" for p in ("weight", "bias", "mean", "variance")}
    assert start["batchnorm1.variance"].tolist() == [1, 1, 1]
    assert all(torch.equal(value, trained.weights[name][1]) for name, value in end.items())
    assert not torch.equal(end["batchnorm1.mean"], start["batchnorm1.mean"])


def test_the_table_has_a_row_a_file(tmp_path):
    """Seeds that are not trained here are passed over."""
    request = SnapshotRequest((4, 1, 9), each_epoch=True, every=2)
    train(*ARGUMENTS, snapshots=request, snapshot_folder=tmp_path)
    table = pd.read_csv(tmp_path / "snapshots.csv")
    assert list(table) == ["seed", "moment", "epoch", "step", "file"]
    of_seed = [[0, 0, 0], [1, 1, 2], [2, 1, 3], [3, 2, 4], [4, 2, 6]]
    assert table.iloc[:, :4].to_numpy().tolist() == [
        [seed, *row] for seed in (1, 4) for row in of_seed
    ]
    assert table["file"][3] == "seed-001/step-000004.safetensors"
    assert set(table["file"]) == names([1, 4], [0, 2, 3, 4, 6])


def test_each_seed_has_the_moments_and_layers_of_those_who_ask_for_it(tmp_path):
    merged = merge(
        [
            SnapshotRequest((0, 1), ("conv1",), each_epoch=True),
            SnapshotRequest((1, 4), ("dense3",), every=4),
        ]
    )
    train(*ARGUMENTS, snapshots=merged, snapshot_folder=tmp_path)
    files = contents(tmp_path)
    del files["snapshots.csv"]
    assert set(files) == names([0], [0, 3, 6]) | names([1], [0, 3, 4, 6]) | names([4], [0, 4, 6])
    found = {seed: set(next(open_snapshots(tmp_path, seed))[1]) for seed in SEEDS}
    conv, dense = {"conv1.weight", "conv1.bias"}, {"dense3.weight", "dense3.bias"}
    assert found == {0: conv, 1: conv | dense, 4: dense}


def test_files_do_not_depend_on_the_stack(tmp_path):
    """Weights agree to 1e-4, with SGD; see `test_stacking`."""
    settings = replace(SETTINGS, optimizer="sgd", learning_rate=0.01)
    for stack in (1, 2, 3):
        train(
            LAYERS, DATA, DATA, SEEDS, settings, streams, stack=stack,
            snapshots=EVERY, snapshot_folder=tmp_path / str(stack),
        )  # fmt: skip
    together = contents(tmp_path / "3")
    for stack in ("1", "2"):
        assert contents(tmp_path / stack).keys() == together.keys()
        for name in together.keys() - {"snapshots.csv"}:
            one, other = load_file(tmp_path / stack / name), load_file(tmp_path / "3" / name)
            for part, value in one.items():
                torch.testing.assert_close(value, other[part], atol=1e-4, rtol=0)
    table = "snapshots.csv"
    assert contents(tmp_path / "1")[table] == contents(tmp_path / "2")[table] == together[table]


class Killed(Exception):
    """Takes the place of a signal that leaves no time to save."""


def after(steps, killed=False):
    """A `stop` that asks for an end after so many steps, or does not even ask."""
    count = iter(range(1, 10_000))

    def stop():
        if next(count) < steps:
            return False
        if killed:
            raise Killed
        return True

    return stop


def cut_off(steps, killed, *arguments, **options):
    with pytest.raises(Killed if killed else Interrupted):
        train(*arguments, **options, stop=after(steps, killed))


@pytest.mark.slow
@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize(
    ("stack", "steps"), [(1, 1), (1, 5), (1, 6), (1, 8), (1, 17), (3, 1), (3, 3), (3, 5)]
)
def test_training_that_was_cut_off_leaves_the_same_files(stack, steps, killed, tmp_path):
    """Within an epoch, at its end, and (in turn) in a later seed: asked to, or killed."""
    whole, part = tmp_path / "whole", tmp_path / "part"
    options = {"snapshots": SnapshotRequest(tuple(SEEDS), every=1), "stack": stack}
    expected = train(*ARGUMENTS, **options, snapshot_folder=whole)
    options |= {"snapshot_folder": part, "checkpoint": tmp_path / "checkpoint"}
    cut_off(steps, killed, *ARGUMENTS, **options)
    assert "snapshots.csv" not in contents(part)
    if killed:
        # Those after the checkpoint are written again.
        newest = max(part.rglob("step-*"), key=lambda path: path.stat().st_mtime_ns)
        newest.write_bytes(b"")
    lines = []
    same(train(*ARGUMENTS, **options, progress=lines.append), expected)
    assert contents(part) == contents(whole)
    assert any("going on" in line for line in lines) == (not killed or steps > 3)
    # And once more, with nothing left to do.
    same(train(*ARGUMENTS, **options), expected)
    assert contents(part) == contents(whole)


@pytest.mark.parametrize("change", ["a file is missing", "other snapshots", "none were kept"])
def test_a_stack_whose_snapshots_are_not_all_there_begins_again(change, tmp_path):
    whole, part = tmp_path / "whole", tmp_path / "part"
    expected = train(*ARGUMENTS, snapshots=EVERY, snapshot_folder=whole)
    options = {"snapshot_folder": part, "checkpoint": tmp_path / "checkpoint"}
    before = {
        "a file is missing": EVERY,
        "other snapshots": SnapshotRequest((0, 4), ("conv1",), every=1),
        "none were kept": None,
    }[change]
    if change == "none were kept":
        # Files with the right names, of another training.
        settings = replace(SETTINGS, learning_rate=0.1)
        other = {"snapshots": EVERY, "snapshot_folder": part}
        train(LAYERS, DATA, DATA, SEEDS, settings, streams, **other)
    cut_off(4, False, *ARGUMENTS, snapshots=before, **options)
    if change == "a file is missing":
        (part / "seed-004/step-000002.safetensors").unlink()
    lines = []
    same(train(*ARGUMENTS, snapshots=EVERY, **options, progress=lines.append), expected)
    assert "seeds 0-4: beginning again, for not all snapshots are there" in lines[1]
    assert contents(part) == contents(whole)


def test_who_asks_for_no_snapshots_goes_on_from_a_checkpoint_with_them(tmp_path):
    options = {"checkpoint": tmp_path / "checkpoint"}
    cut_off(4, False, *ARGUMENTS, **options, snapshots=EVERY, snapshot_folder=tmp_path / "kept")
    before, lines = contents(tmp_path / "kept"), []
    same(train(*ARGUMENTS, **options, progress=lines.append), train(*ARGUMENTS))
    assert "going on from epoch 2, step 1" in lines[0]
    assert contents(tmp_path / "kept") == before


def test_snapshots_of_another_training_are_never_taken_for_ones_own(tmp_path):
    """A training is cut off, another one begins in the same folders, and the first comes back."""
    whole, part = tmp_path / "whole", tmp_path / "part"
    train(*ARGUMENTS, snapshots=EVERY, snapshot_folder=whole)
    options = {"snapshots": EVERY, "snapshot_folder": part, "checkpoint": tmp_path / "checkpoint"}
    cut_off(2, False, *ARGUMENTS, **options)
    other = replace(SETTINGS, learning_rate=0.1)
    cut_off(2, True, LAYERS, DATA, DATA, SEEDS, other, streams, **options)
    train(*ARGUMENTS, **options)
    assert contents(part) == contents(whole)


def test_what_an_earlier_training_left_is_deleted(tmp_path):
    train(*ARGUMENTS, snapshots=SnapshotRequest((0, 1), every=1), snapshot_folder=tmp_path)
    (tmp_path / "seed-000/step-000009.unfinished").touch()
    (tmp_path / "seed-000/mine.txt").touch()
    request = SnapshotRequest((0,), each_epoch=True)
    cut_off(4, False, *ARGUMENTS, snapshots=request, snapshot_folder=tmp_path)
    # The table tells of whole trainings only.
    assert set(contents(tmp_path)) == names([0], [0, 3]) | {"seed-000/mine.txt"}
    train(*ARGUMENTS, snapshots=request, snapshot_folder=tmp_path)
    expected = names([0], [0, 3, 6]) | {"snapshots.csv", "seed-000/mine.txt"}
    assert set(contents(tmp_path)) == expected


@pytest.mark.parametrize("stack", [1, 3])
@pytest.mark.parametrize("steps", [None, 2, 4, 8])
def test_a_seed_that_diverges_has_none_after_its_history(stack, steps, tmp_path):
    arguments = *ARGUMENTS[:-1], streams_where_seed_1_explodes
    options = {"snapshots": SnapshotRequest((1, 4), every=1), "snapshot_folder": tmp_path / "kept"}
    options |= {"stack": stack, "checkpoint": tmp_path / "checkpoint"}
    if steps and not (stack == 3 and steps > 6):
        cut_off(steps, False, *arguments, **options)
    trained = train(*arguments, **options)
    assert trained.diverged == {1: 1}
    expected = names([1], [0]) | names([4], range(7))
    assert set(contents(tmp_path / "kept")) == expected | {"snapshots.csv"}
    assert [step for step, _ in open_snapshots(tmp_path / "kept", 1)] == [0]
    assert len(list(open_snapshots(tmp_path / "kept", 4))) == 7


def test_snapshots_before_the_epoch_of_divergence_stay(tmp_path):
    layers = build("logistic", (1, 4, 4), 2)
    files = SnapshotFiles(tmp_path, SnapshotRequest((0, 1), every=2), [0, 1], layers, 3, 3)
    weights = {"dense1.weight": torch.zeros(2, 2, 16), "dense1.bias": torch.zeros(2, 2)}
    for step in range(7):
        files.write(weights, [0, 1], step, {})
    files.end_diverged({1: 2})
    files.write(weights, [0, 1], 8, {1: 2})
    assert set(contents(tmp_path)) == names([0], [0, 2, 4, 6, 8]) | names([1], [0, 2])
    assert files.are_there([0, 1], 3, 2, {1: 2})
    assert not files.are_there([0, 1], 3, 2, {})
    assert not files.are_there([0, 1], 4, 0, {1: 2})
    files.write_table({1: 2})
    table = pd.read_csv(tmp_path / "snapshots.csv")
    assert table["step"].tolist() == [0, 2, 4, 6, 8, 9, 0, 2]


def test_a_full_disk_is_named(tmp_path, monkeypatch):
    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=f"^{tmp_path}: no space is left"):
        train(*ARGUMENTS, snapshots=EVERY, snapshot_folder=tmp_path)


def test_a_layer_that_is_none_stops_before_training(tmp_path):
    request = SnapshotRequest((0,), ("conv99",))
    with pytest.raises(InputError, match="layers: conv99"):
        train(*ARGUMENTS, snapshots=request, snapshot_folder=tmp_path)
    assert contents(tmp_path) == {}
