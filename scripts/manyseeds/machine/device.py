"""The machine a job runs on: its processor or graphics card, precision, threads and signals."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch


def prepare_process(threads: int, device: torch.device | str = "cpu") -> None:
    """Set this process up for training: its threads, and arithmetic that is fast and repeats.

    Denormal numbers count as zero. Processors compute with them many times slower, and Adam's
    running squares fade into them if the gradients of a unit stay zero. A CUDA device is made to
    compute the same bytes each time, and to compute float32 as such: PyTorch's default rounds the
    inputs of convolutions to ten bits (TF32).
    Call it before the first operation, so that every thread is set up alike.
    """
    torch.set_flush_denormal(True)
    torch.set_num_threads(threads)
    if torch.device(device).type == "cuda":
        # CUDA reads it when it computes the first product.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
        torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
        torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


def device_for(gpus: int) -> torch.device:
    """Return the CUDA device if the job was given one and sees it, and the processor otherwise."""
    return torch.device("cuda" if gpus and torch.cuda.is_available() else "cpu")


def precision_named(name: str, device: torch.device | str = "cpu") -> torch.dtype:
    """Return the type that "bf16" or "fp32" names; of "auto" the best one of the device."""
    named = {"bf16": torch.bfloat16, "fp32": torch.float32}
    return named[name] if name in named else best_precision(device)


def best_precision(device: torch.device | str = "cpu") -> torch.dtype:
    """Return bfloat16 if the device multiplies it in hardware, float32 otherwise."""
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
        Returns whether the request has come. Call it from the main thread.
    """
    requests: list[int] = []
    earlier_handler = signal.signal(signal.SIGTERM, lambda number, _: requests.append(number))
    try:
        yield lambda: bool(requests)
    finally:
        signal.signal(signal.SIGTERM, earlier_handler)
