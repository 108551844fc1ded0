"""Whether memory grows over the epochs of our training."""

import argparse
from pathlib import Path

import pandas as pd
import psutil

from benchmarks.peers.ours import train
from benchmarks.workloads import WORKLOADS

EPOCHS = 20
WORKLOAD = "deep_50-28"
SEEDS = range(6)


def main() -> None:
    """Write a row an epoch: epoch, rss_mb, the resident set after it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("table", type=Path)
    parser.add_argument("--quick", action="store_true", help="few images")
    given = parser.parse_args()
    workload = WORKLOADS[WORKLOAD].quick() if given.quick else WORKLOADS[WORKLOAD]
    process = psutil.Process()
    after = []

    def on_order(seed: int, epoch: int) -> None:
        if seed == SEEDS[0] and epoch > 1:
            after.append((epoch - 1, process.memory_info().rss / 2**20))

    train(workload, SEEDS, EPOCHS, on_order)
    after.append((EPOCHS, process.memory_info().rss / 2**20))
    table = pd.DataFrame(after, columns=["epoch", "rss_mb"])
    table.round(1).to_csv(given.table, index=False)


if __name__ == "__main__":
    main()
