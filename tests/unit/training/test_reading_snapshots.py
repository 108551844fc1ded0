"""Reading the snapshots that training wrote."""

import pytest
import torch

from made_up import made_up, streams
from manyseeds.errors import InputError
from manyseeds.networks.architectures import build
from manyseeds.networks.prediction import predict
from manyseeds.networks.stacking import StackedNetwork
from manyseeds.training.loop import Settings, train
from manyseeds.training.snapshot_files import open_snapshots, stack_snapshots
from manyseeds.training.snapshots import SnapshotRequest

LAYERS = build("logistic", (1, 8, 8), 2)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """A folder of snapshots, and the weights at the end."""
    folder = tmp_path_factory.mktemp("snapshots")
    data, settings = made_up(20, 8), Settings(epochs=2, batch=8, images_per_epoch=None)
    request = SnapshotRequest((4, 7), every=4)
    trained = train(
        LAYERS, data, data, [4, 5, 7], settings, streams, snapshots=request, snapshot_folder=folder
    )
    return folder, trained.weights


def test_snapshots_are_read_in_order(written):
    folder, weights = written
    read = dict(open_snapshots(folder, 7))
    assert list(read) == [0, 4, 6]
    assert all(torch.equal(value, weights[name][2]) for name, value in read[6].items())
    assert read[0].keys() == weights.keys()


def test_each_snapshot_is_read_when_it_is_reached(written, tmp_path):
    folder, _ = written
    (tmp_path / "snapshots.csv").write_bytes((folder / "snapshots.csv").read_bytes())
    (tmp_path / "seed-007").mkdir()
    first = "seed-007/step-000000.safetensors"
    (tmp_path / first).write_bytes((folder / first).read_bytes())
    snapshots = open_snapshots(tmp_path, 7)
    assert next(snapshots)[0] == 0
    with pytest.raises(FileNotFoundError):
        next(snapshots)


def test_seeds_at_one_moment_are_a_network(written):
    folder, weights = written
    stacked = stack_snapshots(folder, [7, 4], 6)
    assert all(torch.equal(value, weights[name][[2, 0]]) for name, value in stacked.items())
    assert predict(StackedNetwork(LAYERS, stacked), made_up(3, 8).images).shape == (2, 3, 2)


def test_snapshots_that_were_not_kept_are_named(written):
    folder, _ = written
    with pytest.raises(InputError, match=r"snapshots\.csv: has no snapshots of seed 5"):
        open_snapshots(folder, 5)
    with pytest.raises(InputError, match=r"snapshots\.csv: has no snapshots of seed 5"):
        stack_snapshots(folder, [4, 5], 0)
    with pytest.raises(InputError, match=r"snapshots\.csv: seed 4 has no snapshot of step 3"):
        stack_snapshots(folder, [4, 7], 3)
