"""The peer `plain`: a training loop in PyTorch as a lecture writes it, in float32."""

import torch
from torch import nn

from benchmarks.peers.torch_networks import count_parameters, loader, network, optimizer
from benchmarks.peers.worker import Clock, arguments


def main() -> None:
    """Measure the epochs after the first."""
    workload = arguments().workload
    minibatches = loader(workload)
    model = network(workload)
    criterion = nn.CrossEntropyLoss()
    steps = optimizer(workload, model)
    clock = Clock()
    model.train()
    for epoch in range(1 + workload.epochs):
        if epoch == 1:
            clock.start()
        running_loss = 0.0
        for images, labels in minibatches:
            steps.zero_grad()
            loss = criterion(model(images), labels)
            loss.backward()
            steps.step()
            running_loss += loss.item()
    clock.stop(
        workload.epochs * workload.images,
        running_loss,
        count_parameters(model),
        f"torch {torch.__version__}",
    )


if __name__ == "__main__":
    main()
