"""Training on a graphics processor: ``.venv/bin/python -m benchmarks.graphics``.

It prints a row a network: images a second of the third epoch, with steps that are recorded as a
CUDA graph and with steps that are not, and the most memory that PyTorch took on the device. The
images are made up, in minibatches of 20 a seed, and the precision is bf16. There is no peer.
"""

from unittest import mock

import torch

import benchmarks  # noqa: F401  puts the library on the path
from benchmarks.flops import layers_of
from benchmarks.peers.ours import Images
from benchmarks.peers.worker import made_up_images
from benchmarks.workloads import ADAM, Steady
from manyseeds.machine.device import device_for, precision_named, prepare_process
from manyseeds.randomness import rng
from manyseeds.training import loop, step

SGD = {"optimizer": "sgd", "lr": 0.001, "l2": 0.0005}
EPOCHS = 3


def workload(architecture: str, shape: tuple[int, int, int], images: int, seeds: int) -> Steady:
    """Return a workload of two classes."""
    settings = SGD if architecture == "alexnet" else ADAM
    return Steady(
        architecture, architecture, shape, 2, settings, images=images, epochs=1, our_epochs=1,
        seeds=seeds,
    )  # fmt: skip


WORKLOADS = [
    workload("deep_50", (256, 256, 3), 1000, 12),
    workload("deep_50", (128, 128, 3), 2000, 12),
    workload("deep_50", (128, 128, 3), 2000, 1),
    workload("deep_50", (28, 28, 1), 4000, 12),
    workload("alexnet", (256, 256, 3), 400, 12),
    workload("alexnet", (128, 128, 3), 400, 12),
    workload("convnet", (32, 32, 3), 4000, 12),
    workload("logistic", (32, 32, 3), 4000, 12),
]


def images_per_second(workload: Steady, device: torch.device) -> float:
    """Return the rate of the last epoch of training, all seeds together."""
    images, labels = made_up_images(workload)
    trained = loop.train(
        layers_of(workload),
        Images(images, labels),
        Images(images[:20], labels[:20]),  # train() looks at test images after each epoch
        range(workload.seeds),
        loop.Settings.of(
            **workload.training, epochs=EPOCHS, batch=workload.batch, images_per_epoch="all",
            initial_weights="glorot",
        ),
        lambda seed, *what: rng(0, "benchmark", seed, *what),
        device=device,
        precision=precision_named("bf16"),
    )  # fmt: skip
    assert not trained.diverged
    seconds = trained.timing.query("epoch == @EPOCHS")["seconds"].sum()
    return workload.seeds * workload.images / seconds


def main() -> None:
    """Measure every workload, with recorded steps and without."""
    device = device_for(1)
    if device.type != "cuda":
        raise SystemExit("no CUDA device: PyTorch sees none on this machine")
    prepare_process(1, device)
    print(f"{torch.cuda.get_device_name()}, PyTorch {torch.__version__}")
    print("| network | images | seeds | images/s, recorded | as they are | MB |")
    print("| --- | --- | --- | --- | --- | --- |")
    for one in WORKLOADS:
        torch.cuda.reset_peak_memory_stats()
        recorded = images_per_second(one, device)
        mb = torch.cuda.max_memory_allocated() / 2**20
        with mock.patch.object(step, "_STEPS_BEFORE_RECORDING", 10**9):
            unrecorded = images_per_second(one, device)
        size = " x ".join(map(str, one.shape))
        print(
            f"| `{one.architecture}` | {size} | {one.seeds} | {recorded:,.0f} | {unrecorded:,.0f} "
            f"| {mb:,.0f} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
