"""Starting workers at the same time, all warm, and watching how much memory they take."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil

from benchmarks import ROOT
from benchmarks.peers.worker import READY, RESULT
from manyseeds.machine import allocator

OURS = Path(sys.executable)
PEERS = ROOT / "benchmarks/.venv/bin/python"
WATCH_SECONDS = 0.25


@dataclass(frozen=True)
class Measured:
    """What some processes did together.

    Attributes
    ----------
    images : int
        Trained on by all.
    seconds : float
        Of the slowest.
    peak_memory_mb : float
        See `PeakMemory`.
    processes : int
    parameters : int
        Weights that one network learns.
    version : str
    """

    images: int
    seconds: float
    peak_memory_mb: float
    processes: int = 1
    parameters: int = 0
    version: str = ""


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def our_environment(threads: int = 1) -> dict[str, str]:
    """Return the environment of one of our processes: what the rules and Snakemake give a job."""
    return peer_environment() | allocator.VARIABLES | {"OMP_NUM_THREADS": str(threads)}


def peer_environment() -> dict[str, str]:
    """Return the environment of a peer: its own defaults, even if the shell has set ours."""
    ours = {*allocator.VARIABLES, "OMP_NUM_THREADS"}
    variables = {name: value for name, value in os.environ.items() if name not in ours}
    # Everything is measured on the processor, even if there is a graphics card.
    variables |= {"CUDA_VISIBLE_DEVICES": "", "KERAS_BACKEND": "tensorflow"}
    return variables | {"TF_CPP_MIN_LOG_LEVEL": "2"}  # fewer lines in the log; no other effect


@dataclass
class PeakMemory:
    """The peak memory of some processes and their children, while the context lasts.

    It is the largest sum of the peak resident sets of all processes that live at the same time.
    Pages that processes share, such as those of libraries, count in each.
    """

    roots: Sequence[int]
    mb: float = 0.0
    _ended: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        ended = False
        while not ended:
            ended = self._ended.wait(WATCH_SECONDS)
            self.mb = max(self.mb, sum(map(_peak_mb, self._living())))

    def _living(self) -> set[int]:
        living = set(self.roots)
        for pid in self.roots:
            with suppress(psutil.NoSuchProcess):
                living |= {child.pid for child in psutil.Process(pid).children(recursive=True)}
        return living


def _peak_mb(pid: int) -> float:
    """Return the peak resident set of a process, 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return 0.0


def run_together(
    commands: Sequence[Sequence[str]], variables: Mapping[str, str], log: Path
) -> Measured:
    """Run workers at the same time; none starts to measure before all are warm.

    Parameters
    ----------
    commands : sequence of sequence of str
        One for each worker, which speaks as `benchmarks.peers.worker.Clock` does.
    variables : mapping
        Their environment.
    log : Path
        Gets what they write to standard error.
    """
    with log.open("w") as errors:
        workers = [
            subprocess.Popen(
                command, cwd=ROOT, env=variables, text=True,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            )
            for command in commands
        ]  # fmt: skip
        try:
            with PeakMemory([worker.pid for worker in workers]) as peak:
                for worker in workers:
                    _line(worker, READY, log)
                for worker in workers:
                    worker.stdin.write("go\n")
                    worker.stdin.flush()
                reports = [json.loads(_line(worker, RESULT, log)) for worker in workers]
        finally:
            for worker in workers:
                worker.kill()
                worker.communicate()
    return Measured(
        images=sum(report["images"] for report in reports),
        seconds=max(report["seconds"] for report in reports),
        peak_memory_mb=peak.mb,
        processes=len(workers),
        parameters=reports[0]["parameters"],
        version=reports[0]["version"],
    )


def _line(worker: subprocess.Popen, beginning: str, log: Path) -> str:
    """Return the rest of the next line of a worker that has this beginning."""
    for line in worker.stdout:
        if line.startswith(beginning):
            return line[len(beginning) :]
    raise failure(worker.args, log)


def failure(command: Sequence[str], log: Path) -> RuntimeError:
    """Return the error of a command that failed, with the end of its log."""
    tail = "\n".join(log.read_text().splitlines()[-15:])
    return RuntimeError(f"{' '.join(map(str, command))} failed; {log} ends:\n{tail}")


def run_and_measure(
    command: Sequence[str], variables: Mapping[str, str], log: Path
) -> tuple[float, float]:
    """Run a command from start to end; return its wall seconds and peak memory in MB."""
    seconds, peak = run_and_watch(command, variables, log)
    return seconds, peak.mb


def run_and_watch(
    command: Sequence[str],
    variables: Mapping[str, str],
    log: Path,
    watch: type[PeakMemory] = PeakMemory,
) -> tuple[float, PeakMemory]:
    """Run a command from start to end; return its wall seconds and the watch of its memory."""
    with log.open("w") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, cwd=ROOT, env=variables, stdin=subprocess.DEVNULL,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            with watch([process.pid]) as peak:
                code = process.wait()
                seconds = time.perf_counter() - started
        finally:
            process.kill()
    if code:
        raise failure(command, log)
    return seconds, peak
