"""One step of training a stack; on CUDA it is recorded once and then replayed.

A step of a small network is some hundred operations of a few microseconds, and a graphics
processor waits longer for Python to start the next one than it takes to do it. A CUDA graph
starts them all at once: with 12 seeds of `deep_50` 240 images in 3.5 instead of 18 ms at
128 x 128, and in 1.3 instead of 13 ms at 28 x 28 (H100).
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from manyseeds.networks.heads import head_loss
from manyseeds.networks.stacking import StackedNetwork
from manyseeds.networks.tensors import as_bytes
from manyseeds.training.settings import set_learning_rate

_STEPS_BEFORE_RECORDING = 3
"""Until then optimizer and libraries make what they keep, which a recording must not contain."""

_COPIED_AT_ONCE = 2**28
"""Bytes of the parts in which images are copied to a device: the host holds one at a time."""


def on_device(images: np.ndarray, device: torch.device) -> np.ndarray | Tensor:
    """Return images as a tensor on a CUDA device where they take up at most half of what is free.

    Parameters
    ----------
    images : numpy.ndarray
        uint8 (n, height, width, channels); a memory-mapped array is read part by part.
    device : torch.device

    Returns
    -------
    Tensor or numpy.ndarray
        Else, and for a processor, the images as they are.
    """
    if device.type != "cuda" or 2 * images.nbytes > torch.cuda.mem_get_info(device)[0]:
        return images
    there = torch.empty(images.shape, dtype=torch.uint8, device=device)
    rows = max(1, _COPIED_AT_ONCE // max(1, images[:1].nbytes))
    for start in range(0, len(images), rows):
        there[start : start + rows] = as_bytes(images[start : start + rows], device)
    return there


class Step:
    """A step of training: gradients of a minibatch, and the weights moved along them.

    Parameters
    ----------
    network : StackedNetwork
        Of S seeds.
    optimizer : torch.optim.Optimizer
        Of its weights.
    images : numpy.ndarray or Tensor
        uint8 (n, height, width, channels), all there are, as from `on_device`.
    labels : numpy.ndarray
        int64 (n,).
    batch : int
        Images of a minibatch. Those of another size, as the last of an epoch, are not recorded.
    loss_sum, correct : Tensor
        float32 (S,): to these each step adds the losses of its images, and how many of them were
        classified right (before the weights moved).
    precision : torch.dtype
        Of convolutions and products.
    head : "logits", "softmax" or "sigmoid"
        Through which the network is trained, see `manyseeds.networks.heads.head_loss`.
    """

    def __init__(
        self,
        network: StackedNetwork,
        optimizer: torch.optim.Optimizer,
        images: np.ndarray | Tensor,
        labels: np.ndarray,
        batch: int,
        loss_sum: Tensor,
        correct: Tensor,
        precision: torch.dtype,
        head: str = "logits",
    ):
        self._network, self._optimizer = network, optimizer
        self._precision, self._head = precision, head
        self._loss_sum, self._correct = loss_sum, correct
        self._device = loss_sum.device
        self._images, self._labels = images, torch.from_numpy(labels).to(self._device)
        self._recorded_batch = batch if self._device.type == "cuda" else None
        self._steps = 0  # of that size
        self._graph: torch.cuda.CUDAGraph | None = None
        self._inputs: list[Tensor] = []  # of the recording
        self._aside: torch.cuda.Stream | None = None

    def __call__(
        self,
        minibatch: np.ndarray,
        learning_rate: float,
        seen: int,
        generators: Sequence[np.random.Generator],
    ) -> None:
        """Take a step.

        Parameters
        ----------
        minibatch : numpy.ndarray
            int (S, B): the images of each seed.
        learning_rate : float
        seen : int
            How many minibatches came before, over all epochs.
        generators : sequence of numpy.random.Generator
            Each seed's own for this step's dropout.
        """
        set_learning_rate(self._optimizer, learning_rate)
        inputs = self._take(minibatch, seen, generators)
        if minibatch.shape[1] != self._recorded_batch:
            self._compute(*inputs)
        elif self._graph:
            for place, value in zip(self._inputs, inputs, strict=True):
                place.copy_(value)
            self._graph.replay()
        elif self._steps < _STEPS_BEFORE_RECORDING:
            self._steps += 1
            self._compute_aside(inputs)
        else:
            self._record(inputs).replay()

    def wait(self) -> None:
        """Wait until the device has done all steps that were taken."""
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)

    def _take(self, minibatch, seen, generators) -> list[Tensor]:
        """Return what a step computes with, on the device."""
        chosen = torch.from_numpy(minibatch).to(self._device)
        if isinstance(self._images, Tensor):
            images = self._images[chosen]
        else:
            images = as_bytes(self._images[minibatch], self._device)
        labels = self._labels[chosen]
        kept = self._network.draw_kept(generators, minibatch.shape[1])
        # In single precision a share that should be 1 is not, and leaves what the averages began
        # from.
        seen = torch.tensor(seen, dtype=torch.float64, device=self._device)
        return [images, labels, seen, *(one.to(self._device) for one in kept)]

    def _compute(self, images, labels, seen, *kept) -> None:
        with torch.autocast(
            self._device.type, self._precision, enabled=self._precision != torch.float32
        ):
            logits = self._network(images, kept, seen=seen)
        losses = head_loss(logits.float(), labels, self._head)
        self._optimizer.zero_grad()
        # The sum over seeds of each one's mean: no seed's gradient is scaled by another.
        losses.mean(1).sum().backward()
        self._optimizer.step()
        self._loss_sum += losses.detach().sum(1)
        self._correct += (logits.detach().argmax(-1) == labels).sum(1)

    def _compute_aside(self, inputs) -> None:
        """Compute on another stream than the usual one.

        What the first steps set up must not be tied to the usual stream: a recording is made on
        one of its own and may not depend on others.
        """
        self._aside = self._aside or torch.cuda.Stream()
        usual = torch.cuda.current_stream()
        self._aside.wait_stream(usual)
        with torch.cuda.stream(self._aside):
            self._compute(*inputs)
        usual.wait_stream(self._aside)

    def _record(self, inputs: list[Tensor]) -> torch.cuda.CUDAGraph:
        self._inputs, self._graph = inputs, torch.cuda.CUDAGraph()
        # The last step's gradients are given back before the recording, not within it.
        self._optimizer.zero_grad()
        with torch.cuda.graph(self._graph):
            self._compute(*inputs)
        return self._graph
