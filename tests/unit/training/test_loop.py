import re
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from made_up import Images, made_up, streams, streams_where_seed_1_explodes
from manyseeds.errors import Interrupted
from manyseeds.machine import progress
from manyseeds.networks.architectures import build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.layers import Dense
from manyseeds.networks.stacking import stack_width
from manyseeds.randomness import rng
from manyseeds.training.loop import Settings, epoch_order, train
from peer_networks import deep_plain, load

LAYERS = build("deep_50", (1, 16, 16), 2)
SETTINGS = Settings(epochs=2, batch=20, images_per_epoch=None)


@pytest.mark.parametrize(
    ("head", "last"),
    [("logits", nn.Identity()), ("softmax", nn.Softmax(-1)), ("sigmoid", nn.Sigmoid())],
)
def test_training_is_that_of_a_plain_loop(head, last):
    """The oracle: one network, one image after the other format, PyTorch's own Adam."""
    data, seed = made_up(50), 3
    plain = load(deep_plain(1, 2, poolings=4), initial_weights(LAYERS, streams(seed, "weights")))
    optimizer = torch.optim.Adam(plain.parameters(), lr=0.001, eps=1e-7)
    x = torch.from_numpy(data.images).permute(0, 3, 1, 2) / 255
    y = torch.from_numpy(data.labels)
    losses = []
    for epoch in (1, 2):
        order = streams(seed, "order", epoch).permutation(50)
        total = 0
        for minibatch in (order[:20], order[20:40], order[40:]):
            loss = F.cross_entropy(last(plain(x[minibatch])), y[minibatch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(minibatch)
        losses.append(total / 50)
    trained = train(LAYERS, data, data, [seed], replace(SETTINGS, head=head), streams)
    assert trained.history["loss"].tolist() == pytest.approx(losses, abs=1e-5)
    for ours, theirs in zip(trained.weights.values(), plain.parameters(), strict=True):
        torch.testing.assert_close(ours[0], theirs.detach(), atol=1e-4, rtol=0)


def test_a_seed_does_not_notice_its_stack():
    """After 50 steps weights agree to 1e-4 whether seeds train together, in turn or alone."""
    data, settings = made_up(100), replace(SETTINGS, epochs=10)
    together = train(LAYERS, data, data, [0, 1, 2], settings, streams, stack=3)
    in_turn = train(LAYERS, data, data, [0, 1, 2], settings, streams, stack=1)
    alone = train(LAYERS, data, data, [1], settings, streams)
    for name, weights in together.weights.items():
        torch.testing.assert_close(weights, in_turn.weights[name], atol=1e-4, rtol=0)
        torch.testing.assert_close(weights[1], alone.weights[name][0], atol=1e-4, rtol=0)
    assert together.history[["seed", "epoch"]].equals(in_turn.history[["seed", "epoch"]])


def test_the_same_training_twice_gives_the_same_bytes():
    data = made_up(60)
    once, twice = (train(LAYERS, data, data, [0, 1], SETTINGS, streams) for _ in range(2))
    assert once.history.equals(twice.history)
    assert all(torch.equal(value, twice.weights[name]) for name, value in once.weights.items())


def test_it_learns_and_the_test_images_stay_untouched():
    data, test = made_up(400), made_up(61)
    settings = replace(SETTINGS, epochs=6, images_per_epoch=300)
    before = test.images.copy(), test.labels.copy()
    learned = train(LAYERS, data, test, [0, 1], settings, streams)
    # The same training watched on other images ends in the same weights.
    watched = train(LAYERS, data, made_up(30), [0, 1], settings, streams)
    assert learned.history.query("epoch == 6")["test_accuracy"].min() > 0.9
    assert all(torch.equal(v, watched.weights[name]) for name, v in learned.weights.items())
    np.testing.assert_array_equal(test.images, before[0])
    np.testing.assert_array_equal(test.labels, before[1])


def test_history_has_a_row_a_seed_and_epoch():
    trained = train(LAYERS, made_up(40), made_up(20), [4, 7], SETTINGS, streams)
    assert trained.history[["seed", "epoch"]].to_numpy().tolist() == [
        [4, 1],
        [4, 2],
        [7, 1],
        [7, 2],
    ]
    assert trained.history[["train_accuracy", "test_accuracy"]].stack().between(0, 1).all()
    assert (trained.timing["seconds"] > 0).all()


def test_epoch_orders():
    settings = replace(SETTINGS, images_per_epoch=30)
    orders = [epoch_order(100, [0, 1], epoch, settings, streams) for epoch in (1, 2)]
    for order in orders:
        assert order.shape == (2, 30)
        assert all(len(set(seed)) == 30 for seed in order)
    assert (orders[0] != orders[1]).any()
    assert (orders[0][0] != orders[0][1]).any()
    everything = epoch_order(10, [0], 1, settings, streams)[0]
    assert sorted(everything) == list(range(10))


@given(n=st.integers(1, 60), seen=st.none() | st.integers(1, 70), seed=st.integers(0, 99))
def test_images_drawn_again_each_epoch_are_the_first_of_its_order(n, seen, seed):
    settings = replace(SETTINGS, images_per_epoch=seen)
    for epoch in (1, 2):
        found = epoch_order(n, [seed], epoch, settings, streams)
        expected = streams(seed, "order", epoch).permutation(n)[: seen or n]
        assert found.tolist() == [expected.tolist()]


@given(n=st.integers(1, 60), seen=st.none() | st.integers(1, 70), seed=st.integers(0, 99))
def test_images_drawn_once_come_again_each_epoch(n, seen, seed):
    settings = replace(SETTINGS, images_per_epoch=seen, images_drawn="once")
    of_epochs = [epoch_order(n, [seed], epoch, settings, streams)[0] for epoch in (1, 2, 3)]
    drawn = [set(order.tolist()) for order in of_epochs]
    assert drawn[0] == drawn[1] == drawn[2] <= set(range(n))
    assert {len(order) for order in of_epochs} == {len(drawn[0])} == {min(n, seen or n)}


def test_images_drawn_once_differ_between_seeds_and_their_order_between_epochs():
    settings = replace(SETTINGS, images_per_epoch=30, images_drawn="once")
    first, second = (epoch_order(100, [0, 1], epoch, settings, streams) for epoch in (1, 2))
    assert set(first[0]) != set(first[1])
    assert all((one != other).any() for one, other in zip(first, second, strict=True))
    # Also of the places in it, not only of the images.
    assert (np.argsort(np.argsort(first[0])) != np.argsort(np.argsort(first[1]))).any()
    # A seed's do not depend on the seeds beside it.
    np.testing.assert_array_equal(epoch_order(100, [1], 2, settings, streams)[0], second[1])


def test_where_all_images_are_seen_both_ways_of_drawing_are_one():
    once = replace(SETTINGS, images_drawn="once")
    np.testing.assert_array_equal(
        epoch_order(20, [0, 1], 2, once, streams), epoch_order(20, [0, 1], 2, SETTINGS, streams)
    )


def test_training_with_images_drawn_once_is_training_on_these():
    """The oracle: the same images, cut out beforehand, and all of them seen."""
    data = made_up(60)
    settings = replace(SETTINGS, images_per_epoch=20, batch=8, images_drawn="once")
    chosen = np.sort(streams(5, "images").permutation(60)[:20])
    few = Images(data.images[chosen], data.labels[chosen])
    found = train(LAYERS, data, data, [5], settings, streams)
    expected = train(LAYERS, few, data, [5], replace(settings, images_drawn="each_epoch"), streams)
    assert found.history.equals(expected.history)
    assert all(torch.equal(value, expected.weights[k]) for k, value in found.weights.items())


def test_small_images_are_stacked_and_large_ones_not():
    assert stack_width(build("deep_50", (1, 28, 28), 10), 12) == 12
    assert stack_width(build("deep_50", (3, 256, 256), 2), 12) == 1
    assert stack_width(build("alexnet", (1, 28, 28), 10), 12) == 1


def test_progress_tells_speed_and_time_left(monkeypatch):
    monkeypatch.setattr(progress, "PROGRESS_SECONDS", 0)
    lines = []
    train(LAYERS, made_up(40), made_up(20), [0, 1], SETTINGS, streams, progress=lines.append)
    assert len(lines) == 4  # two minibatches, two epochs
    assert lines[0].startswith("seeds 0-1, epoch 1: loss 0.6")
    assert "images/s" in lines[0]
    assert lines[-1].endswith("0 min 00 s left")


def test_bfloat16_learns_as_well():
    data = made_up(400)
    settings = replace(SETTINGS, epochs=6)
    trained = train(LAYERS, data, data, [0, 1], settings, streams, precision=torch.bfloat16)
    assert all(value.dtype == torch.float32 for value in trained.weights.values())
    assert trained.history.query("epoch == 6")["test_accuracy"].min() > 0.9


def after(steps):
    """A `stop` that asks for an end after so many steps."""
    count = iter(range(1, 10_000))
    return lambda: next(count) >= steps


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        {"optimizer": "adam"},
        {"optimizer": "sgd"},
        {"head": "softmax", "images_drawn": "once", "images_per_epoch": 45},
    ],
)
@pytest.mark.parametrize(
    ("stack", "steps"), [(1, 1), (1, 3), (1, 6), (1, 8), (3, 1), (3, 3), (3, 5)]
)
def test_training_that_was_stopped_ends_in_the_same_bytes(tmp_path, change, stack, steps):
    """Stopped within an epoch, at its end, and (in turn) between two seeds."""
    data, test = made_up(50), made_up(20)
    settings = replace(SETTINGS, decay=0.1, l2=0.001, **change)
    arguments = LAYERS, data, test, [0, 1, 4], settings, streams
    whole = train(*arguments, stack=stack)
    with pytest.raises(Interrupted, match=r"seeds? \d.*stopped in epoch \d, step \d"):
        train(*arguments, stack=stack, checkpoint=tmp_path, stop=after(steps))
    lines = []
    again = train(*arguments, stack=stack, checkpoint=tmp_path, progress=lines.append)
    assert "going on from epoch" in lines[0]
    assert again.history.equals(whole.history)
    assert all(torch.equal(value, whole.weights[name]) for name, value in again.weights.items())


def test_dropout_and_moving_averages_go_on_where_they_were(tmp_path):
    layers = build("alexnet", (1, 28, 28), 2)
    # As small as AlexNet gets in a test: two units for each of its two wide layers.
    layers = [
        replace(placed, layer=Dense(2), output=(2,)) if placed.output == (2048,) else placed
        for placed in layers
    ]
    layers = [
        replace(placed, input=(2,), output=placed.output if placed is layers[-1] else (2,))
        if placed.input == (2048,)
        else placed
        for placed in layers
    ]
    data = made_up(16, 28)
    settings = replace(SETTINGS, batch=4, optimizer="sgd", learning_rate=0.01)
    arguments = layers, data, data, [0, 1], settings, streams
    whole = train(*arguments)
    with pytest.raises(Interrupted):
        train(*arguments, checkpoint=tmp_path, stop=after(6))
    again = train(*arguments, checkpoint=tmp_path)
    assert again.history.equals(whole.history)
    assert not torch.equal(whole.weights["batchnorm1.mean"], torch.zeros(2, 96))
    assert all(torch.equal(value, whole.weights[name]) for name, value in again.weights.items())


def test_a_finished_training_is_not_repeated(tmp_path):
    data = made_up(40)
    once = train(LAYERS, data, data, [0], SETTINGS, streams, checkpoint=tmp_path)
    lines = []
    twice = train(
        LAYERS, data, data, [0], SETTINGS, streams, checkpoint=tmp_path, progress=lines.append
    )
    assert twice.history.equals(once.history)
    assert lines == ["seed 0: going on from epoch 3, step 0"]


@pytest.mark.parametrize(
    "change", ["settings", "head", "images_drawn", "data", "seeds", "weights", "damage"]
)
def test_a_checkpoint_of_another_training_is_not_taken_up(tmp_path, change):
    data, seeds, settings, draw = made_up(40), [0, 1], SETTINGS, streams
    train(LAYERS, data, data, seeds, settings, draw, checkpoint=tmp_path)
    if change == "settings":
        settings = replace(SETTINGS, learning_rate=0.002)
    elif change == "head":
        settings = replace(SETTINGS, head="softmax")
    elif change == "images_drawn":
        settings = replace(SETTINGS, images_drawn="once")
    elif change == "data":
        data = Images(data.images.copy(), data.labels)
        data.images[7, 3, 3] += 1
    elif change == "seeds":
        seeds = [0, 2]
    elif change == "weights":

        def draw(seed, *what):
            return rng(1, "test", seed, *what)
    else:
        file = next(tmp_path.iterdir())
        file.write_bytes(file.read_bytes()[:-100])
    lines = []
    again = train(
        LAYERS, data, data, seeds, settings, draw, checkpoint=tmp_path, progress=lines.append
    )
    assert not any("going on" in line for line in lines)
    assert again.history.equals(train(LAYERS, data, data, seeds, settings, draw).history)


@pytest.mark.parametrize("stack", [1, 3])
def test_a_seed_that_diverges_leaves_the_others_alone(stack):
    data = made_up(40)
    lines = []
    trained = train(
        LAYERS, data, data, [0, 1, 2], SETTINGS, streams_where_seed_1_explodes, stack=stack,
        progress=lines.append,
    )  # fmt: skip
    assert trained.diverged == {1: 1}
    message = next(line for line in lines if "diverged" in line)
    assert re.search(r"seed 1 diverged in epoch 1.*lower lr, now 0.001", message)
    assert trained.history["seed"].tolist() == [0, 0, 2, 2]
    assert all(value[1].isnan().all() for value in trained.weights.values())
    others = train(LAYERS, data, data, [0, 2], SETTINGS, streams)
    np.testing.assert_allclose(trained.history["loss"], others.history["loss"], atol=1e-5)


def test_sgd_with_momentum_decay_and_penalty_is_that_of_the_formulas():
    """Logistic regression, three steps worked out by NumPy."""
    layers = build("logistic", (1, 8, 8), 2)
    data = made_up(6, 8)
    settings = Settings(
        epochs=1, batch=2, optimizer="sgd", learning_rate=0.5, momentum=0.9, decay=0.3, l2=0.01,
        images_per_epoch=None,
    )  # fmt: skip
    start = initial_weights(layers, streams(0, "weights"))
    w, b = start["dense1.weight"].astype(float), start["dense1.bias"].astype(float)
    vw, vb = np.zeros_like(w), np.zeros_like(b)
    order = streams(0, "order", 1).permutation(6)
    for step in range(3):
        chosen = order[2 * step : 2 * step + 2]
        x = data.images[chosen].reshape(2, -1) / 255
        logits = x @ w.T + b
        p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        error = (p - np.eye(2)[data.labels[chosen]]) / 2
        vw = 0.9 * vw + error.T @ x + 2 * 0.01 * w
        vb = 0.9 * vb + error.sum(0)
        rate = 0.5 / (1 + 0.3 * step)
        w, b = w - rate * vw, b - rate * vb
    trained = train(layers, data, data, [0], settings, streams)
    np.testing.assert_allclose(trained.weights["dense1.weight"][0], w, atol=1e-6)
    np.testing.assert_allclose(trained.weights["dense1.bias"][0], b, atol=1e-6)
