import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from manyseeds.networks import kernels
from manyseeds.networks.architectures import build
from manyseeds.networks.initial import initial_weights
from manyseeds.networks.kernels import pool_relu, pool_relu_plain
from manyseeds.networks.stacking import StackedNetwork

FORMATS = [torch.contiguous_format, torch.channels_last]
# Of one lane, of odd and even numbers of lanes, and of several vectors.
CHANNELS = [1, 3, 6, 16, 20, 96]


def with_ties(generator, shape):
    """Integers of -2 to 2: most windows have ties; some zeros are negative zeros."""
    return generator.integers(-2, 3, shape) * 1.0 * generator.choice([-1, 1], shape)


def negative(generator, shape):
    return -generator.integers(0, 3, shape).astype(float)


def any_values(generator, shape):
    return generator.standard_normal(shape)


def without_ties(generator, shape):
    """Halves of odd numbers, each once."""
    n = int(np.prod(shape))
    return generator.permutation(np.arange(n) - n // 2).reshape(shape) + 0.5


def value_and_gradient(pool, x, upstream):
    x = x.clone().requires_grad_()  # clone() keeps the memory format
    pooled = pool(x)
    return pooled.detach(), *torch.autograd.grad(pooled, x, upstream)


@settings(max_examples=100, deadline=None)
@given(
    batch=st.integers(1, 3),
    channels=st.sampled_from(CHANNELS),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    dtype=st.sampled_from([torch.float32, torch.bfloat16]),
    formats=st.tuples(st.sampled_from(FORMATS), st.sampled_from(FORMATS)),
    values=st.sampled_from([with_ties, negative, any_values]),
    seed=st.integers(0, 1000),
)
def test_kernel_equals_its_plain_twin(batch, channels, height, width, dtype, formats, values, seed):
    generator = np.random.default_rng(seed)
    shape = batch, channels, height, width
    x = torch.tensor(values(generator, shape), dtype=dtype)
    upstream = generator.standard_normal((batch, channels, height // 2, width // 2))
    upstream = torch.tensor(upstream, dtype=dtype)
    x, upstream = (
        tensor.contiguous(memory_format=one)
        for tensor, one in zip((x, upstream), formats, strict=True)
    )
    before = x.clone()
    pooled, gradient = value_and_gradient(pool_relu, x, upstream)
    pooled_plain, gradient_plain = value_and_gradient(pool_relu_plain, x, upstream)
    assert pooled.dtype == gradient.dtype == dtype
    assert torch.equal(pooled, pooled_plain)
    assert torch.equal(gradient, gradient_plain)
    assert torch.equal(x, before)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_nothing_flows_back_into_windows_without_a_positive_value(dtype):
    x = torch.tensor(negative(np.random.default_rng(0), (2, 16, 6, 6)), dtype=dtype)
    pooled, gradient = value_and_gradient(pool_relu, x, torch.ones(2, 16, 3, 3, dtype=dtype))
    assert not pooled.any()
    assert not gradient.any()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_infinity_is_the_largest_value(dtype):
    window = torch.tensor([[-torch.inf, 1], [torch.inf, 3]], dtype=dtype).view(1, 1, 2, 2)
    pooled, gradient = value_and_gradient(pool_relu, window, torch.ones(1, 1, 1, 1, dtype=dtype))
    assert pooled.item() == torch.inf
    assert gradient.flatten().tolist() == [0, 0, 1, 0]


def test_the_first_of_several_largest_takes_the_gradient():
    window = torch.tensor([[1.0, 2.0], [2.0, 2.0]]).view(1, 1, 2, 2)
    _, gradient = value_and_gradient(pool_relu, window, torch.full((1, 1, 1, 1), 5.0))
    assert gradient.flatten().tolist() == [0, 5, 0, 0]


@pytest.mark.filterwarnings("ignore:Input #0 requires gradient and is not a double")
@pytest.mark.parametrize("channels", [3, 16])
def test_gradient_is_that_of_finite_differences(channels):
    # The values differ by at least 1, so that steps of 1/4 change no window's winner.
    x = without_ties(np.random.default_rng(0), (2, channels, 4, 5))
    x = torch.tensor(x, dtype=torch.float32, requires_grad=True)
    assert torch.autograd.gradcheck(pool_relu, x, eps=0.25, atol=1e-5)


def test_usable_with_one_thread_only():
    x, threads = torch.zeros(1, 1, 2, 2), torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert not kernels.usable(x)
        torch.set_num_threads(1)
        assert kernels.usable(x)
        assert kernels.usable(x.bfloat16())
    finally:
        torch.set_num_threads(threads)


def test_not_usable_for_other_types_and_devices():
    assert not kernels.usable(torch.zeros(1, 1, 2, 2, dtype=torch.float64))
    assert not kernels.usable(torch.zeros(1, 1, 2, 2, device="meta"))


def test_not_usable_without_numba(monkeypatch):
    monkeypatch.setattr(kernels, "find_spec", lambda name: None)
    assert not kernels.usable(torch.zeros(1, 1, 2, 2))


# Of maps of 1 x 1 memory formats are ambiguous: a convolution after them might round differently.
@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize(("name", "poolings"), [("medium", 4), ("convnet", 2)])
def test_a_network_computes_the_same_without_the_kernel(monkeypatch, name, poolings, precision):
    layers = build(name, (3, 30, 30), 4)
    weights = [initial_weights(layers, np.random.default_rng(seed)) for seed in range(2)]
    images = torch.rand(2, 3, 3, 30, 30, generator=torch.Generator().manual_seed(0))
    calls = []
    monkeypatch.setattr(kernels, "pool_relu", lambda x: calls.append(x) or pool_relu(x))

    def logits_and_gradients():
        network = StackedNetwork.of_seeds(layers, weights)
        with torch.autocast("cpu", precision, enabled=precision != torch.float32):
            logits = network(images)
        logits.float().square().sum().backward()
        return logits.detach(), *(parameter.grad for parameter in network.parameters())

    fused = logits_and_gradients()
    assert len(calls) == poolings
    monkeypatch.setattr(kernels, "usable", lambda x: False)
    plain = logits_and_gradients()
    assert len(calls) == poolings
    for ours, theirs in zip(fused, plain, strict=True):
        assert torch.equal(ours, theirs)


def block_of(function, images, weight, bias, upstream, precision):
    """Value and gradients of weight and bias."""
    weight, bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    value = function(images, weight, bias, precision)
    return value.detach(), *torch.autograd.grad(value, (weight, bias), upstream)


def block_inputs(seeds, batch, height, width, channels, kinds, seed=0):
    generator = np.random.default_rng(seed)
    images = generator.integers(0, 256, (seeds, batch, height, width, channels), dtype=np.uint8)
    shapes = [(seeds, kinds, channels, 3, 3), (seeds, kinds)]
    shapes.append((batch, seeds * kinds, height // 2, width // 2))
    floats = [torch.tensor(generator.standard_normal(s), dtype=torch.float32) for s in shapes]
    return torch.from_numpy(images), *floats


# Compiled for each number of channels and filters, which takes seconds: two of them.
@settings(max_examples=30, deadline=None)
@given(
    seeds=st.integers(1, 3),
    batch=st.integers(1, 3),
    height=st.integers(2, 9),
    width=st.integers(2, 9),
    filters=st.sampled_from([(1, 16), (3, 6)]),
    seed=st.integers(0, 1000),
)
def test_first_block_is_its_plain_twin(seeds, batch, height, width, filters, seed):
    *inputs, upstream = block_inputs(seeds, batch, height, width, *filters, seed)
    ours = block_of(kernels.first_block, *inputs, upstream, torch.float32)
    theirs = block_of(kernels.first_block_plain, *inputs, upstream, torch.float32)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other, atol=1e-4, rtol=1e-4)


def test_first_block_in_bfloat16_is_the_one_in_float32_rounded():
    *inputs, upstream = block_inputs(2, 3, 9, 8, 3, 6)
    upstream = upstream.bfloat16()
    exact = block_of(kernels.first_block, *inputs, upstream.float(), torch.float32)
    rounded = block_of(kernels.first_block, *inputs, upstream, torch.bfloat16)
    assert rounded[0].dtype == torch.bfloat16
    assert torch.equal(rounded[0], exact[0].bfloat16())
    assert torch.equal(rounded[1], exact[1])
    assert torch.equal(rounded[2], exact[2])


@pytest.mark.parametrize("seeds", [1, 2])
def test_bytes_and_floats_give_the_same_logits(monkeypatch, seeds):
    """With the kernel and without, each seed's own images and the same for all."""
    layers = build("medium", (1, 16, 16), 3)
    network = StackedNetwork.of_seeds(
        layers, [initial_weights(layers, np.random.default_rng(s)) for s in range(seeds)]
    )
    images, *_ = block_inputs(seeds, 4, 16, 16, 1, 16)
    logits = {}
    for usable in (True, False):
        monkeypatch.setattr(kernels, "usable", lambda x, usable=usable: usable)
        logits[usable, "bytes"] = network(images)
        logits[usable, "floats"] = network(images.movedim(-1, -3) / 255)
        torch.testing.assert_close(network(images[0])[0], logits[usable, "bytes"][0])
    for one in logits.values():
        torch.testing.assert_close(one, logits[False, "floats"])
