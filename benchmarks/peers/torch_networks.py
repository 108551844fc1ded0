"""The networks in plain PyTorch, for `plain` and `lightning`."""

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from benchmarks.peers.worker import made_up_images
from benchmarks.workloads import Steady


def network(workload: Steady) -> nn.Sequential:
    """Return the network of a workload."""
    build = {"deep_50": deep_50, "alexnet": alexnet}[workload.architecture]
    return build(workload.shape, workload.classes)


def deep_50(shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    """Return the essays' nine convolutions and two dense layers."""
    height, width, channels = shape
    layers = []
    for number, more in enumerate((16, 16, 16, 32, 32, 32, 64, 64, 64), start=1):
        layers += [nn.Conv2d(channels, more, 3, padding=1), nn.ReLU()]
        channels = more
        if number != 5 and min(height, width) >= 2:
            layers.append(nn.MaxPool2d(2))
            height, width = height // 2, width // 2
    return nn.Sequential(
        *layers,
        nn.Flatten(),
        nn.Linear(channels * height * width, 512),
        nn.ReLU(),
        nn.Linear(512, 50),
        nn.ReLU(),
        nn.Linear(50, classes),
    )


def alexnet(shape: tuple[int, int, int], classes: int) -> nn.Sequential:
    """Return AlexNet as the essays have it."""
    convolutions = nn.Sequential(
        nn.Conv2d(shape[2], 96, 11, stride=4),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.BatchNorm2d(96),
        nn.Conv2d(96, 256, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.BatchNorm2d(256),
        nn.Conv2d(256, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 384, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(384, 256, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(3, stride=2),
        nn.Flatten(),
    )
    with torch.no_grad():
        features = convolutions(torch.zeros(2, shape[2], *shape[:2])).shape[1]
    return nn.Sequential(
        *convolutions,
        nn.Dropout(0.5),
        nn.Linear(features, 2048),
        nn.ReLU(),
        nn.Dropout(0.5),
        nn.Linear(2048, 2048),
        nn.ReLU(),
        nn.Linear(2048, classes),
    )


def optimizer(workload: Steady, model: nn.Module) -> torch.optim.Optimizer:
    """Return the optimizer of a workload."""
    training = workload.training
    if training["optimizer"] == "adam":
        return torch.optim.Adam(model.parameters(), lr=training["lr"])
    return torch.optim.SGD(
        model.parameters(),
        lr=training["lr"],
        momentum=training["momentum"],
        # The gradient of l2 w^2 is 2 l2 w.
        weight_decay=2 * training["l2"],
    )


def loader(workload: Steady) -> DataLoader:
    """Return the images as tensors in memory, in minibatches."""
    images, labels = made_up_images(workload)
    x = torch.from_numpy(np.moveaxis(images, -1, 1).copy()).float().div_(255)
    dataset = TensorDataset(x, torch.from_numpy(labels))
    return DataLoader(dataset, batch_size=workload.batch, shuffle=True)


def count_parameters(model: nn.Module) -> int:
    """Return the number of weights that are learned."""
    return sum(parameter.numel() for parameter in model.parameters())
