"""The machine a job runs on: its processor or graphics card, precision, threads and signals."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


def prepare_process(threads: int, device: torch.device | str = "cpu") -> None:
    """Set this process up for training: its threads, and arithmetic that is fast and repeats.

    Adam's running squares of the gradients of units that have gone silent fade until they are
    denormal numbers, with which processors compute many times slower. They are taken as zero.
    A CUDA device is made to compute the same bytes each time, and float32 as such: PyTorch's
    default rounds the inputs of convolutions to ten bits (TF32).
    To be called before the first operation, so that every thread is set up alike.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    if torch.device(device).type == "cuda":
        # Read when the first product is computed.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


def device_for(gpus: int) -> torch.device:
    """Return the CUDA device of a job that was given one and sees it, or else the processor."""
    return torch.device("cuda" if gpus and torch.cuda.is_available() else "cpu")


def precision_named(name: str, device: torch.device | str = "cpu") -> torch.dtype:
    """Return the type of "bf16", "fp32" or, by the device, "auto"."""
    named = {"bf16": torch.bfloat16, "fp32": torch.float32}
    return named[name] if name in named else best_precision(device)


def best_precision(device: torch.device | str = "cpu") -> torch.dtype:
    """Return bfloat16 where the device multiplies it in hardware, else float32."""
    if torch.device(device).type == "cuda":
        fast = torch.cuda.is_bf16_supported()
    else:
        fast = torch.cpu._is_amx_tile_supported() or torch.cpu._is_avx512_bf16_supported()
    return torch.bfloat16 if fast else torch.float32


@contextmanager
def termination_noticed() -> Iterator[Callable[[], bool]]:
    """Notice a request to end (SIGTERM, as by a cluster or `kill`) instead of dying of it.

    Yields
    ------
    callable
        Returns whether the request has come. To be called from the main thread.
    """
    came = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: came.append(number))
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGTERM, before)
