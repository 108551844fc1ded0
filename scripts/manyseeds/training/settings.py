"""How an architecture is trained: the settings of a study, and the optimizer they make."""

from dataclasses import dataclass
from typing import Any

import torch

from manyseeds.networks.stacking import StackedNetwork


@dataclass(frozen=True)
class Settings:
    """How one architecture is trained.

    Attributes
    ----------
    epochs : int
    batch : int
        Images of a minibatch; the last of an epoch may be smaller.
    optimizer : "adam" or "sgd"
        Adam with beta 0.9 and 0.999 and epsilon 1e-7 (the defaults of Keras), or stochastic
        gradient descent with momentum.
    learning_rate : float
    momentum : float
        Of "sgd".
    decay : float
        Before step t, counted from 0 over all epochs, the learning rate is divided by
        1 + decay * t, as by the ``decay`` of Keras' optimizers until 2022.
    l2 : float
        l2 times the sum of the squares of the weights of convolutions and dense layers is
        added to what is minimised (Keras' ``kernel_regularizer``), not to the loss reported.
    images_per_epoch : int or None
        So many images, drawn for each seed; None, or more than there are, means all.
    images_drawn : "each_epoch" or "once"
        Whether a seed draws its images again for each epoch, or once and then sees these in
        a new order each epoch, as in the author's scripts.
    initial_weights : "he" or "glorot"
        Their distribution, see `manyseeds.networks.initial.initial_weights`.
    head : "logits", "softmax" or "sigmoid"
        Through which the network is trained, see `manyseeds.networks.heads`: the loss reported
        is that of the head, too.
    """

    epochs: int = 9
    batch: int = 20
    optimizer: str = "adam"
    learning_rate: float = 0.001
    momentum: float = 0.9
    decay: float = 0.0
    l2: float = 0.0
    images_per_epoch: int | None = 800
    images_drawn: str = "each_epoch"
    initial_weights: str = "he"
    head: str = "logits"

    @classmethod
    def of(cls, *, lr: float, images_per_epoch: int | str, **settings: Any) -> "Settings":
        """Return the settings that a study spells out; ``images_per_epoch`` may be "all"."""
        images = images_per_epoch if isinstance(images_per_epoch, int) else None
        return cls(learning_rate=lr, images_per_epoch=images, **settings)

    def images_seen(self, n: int) -> int:
        """Return how many of n images a seed sees in an epoch."""
        return min(n, self.images_per_epoch or n)

    def steps(self, n: int) -> int:
        """Return the steps of an epoch with n images to train on."""
        return -(-self.images_seen(n) // self.batch)

    def optimizer_for(self, network: StackedNetwork) -> torch.optim.Optimizer:
        """Return the optimizer of a network's weights."""
        decaying = network.decaying_weights()
        ids = set(map(id, decaying))
        others = [p for p in network.parameters() if id(p) not in ids]
        # The gradient of l2 w^2 is 2 l2 w.
        groups: list[dict[str, Any]] = [
            {"params": decaying, "weight_decay": 2 * self.l2},
            {"params": others},
        ]
        device = decaying[0].device
        on_cuda = device.type == "cuda"
        # A recorded step reads the learning rate, and Adam's count of steps, from the device.
        rate = torch.tensor(self.learning_rate, device=device) if on_cuda else self.learning_rate
        if self.optimizer == "adam":
            return torch.optim.Adam(groups, lr=rate, eps=1e-7, fused=True, capturable=on_cuda)
        return torch.optim.SGD(groups, lr=rate, momentum=self.momentum, fused=True)


def set_learning_rate(optimizer: torch.optim.Optimizer, rate: float) -> None:
    """Set the learning rate of an optimizer from `Settings.optimizer_for`."""
    for group in optimizer.param_groups:
        if isinstance(group["lr"], torch.Tensor):
            group["lr"].fill_(rate)
        else:
            group["lr"] = rate
