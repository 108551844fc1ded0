"""Measure workloads beside their peers: ``python -m benchmarks.run --help``."""

import argparse
import math
import subprocess
import sys
from collections.abc import Callable, Sequence

import pandas as pd
from rich.console import Console

from benchmarks import ROOT, tables
from benchmarks.flops import layers_of, training_flops
from benchmarks.processes import OURS, PEERS, cores, our_environment, run_and_measure
from benchmarks.sides import PEER_MODULES, Bench, our_commands, sides
from benchmarks.workloads import WORKLOADS, Steady

RESULTS = ROOT / "results/benchmarks"
MEMORY = "memory"

# The table needs more than the 80 columns that rich assumes of a pipe.
console = Console(width=None if sys.stdout.isatty() else 110)


def measured_matrix_rate(bench: Bench) -> float:
    """Return the bf16 matrix rate that the machine has now."""
    command = [OURS, "-m", "benchmarks.flops", *bench.flag]
    variables = our_environment(threads=cores())
    return float(subprocess.check_output(command, cwd=ROOT, env=variables, text=True))


def compare(
    name: str, peers: Sequence[str], repetitions: int, bench: Bench, save: Callable[[list], None]
) -> None:
    """Measure ours and the peers one after the other, several times; save after every run."""
    workload = WORKLOADS[name]
    measures = {who: m for who, m in sides(workload, bench).items() if who in ("ours", *peers)}
    runs, parameters = [], set()
    for repetition in range(1, repetitions + 1):
        matrix_rate = math.nan
        if isinstance(workload, Steady):
            matrix_rate = measured_matrix_rate(bench)
        for who, measure in measures.items():
            measured = measure()
            parameters.add(measured.parameters)
            if len(parameters) > 1:
                raise RuntimeError(f"{name}: the networks differ, parameters {parameters}")
            rate = measured.images / measured.seconds
            console.print(
                f"{name} {repetition}/{repetitions} {who}: {rate:,.1f} images/s "
                f"({measured.seconds:.1f} s, {measured.peak_memory_mb:,.0f} MB)"
            )
            runs.append(
                {
                    "workload": name,
                    "repetition": repetition,
                    "who": who,
                    "images": measured.images,
                    "seconds": measured.seconds,
                    "images_per_second": rate,
                    "peak_memory_mb": measured.peak_memory_mb,
                    "processes": measured.processes,
                    "matrix_rate": matrix_rate,
                    "version": measured.version,
                }
            )
            save(runs)


def check_memory(bench: Bench) -> None:
    """Write memory.csv and say how much memory grew."""
    path = bench.folder / "memory.csv"
    log = bench.log(MEMORY)
    command = [OURS, "-m", "benchmarks.memory", path, *bench.flag]
    run_and_measure(command, our_environment(), log)
    rss = pd.read_csv(path, index_col="epoch")["rss_mb"]
    # The first epoch fills the buffers that the later ones use again.
    console.print(
        f"memory: {rss[2]:,.0f} MB after epoch 2, {rss.iloc[-1]:,.0f} MB after epoch {len(rss)}"
    )


def profile(name: str, bench: Bench) -> None:
    """Print what the steps of one of our workers spend their time on."""
    words = our_commands(WORKLOADS[name], bench.flag)[0]
    words[words.index("benchmarks.peers.ours")] = "benchmarks.profile_step"
    if subprocess.run(words, cwd=ROOT, env=our_environment(), check=False).returncode:
        sys.exit(1)


def main() -> None:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Measure workloads beside their peers.")
    names = [*WORKLOADS, MEMORY]
    parser.add_argument(
        "workloads", nargs="*", metavar="WORKLOAD", help=f"all, or some of {', '.join(names)}"
    )
    parser.add_argument("--repetitions", type=int, help="of each side (default 5; quick 1)")
    parser.add_argument("--peers", nargs="+", choices=PEER_MODULES, default=list(PEER_MODULES))
    parser.add_argument("--quick", action="store_true", help="few images: only to try it out")
    parser.add_argument(
        "--profile", choices=[n for n, w in WORKLOADS.items() if isinstance(w, Steady)],
        metavar="WORKLOAD", help="print what our training steps spend their time on, and stop",
    )  # fmt: skip
    given = parser.parse_args()
    for name in set(given.workloads) - set(names):
        parser.error(f"{name!r}: unknown. Choose from {', '.join(names)}.")
    bench = Bench(RESULTS / "quick" if given.quick else RESULTS, given.quick)
    bench.folder.mkdir(parents=True, exist_ok=True)
    if given.profile:
        return profile(given.profile, bench)

    if not PEERS.exists():
        parser.error(f"{PEERS} is missing: make benchmark installs it.")
    runs_file, peers_file = bench.folder / "runs.csv", bench.folder / "peers.csv"
    earlier = pd.DataFrame(columns=tables.RUNS)
    if runs_file.exists():
        earlier = pd.read_csv(runs_file)
    operations = {
        name: training_flops(layers_of(workload))
        for name, workload in WORKLOADS.items()
        if isinstance(workload, Steady)
    }
    for name in given.workloads or names:
        if name == MEMORY:
            check_memory(bench)
            continue
        repetitions = given.repetitions or (1 if given.quick else 5)

        def save(runs: list, earlier: pd.DataFrame = earlier) -> None:
            now = tables.with_new_runs(earlier, runs)
            now.to_csv(runs_file, index=False)
            tables.peers_table(now, operations).to_csv(peers_file, index=False)

        compare(name, given.peers, repetitions, bench, save)
        earlier = pd.read_csv(runs_file)
    if peers_file.exists():
        tables.show(pd.read_csv(peers_file), WORKLOADS, console)


if __name__ == "__main__":
    main()
