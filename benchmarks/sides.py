"""The measurements of each side of a workload: ours, and each peer."""

import math
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

from benchmarks import ROOT
from benchmarks.processes import (
    OURS,
    PEERS,
    Measured,
    cores,
    our_environment,
    peer_environment,
    run_and_measure,
    run_together,
)
from benchmarks.workloads import Steady, Study, Workload

PEER_MODULES = {"keras": "keras_fit", "plain": "plain", "lightning": "lightning_trainer"}

Sides = dict[str, Callable[[], Measured]]


@dataclass(frozen=True)
class Bench:
    """Where results go, and whether this is only a trial.

    Attributes
    ----------
    folder : Path
    quick : bool
    """

    folder: Path
    quick: bool

    @property
    def flag(self) -> list[str]:
        """The option that makes a worker quick, or none."""
        return ["--quick"] if self.quick else []

    def log(self, name: str) -> Path:
        """Return the log of a process."""
        path = self.folder / "logs" / f"{name}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path


def our_commands(workload: Steady, flag: list[str]) -> list[list[str]]:
    """Return the commands of our workers: one for each core, with its share of the seeds."""
    n = cores()
    seeds = np.array_split(np.arange(workload.seeds or n), n)
    return [
        [OURS, "-m", "benchmarks.peers.ours", workload.name, *flag, "--seeds", *map(str, some)]
        for some in seeds
        if len(some)
    ]


def sides(workload: Workload, bench: Bench) -> Sides:
    """Return a function that measures it for each side of a workload, ours first."""
    return (_steady if isinstance(workload, Steady) else _study)(workload, bench)


def _steady(workload: Steady, bench: Bench) -> Sides:
    def measure(who: str) -> Measured:
        log = bench.log(f"{workload.name}.{who}")
        if who == "ours":
            return run_together(our_commands(workload, bench.flag), our_environment(), log)
        command = [PEERS, "-m", f"benchmarks.peers.{PEER_MODULES[who]}", workload.name, *bench.flag]
        return run_together([command], peer_environment(), log)

    return {who: lambda who=who: measure(who) for who in ("ours", *workload.peers)}


def _study(workload: Study, bench: Bench) -> Sides:
    """Make the packs of a study, and return a function that measures it for each side."""
    folder = (bench.folder / workload.name).absolute()
    folder.mkdir(parents=True, exist_ok=True)
    study = yaml.safe_load((ROOT / "benchmarks" / workload.file).read_text())
    (experiment,) = study["experiments"]
    dataset, (architecture,) = experiment["dataset"], experiment["architectures"]
    if bench.quick:
        study["seeds"] = 2
        study["training"][architecture] |= {"epochs": 1, "images_per_epoch": 40}
    training = study["training"][architecture]
    # Every core trains. With two of them this is the default, six seeds a job.
    per_job = math.ceil(study["seeds"] / cores())
    study["engine"] = {"seeds_per_job": per_job}
    file = folder / workload.file
    file.write_text(yaml.safe_dump(study))
    results = folder / "results" / study["study"]
    images = study["seeds"] * training["epochs"] * training["images_per_epoch"]

    def snakemake(*targets: str) -> list:
        return [
            OURS.parent / "snakemake", *targets, "--cores", str(cores()), "--directory", folder,
            "--snakefile", ROOT / "Snakefile", "--configfile", ROOT / "config.yaml", file,
        ]  # fmt: skip

    def measure(command: list, who: str) -> Measured:
        log = bench.log(f"{workload.name}.{who}")
        seconds, mb = run_and_measure(
            command, peer_environment(), log
        )  # Snakemake sets ours itself
        return Measured(images, seconds, mb)

    def ours() -> Measured:
        for done in ("training", "checkpoints", "evaluation"):
            shutil.rmtree(results / done, ignore_errors=True)
        targets = [
            f"results/{study['study']}/evaluation/{dataset}/{architecture}/"
            f"seeds-{first:03d}-{min(first + per_job, study['seeds']) - 1:03d}/evaluation.csv"
            for first in range(0, study["seeds"], per_job)
        ]
        return measure(snakemake(*targets), "ours")

    def keras() -> Measured:
        words = {"seeds": study["seeds"], **training}
        options = [
            f"--{name.replace('_', '-')}={words[name]}"
            for name in ("seeds", "epochs", "images_per_epoch", "batch", "lr")
        ]
        packs = results / "packs" / dataset
        module = "benchmarks.peers.keras_study"
        return measure([PEERS, "-m", module, packs, *options], "keras")

    measure(snakemake("data"), "packs")
    return {"ours": ours, "keras": keras}
