"""What a request of snapshots asks for, and what it costs."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyseeds.errors import InputError
from manyseeds.networks.architectures import build
from manyseeds.training.snapshots import (
    MergedRequests,
    SnapshotRequest,
    check_room,
    kept_weights,
    merge,
    size,
)

DEEP_50 = build("deep_50", (3, 256, 256), 2)


@pytest.mark.parametrize(
    ("request_", "steps", "epochs", "moments"),
    [
        # 2 + 8 (i / 3)^2 is 2.9, 5.6 and 10.
        ({"first": 2, "most": 6}, 5, 2, [0, 1, 2, 3, 6, 10]),
        # 2 + 4 (i / 3)^2 is 2.4, 3.8 and 6.
        ({"first": 2, "most": 6}, 6, 1, [0, 1, 2, 4, 6]),
        ({"first": 2, "most": 6}, 5, 1, [0, 1, 2, 3, 4, 5]),
        ({"first": 0, "most": 3}, 4, 2, [0, 2, 8]),
        ({"every": 4}, 5, 2, [0, 4, 8, 10]),
        ({"every": 1}, 2, 2, [0, 1, 2, 3, 4]),
        ({"each_epoch": True}, 5, 2, [0, 5, 10]),
        ({"each_epoch": True, "every": 4}, 5, 2, [0, 4, 5, 8, 10]),
        # 99 moments are left, and 99^2 steps.
        ({}, 9851, 1, [*range(51), *(50 + i**2 for i in range(1, 100))]),
    ],
)
def test_moments_by_hand(request_, steps, epochs, moments):
    assert SnapshotRequest((0,), **request_).moments(steps, epochs) == moments


@given(first=st.integers(0, 30), more=st.integers(2, 30), steps=st.integers(1, 99),
       epochs=st.integers(1, 9))  # fmt: skip
def test_moments_grow_fewer_with_the_square_root(first, more, steps, epochs):
    most, end = first + more, steps * epochs
    moments = SnapshotRequest((0,), first=first, most=most).moments(steps, epochs)
    assert moments == sorted(set(moments))
    assert moments[0] == 0 and moments[-1] == end
    assert len(moments) <= most
    assert set(range(min(first, end) + 1)) <= set(moments)
    if end < most:
        assert len(moments) == end + 1
    else:
        equally_spaced = np.linspace(0, np.sqrt(end - first), most - first)
        later = np.array([m for m in moments if m >= first])
        distances = np.abs(later[:, None] - (first + equally_spaced**2))
        assert distances.min(0).max() <= 0.5 + 1e-9
        assert distances.min(1).max() <= 0.5 + 1e-9


@given(every=st.integers(1, 50), each_epoch=st.booleans(), steps=st.integers(1, 30),
       epochs=st.integers(1, 5))  # fmt: skip
def test_moments_by_the_calendar(every, each_epoch, steps, epochs):
    moments = SnapshotRequest((0,), every=every, each_epoch=each_epoch).moments(steps, epochs)
    end = steps * epochs
    assert moments == [
        step
        for step in range(end + 1)
        if step % every == 0 or step == end or (each_epoch and step % steps == 0)
    ]


def test_too_few_moments_are_refused():
    with pytest.raises(
        InputError, match=r"^most: 51.*first 50 minibatches.*52 in all.*larger most"
    ):
        SnapshotRequest((0,), most=51)
    assert SnapshotRequest((0,), most=52).moments(100, 1) == [*range(51), 100]


def test_requests_are_merged_seed_by_seed():
    """Of seed 1 both ask; it has the moments and layers of both."""
    one = SnapshotRequest((0, 1), ("conv1",), each_epoch=True)
    other = SnapshotRequest((2, 1), ("dense1", "conv1"), every=4)
    merged = merge([one, other, one])
    assert merged == merge([merge([one]), merge([other, one])]) == MergedRequests((one, other))
    assert merged.seeds == (0, 1, 2)
    assert merged.moments(5, 2) == [0, 4, 5, 8, 10]
    found = {seed: merged.among([seed]) for seed in (0, 1, 2, 3)}
    assert {seed: of_seed.moments(5, 2) for seed, of_seed in found.items()} == {
        0: [0, 5, 10],
        1: [0, 4, 5, 8, 10],
        2: [0, 4, 8, 10],
        3: [],
    }
    assert [of_seed.layers for of_seed in found.values()] == [
        ("conv1",), ("conv1", "dense1"), ("dense1", "conv1"), (),
    ]  # fmt: skip
    assert merge([one, SnapshotRequest((5,))]).layers is None
    # 448 weights of the first convolution, 64 x 512 + 512 of the dense layer; 11 moments in all.
    assert size(merged, DEEP_50, 5, 2) == 4 * (448 * 3 + (448 + 33_280) * (5 + 4))


@pytest.mark.parametrize(
    ("request_", "layers", "steps", "epochs", "expected"),
    [
        # 150 moments of 179 608 weights: 108 MB.
        (SnapshotRequest((3,)), DEEP_50, 9851, 1, 150 * 179_608 * 4),
        (SnapshotRequest((3, 4)), DEEP_50, 9851, 1, 2 * 150 * 179_608 * 4),
        (SnapshotRequest((3,), ("conv1",)), DEEP_50, 9851, 1, 150 * 448 * 4),
        # Every minibatch of 9 epochs of 40, and before: 361 moments, 6.1 GB.
        (
            SnapshotRequest((0,), every=1),
            build("medium", (3, 256, 256), 5),
            40,
            9,
            361 * 4 * (448 + 2_320 + 2_320 + 4_640 + (16 * 16 * 32 + 1) * 512 + 513 * 50 + 51 * 5),
        ),
        # Moving averages are kept, too: 26 825 474 values by Keras' count.
        (
            SnapshotRequest((0,), each_epoch=True),
            build("alexnet", (3, 256, 256), 2),
            40,
            9,
            10 * 4 * 26_825_474,
        ),
    ],
)
def test_size_by_hand(request_, layers, steps, epochs, expected):
    assert size(request_, layers, steps, epochs) == expected


def test_layers_are_chosen_by_name_and_a_tied_one_stands_for_what_it_shares():
    names = list(kept_weights(SnapshotRequest((0,), ("dense1", "conv3")), build_tied()))
    assert names == ["conv2.weight", "conv2.bias", "dense1.weight", "dense1.bias"]
    everything = kept_weights(SnapshotRequest((0,)), build_tied())
    assert sum(map(np.prod, everything.values())) == 597_906
    alexnet = build("alexnet", (3, 256, 256), 2)
    assert list(kept_weights(SnapshotRequest((0,), ("batchnorm1",)), alexnet)) == [
        "batchnorm1.weight", "batchnorm1.bias", "batchnorm1.mean", "batchnorm1.variance",
    ]  # fmt: skip


def build_tied():
    return build("deep_tied", (3, 256, 256), 2)


@pytest.mark.parametrize("name", ["conv10", "relu1", "conv"])
def test_what_is_no_layer_with_weights_is_refused(name):
    message = rf"^layers: {name} is no layer with weights.*conv1, conv2, .*dense3\. Choose"
    with pytest.raises(InputError, match=message):
        kept_weights(SnapshotRequest((0,), ("conv1", name)), DEEP_50)


def test_snapshots_without_room_are_refused(tmp_path, monkeypatch):
    asked = []

    def usage(folder):
        asked.append(folder)
        return SimpleNamespace(free=5_000_000)

    monkeypatch.setattr("shutil.disk_usage", usage)
    folder = tmp_path / "not" / "there"
    check_room(folder, 5_000_000, "landscape.snapshots")
    message = (
        r"^config key landscape\.snapshots: .* take 6 MB.*there has 5 MB.*fewer seeds, fewer la"
    )
    with pytest.raises(InputError, match=message):
        check_room(folder, 6_000_000, "landscape.snapshots")
    assert asked == [tmp_path, tmp_path]
    # What was written before the training was cut off will be replaced.
    for name in ("seed-003/step-000050.safetensors", "other.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes(800_000))
    check_room(folder, 5_800_000, "landscape.snapshots")
    with pytest.raises(InputError, match="6 MB for them"):
        check_room(folder, 6_000_000, "landscape.snapshots")
