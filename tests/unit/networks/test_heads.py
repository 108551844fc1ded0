import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from manyseeds.networks.heads import HEADS, head_loss, head_outputs

FLOORS = {2: 0.313, 5: 0.905, 10: 1.461}


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def logits_and_labels(shape=(2, 7), classes=5):
    generator = np.random.default_rng(0)
    return 3 * generator.standard_normal((*shape, classes)), generator.integers(0, classes, shape)


@pytest.mark.parametrize(
    ("head", "expected"), [("logits", softmax), ("softmax", softmax), ("sigmoid", sigmoid)]
)
def test_outputs(head, expected):
    logits, _ = logits_and_labels()
    found = head_outputs(torch.from_numpy(logits), head)
    np.testing.assert_allclose(found, expected(logits), rtol=1e-12)
    np.testing.assert_array_equal(found.argmax(-1), logits.argmax(-1))


def test_only_a_sigmoids_outputs_do_not_add_up_to_1():
    sums = {head: head_outputs(torch.zeros(1, 4), head).sum().item() for head in HEADS}
    assert sums == {"logits": 1, "softmax": 1, "sigmoid": 2}


@pytest.mark.parametrize(
    ("head", "outputs"), [("logits", lambda x: x), ("softmax", softmax), ("sigmoid", sigmoid)]
)
def test_the_loss_and_its_gradient_are_those_of_the_formulas(head, outputs):
    """The gradient on the logits z, where a head puts out p and q is the softmax of that.

    dL/dp = q - y; a softmax passes on p (dL/dp - <p, dL/dp>), a sigmoid p (1 - p) dL/dp.
    """
    z, labels = logits_and_labels()
    p = outputs(z)
    q, y = softmax(p), np.eye(5)[labels]
    gradient = q - y
    if head == "softmax":
        gradient = p * (gradient - (p * gradient).sum(-1, keepdims=True))
    elif head == "sigmoid":
        gradient = p * (1 - p) * gradient
    logits = torch.from_numpy(z).requires_grad_()
    losses = head_loss(logits, torch.from_numpy(labels), head)
    assert losses.shape == labels.shape
    np.testing.assert_allclose(losses.detach(), -np.log((q * y).sum(-1)), rtol=1e-12)
    losses.sum().backward()
    np.testing.assert_allclose(logits.grad, gradient, atol=1e-12)


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
@pytest.mark.parametrize("classes", FLOORS)
def test_certainty_brings_the_loss_down_to_its_floor(classes, head):
    logits = torch.full((1, classes), -100.0)
    logits[0, 1] = 100
    loss = head_loss(logits, torch.tensor([1]), head).item()
    assert loss == pytest.approx(np.log(1 + (classes - 1) / np.e), abs=1e-6)
    assert loss == pytest.approx(FLOORS[classes], abs=5e-4)
    assert head_loss(logits, torch.tensor([1])).item() == 0


@pytest.mark.parametrize("head", ["softmax", "sigmoid"])
@given(logits=arrays("float64", st.tuples(st.integers(1, 3), st.integers(2, 10)),
                     elements=st.floats(-1e3, 1e3)))  # fmt: skip
def test_no_loss_is_below_its_floor(logits, head):
    labels = torch.zeros(len(logits), dtype=torch.int64)
    losses = head_loss(torch.from_numpy(logits), labels, head)
    assert losses.min() >= np.log(1 + (logits.shape[1] - 1) / np.e) - 1e-12


def test_an_unknown_head_is_refused():
    with pytest.raises(KeyError, match="sigmod"):
        head_outputs(torch.zeros(1, 2), "sigmod")
    with pytest.raises(KeyError, match="sigmod"):
        head_loss(torch.zeros(1, 2), torch.zeros(1, dtype=torch.int64), "sigmod")
