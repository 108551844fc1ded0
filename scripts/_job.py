"""The job of a script: Snakemake's, or one made by hand.

A script of the workflow begins with ``from _job import reporting, snakemake``. Run by
Snakemake it finds its job there. Run by hand it is told which file to make::

    .venv/bin/python scripts/slice.py results/default/tiles/snap29-sim/tiles.npy

and finds the job that Snakemake would run for that file, with the study of config.yaml (or of
``--configfile``, given after it), in a debugger if one likes. The job's inputs must be there.
"""

import io
import logging
import signal
import sys
import time
import traceback
from contextlib import contextmanager, redirect_stdout, suppress
from pathlib import Path

from manyseeds.errors import InputError, Interrupted
from manyseeds.machine.disks import naming_full


def _job_by_hand(target: str, *configfiles: str):
    """Return the object that Snakemake gives to the script that makes a file."""
    from snakemake.api import ConfigSettings, DAGSettings, ResourceSettings, SnakemakeApi
    from snakemake.iocontainers import Snakemake

    with SnakemakeApi() as api:
        workflow = api.workflow(
            resource_settings=ResourceSettings(cores=1),
            config_settings=ConfigSettings(configfiles=[Path(name) for name in configfiles]),
            snakefile=Path(__file__).parents[1] / "Snakefile",
        )
        with redirect_stdout(io.StringIO()):  # the summary is only asked for to build the DAG
            workflow.dag(DAGSettings(targets={target}, forcetargets=True)).summary()
        jobs = workflow._workflow.dag.jobs
        job = next(job for job in jobs if target in job.output)
    return Snakemake(
        job.input, job.output, job.params, job.wildcards, job.threads, job.resources,
        job.log, workflow._workflow.config, job.rule.name, None, str(Path(__file__).parent),
    )  # fmt: skip


# Snakemake puts its object into the script it starts, which is the main module.
snakemake = getattr(sys.modules["__main__"], "snakemake", None)
if snakemake is None:
    snakemake = _job_by_hand(*(word for word in sys.argv[1:] if word != "--configfile"))


def say(line: str) -> None:
    """Write a line to the job's log and to the terminal."""
    job = " ".join([snakemake.rule, *map(str, snakemake.wildcards)])
    print(f"{job}: {line}", file=sys.stderr, flush=True)
    # A full disk is no reason to hide what is said.
    with suppress(OSError), Path(snakemake.log[0]).open("a") as log:
        print(time.strftime("%H:%M:%S"), line, file=log)


class _Saying(logging.Handler):
    """Says what the library logs."""

    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


logging.getLogger("manyseeds").addHandler(_Saying())
logging.getLogger("manyseeds").setLevel(logging.INFO)


@contextmanager
def reporting():
    """Turn a fault of the input into one line and a failed job; log the traceback of others."""
    with suppress(OSError):
        Path(snakemake.log[0]).parent.mkdir(parents=True, exist_ok=True)
        Path(snakemake.log[0]).write_text("")
    try:
        with naming_full(Path(snakemake.output[0]).parent):
            yield
    except InputError as fault:
        say(f"error: {fault}")
        sys.exit(1)
    except Interrupted as where:
        say(f"{where}; saved, the next run goes on from there")
        sys.exit(128 + signal.SIGTERM)
    except Exception:
        with Path(snakemake.log[0]).open("a") as log:
            traceback.print_exc(file=log)
        raise
