"""Files of weights are whole, and colleagues may read them."""

import os

import pytest
import safetensors.torch
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from manyseeds.errors import InputError
from manyseeds.networks.weight_files import write_weights

WEIGHTS = {"conv1.weight": torch.arange(6.0).reshape(2, 3).T}


@pytest.fixture(params=[0o022, 0o002, 0o077])
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_rights_follow_the_umask(tmp_path, umask):
    path = tmp_path / "weights.safetensors"
    write_weights(path, WEIGHTS, {"state": "1"})
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask
    torch.testing.assert_close(load_file(path), WEIGHTS)
    assert list(tmp_path.iterdir()) == [path]


def full(tensors, path, metadata=None):
    """Do as safetensors does on a full disk."""
    raise SafetensorError("Error while serializing: I/O error: No space left (os error 28)")


def test_full_disk_is_named_and_the_earlier_file_stays(tmp_path, monkeypatch):
    path = tmp_path / "weights.safetensors"
    write_weights(path, WEIGHTS)
    monkeypatch.setattr(safetensors.torch, "save_file", full)
    with pytest.raises(InputError, match=f"{tmp_path}: no space is left on its disk"):
        write_weights(path, {"x": torch.zeros(1)})
    assert list(load_file(path)) == list(WEIGHTS)
    assert list(tmp_path.iterdir()) == [path]
