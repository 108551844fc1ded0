"""What the workers share: their arguments, the images, and a clock that starts for all at once.

A worker runs by hand too: ``python -m benchmarks.peers.plain deep_50-28 --quick < /dev/null``.
"""

import argparse
import json
import math
import sys
import time

import numpy as np

from benchmarks.workloads import WORKLOADS, Steady

READY = "@ready"
RESULT = "@result "


def arguments() -> argparse.Namespace:
    """Return the worker's arguments: workload (a `Steady`) and seeds (list of int)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("workload", choices=[n for n, w in WORKLOADS.items() if type(w) is Steady])
    parser.add_argument("--quick", action="store_true", help="few images")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="of ours only")
    given = parser.parse_args()
    workload = WORKLOADS[given.workload]
    given.workload = workload.quick() if given.quick else workload
    return given


def made_up_images(workload: Steady) -> tuple[np.ndarray, np.ndarray]:
    """Return uint8 images (n, height, width, channels) and their int64 labels (n,).

    They are noise, brighter from class to class, so that no training diverges.
    """
    labels = np.arange(workload.images) % workload.classes
    shape = (workload.images, *workload.shape)
    images = np.random.default_rng(0).integers(0, 128, shape, np.uint8)
    images += (labels * (127 // (workload.classes - 1))).astype(np.uint8)[:, None, None, None]
    return images, labels


def as_floats(images: np.ndarray) -> np.ndarray:
    """Return uint8 images as float32, 0 to 1; divided in place, to spare the peer's memory."""
    floats = images.astype(np.float32)
    floats /= 255
    return floats


class Clock:
    """Measures from the moment when all workers are warm to the end of this one's training."""

    started: float | None = None

    def start(self) -> None:
        """Say that this worker is warm, and wait until all are."""
        print(READY, flush=True)
        sys.stdin.readline()
        self.started = time.perf_counter()

    def stop(self, images: int, loss: float, parameters: int, version: str) -> None:
        """Report how many images were trained on since `start`, and with what.

        A loss that is not finite is an error: arithmetic on such numbers may take another time.
        """
        seconds = time.perf_counter() - self.started
        if not math.isfinite(loss):
            raise RuntimeError("training diverged")
        report = dict(images=images, seconds=seconds, parameters=parameters, version=version)
        print(RESULT + json.dumps(report), flush=True)
