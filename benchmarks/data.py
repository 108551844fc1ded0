"""Measure slicing, rotating, hashing and packing: ``python -m benchmarks.data --help``."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks import ROOT, data_workloads
from benchmarks.processes import (
    OURS,
    PeakMemory,
    cores,
    our_environment,
    peer_environment,
    run_and_watch,
)

RESULTS = ROOT / "results/benchmarks"
TILES, SIDE = 20_000, 256
MEMORY_TILES, MEMORY_SIDE = (5_000, 50_000), 64
ASKED = 1.7
OUTPUTS = {
    "slice": ["tiles.npy"],
    "rotate": ["rotated.npy"],
    "hash": ["images.csv"],
    "pack": ["train.npy", "test.npy"],
}
# Levels of 255. Bicubic interpolation of a tile with another margin may round the other way.
ROUNDING = {"rotate": 1}
SPEED = ["stage", "tiles", "side", "repetition", "who", "seconds", "tiles_per_second", "processes"]
MEMORY = ["stage", "tiles", "side", "repetition", "own_mb", "mapped_mb"]

console = Console(width=None if sys.stdout.isatty() else 110)


@dataclass
class ProportionalMemory(PeakMemory):
    """The peak proportional set of some processes and their children, while the context lasts.

    If several processes share a page, each counts its share of it, so that the sum counts it once.
    `mb` is what belongs to the processes alone (anonymous and shared memory). `mapped_mb` is of the
    files that they map: libraries and the arrays. Pages of these belong to the page cache and go
    when memory is needed. Both are looked up twenty times a second (Linux: ``smaps_rollup``).
    """

    mapped_mb: float = 0.0

    def _watch(self) -> None:
        while not self._ended.wait(0.05):
            # A process that starts or ends between two others' turns changes their shares, so that
            # a reading may count its pages twice. Two readings in a row do not both.
            own, mapped = np.minimum(self._reading(), self._reading())
            self.mb, self.mapped_mb = max(self.mb, own), max(self.mapped_mb, mapped)

    def _reading(self) -> np.ndarray:
        return np.sum([_proportional_mb(pid) for pid in self._living()], axis=0)


def _proportional_mb(pid: int) -> tuple[float, float]:
    """Return the proportional set of a process in MB, own and mapped; zeros if it has ended."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0, 0.0
    mb = {line.split()[0]: int(line.split()[1]) / 1024 for line in lines if " kB" in line}
    return mb["Pss_Anon:"] + mb["Pss_Shmem:"], mb["Pss_File:"]


def run(
    who: str, stage: str, folder: Path, watch: type[PeakMemory] = PeakMemory
) -> tuple[float, PeakMemory]:
    """Run a side from start to end; return its wall seconds and the watch of its memory."""
    shutil.rmtree(folder / who, ignore_errors=True)
    (folder / who).mkdir()
    os.sync()  # writes of before must not slow this run down
    if who == "ours":
        command = [OURS, "-m", "benchmarks.data_stages", stage, folder, str(cores())]
        variables = our_environment()
    else:
        command = [OURS, "-m", "benchmarks.peers.pillow_loop", stage, folder]
        variables = peer_environment()
    return run_and_watch(command, variables, folder / f"{who}.log", watch)


def check_same(stage: str, folder: Path) -> None:
    """Stop unless both sides have written the same."""
    for name in OUTPUTS[stage]:
        ours, plain = folder / "ours" / name, folder / "plain" / name
        if name.endswith(".csv"):
            columns = list(pd.read_csv(plain).columns)
            same = pd.read_csv(ours)[columns].equals(pd.read_csv(plain))
        else:
            left, right = (np.load(path, mmap_mode="r") for path in (ours, plain))
            same = left.shape == right.shape and all(
                _close(left[i : i + 256], right[i : i + 256], ROUNDING.get(stage, 0))
                for i in range(0, len(left), 256)
            )
        if not same:
            raise RuntimeError(f"{stage}: {ours} and {plain} differ")


def _close(left: np.ndarray, right: np.ndarray, levels: int) -> bool:
    return int(np.abs(left.astype(np.int16) - right).max()) <= levels


def measure_speed(stage: str, tiles: int, side: int, repetitions: int, folder: Path) -> list[tuple]:
    """Run both sides one after the other, several times; return rows of `SPEED`."""
    data_workloads.make(folder, tiles, side, (stage,))
    rows = []
    for repetition in range(1, repetitions + 1):
        for who in ("ours", "plain"):
            seconds, _ = run(who, stage, folder)
            console.print(
                f"{stage} {repetition}/{repetitions} {who}: {tiles / seconds:,.0f} images/s "
                f"({seconds:.1f} s)"
            )
            processes = cores() if who == "ours" else 1
            rows.append((stage, tiles, side, repetition, who, seconds, tiles / seconds, processes))
        if repetition == 1:
            check_same(stage, folder)
    data_workloads.clear(folder)
    return rows


def measure_memory(
    stage: str, counts: Sequence[int], side: int, repetitions: int, folder: Path
) -> list[tuple]:
    """Measure ours with few and with many tiles; return rows of `MEMORY`."""
    rows = []
    for tiles in counts:
        data_workloads.make(folder, tiles, side, (stage,))
        for repetition in range(1, repetitions + 1):
            _, peak = run("ours", stage, folder, ProportionalMemory)
            console.print(
                f"{stage}, {tiles:,} tiles, {repetition}/{repetitions}: {peak.mb:,.0f} MB, and "
                f"{peak.mapped_mb:,.0f} MB of mapped files"
            )
            rows.append((stage, tiles, side, repetition, peak.mb, peak.mapped_mb))
    data_workloads.clear(folder)
    return rows


def speed_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the medians, a row a stage: stage, tiles, side, ours and plain (tiles/s), ratio."""
    median = runs.pivot_table(
        index=["stage", "tiles", "side"], columns="who", values="tiles_per_second",
        aggfunc="median", sort=False,
    ).reset_index()  # fmt: skip
    return median.assign(ratio=median["ours"] / median["plain"])


def memory_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the medians, a row a stage: own and mapped MB with few and many tiles, and growth.

    ``growth_mb`` is how much more own memory many tiles take than few, and ``bytes_per_tile`` is
    that growth for each further tile.
    """
    rows = []
    for stage, of_stage in runs.groupby("stage", sort=False):
        median = of_stage.groupby("tiles")[["own_mb", "mapped_mb"]].median()
        few, many = median.iloc[0], median.iloc[-1]
        growth = many["own_mb"] - few["own_mb"]
        rows.append(
            {
                "stage": stage,
                "few": median.index[0],
                "many": median.index[-1],
                "few_mb": few["own_mb"],
                "many_mb": many["own_mb"],
                "growth_mb": growth,
                "bytes_per_tile": growth * 2**20 / (median.index[-1] - median.index[0]),
                "few_mapped_mb": few["mapped_mb"],
                "many_mapped_mb": many["mapped_mb"],
            }
        )
    return pd.DataFrame(rows)


def show(title: str, frame: pd.DataFrame) -> None:
    """Print a table of numbers."""
    table = Table(title=title)
    for name in frame:
        table.add_column(name.replace("_", " "), justify="left" if name == "stage" else "right")
    for row in frame.itertuples(index=False):
        table.add_row(*map(_cell, row))
    console.print(table)


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.2f}" if isinstance(value, float) and abs(value) < 10 else f"{value:,.0f}"


def replace_stages(path: Path, rows: Sequence[tuple], columns: Sequence[str]) -> pd.DataFrame:
    """Write rows to a table, in place of all rows of their stages; return the whole table."""
    new = pd.DataFrame(rows, columns=columns)
    if path.exists():
        old = pd.read_csv(path)
        new = pd.concat([old[~old["stage"].isin(new["stage"])], new], ignore_index=True)
    new.to_csv(path, index=False)
    return new


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure the stages of the data.")
    parser.add_argument(
        "stages", nargs="*", metavar="STAGE",
        help=f"all, or some of {', '.join(data_workloads.STAGES)}",
    )  # fmt: skip
    parser.add_argument("--only", choices=["speed", "memory"], help="one of the two")
    parser.add_argument("--repetitions", type=int, help="of each side (default 3; quick 1)")
    parser.add_argument("--tiles", type=int, help=f"for the speed (default {TILES:,})")
    parser.add_argument("--quick", action="store_true", help="few tiles: only to try it out")
    parser.add_argument(
        "--scratch", type=Path, help="a folder on disk with 15 GB free (default: the system's)"
    )
    given = parser.parse_args()
    for name in set(given.stages) - set(data_workloads.STAGES):
        parser.error(f"{name!r}: unknown. Choose from {', '.join(data_workloads.STAGES)}.")
    if given.tiles is not None and given.tiles < 160:
        parser.error("--tiles: fewer than 160 leave nothing to rotate or to hold out.")
    results = RESULTS / "quick" if given.quick else RESULTS
    results.mkdir(parents=True, exist_ok=True)
    repetitions = given.repetitions or (1 if given.quick else 3)
    tiles = given.tiles or (160 if given.quick else TILES)
    counts = (160, 320) if given.quick else MEMORY_TILES
    with tempfile.TemporaryDirectory(prefix="manyseeds-", dir=given.scratch) as name:
        for stage in given.stages or data_workloads.STAGES:
            if given.only != "memory":
                rows = measure_speed(stage, tiles, SIDE, repetitions, Path(name, "speed"))
                runs = replace_stages(results / "data_speed_runs.csv", rows, SPEED)
                speed_table(runs).to_csv(results / "data_speed.csv", index=False)
            if given.only != "speed":
                rows = measure_memory(stage, counts, MEMORY_SIDE, repetitions, Path(name, "memory"))
                runs = replace_stages(results / "data_memory_runs.csv", rows, MEMORY)
                memory_table(runs).to_csv(results / "data_memory.csv", index=False)
    if (results / "data_speed.csv").exists():
        title = f"Images a second (medians); asked of two cores: a ratio of {ASKED}"
        show(title, pd.read_csv(results / "data_speed.csv"))
    if (results / "data_memory.csv").exists():
        show("Peak memory of ours, MB (medians)", pd.read_csv(results / "data_memory.csv"))


if __name__ == "__main__":
    main()
