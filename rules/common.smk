# What the rules share: the study, the paths of its results, and the gates between stages.
import os
import re
import sys
from itertools import product
from operator import attrgetter
from pathlib import Path

# In front of all others, whose packages and modules may have the same names.
sys.path.insert(0, str(PROJECT / "scripts"))
from manyseeds.errors import InputError
from manyseeds.machine import allocator, memory, surroundings
from manyseeds.study import Study
from manyseeds.study.files import find_data

# Set here, these variables reach the scripts of local jobs and of jobs on a cluster.
allocator.keep_memory(os.environ)
surroundings.settle(os.environ, PROJECT / "scripts", Path(".snakemake"))
find_data(os.environ)


def read_study():
    """Return the study of the files that Snakemake was given."""
    # As a module of another workflow this one has no files of its own.
    if workflow.modifier.skip_configfile:
        return Study.of(config)
    # Snakemake has read the same files, as YAML 1.1 has it: there 'no' is false and 1e-3 a text.
    given = workflow.overwrite_configfiles
    # Those that the Snakefile names stand behind, and others are laid over them.
    named = workflow.configfiles[len(given) :]
    if workflow.config_settings.replace_workflow_config:
        named = []
    return Study.read([*named, *given], base=None, changes=workflow.config_settings.config)


try:
    study = read_study()
except InputError as fault:
    raise WorkflowError(str(fault)) from None
# The pages of the report read the study from config, with its defaults.
config.update(study.plain())

RESULTS = f"results/{study.name}"
# The jobs of the data stages share their images among so many processes: all cores of a local run,
# and four on a cluster.
DATA_THREADS = workflow.resource_settings.cores or 4


pathvars:
    results=RESULTS,
    logs=f"{RESULTS}/logs",
    benchmarks=f"{RESULTS}/benchmarks",
    first_job=study.seed_jobs[0].name,


def expand_over_study(pattern):
    """Expand a path over the experiments of the study, keeping their order."""
    return list(
        dict.fromkeys(
            pattern.format(dataset=dataset, architecture=architecture, seeds=job.name, split=split)
            for dataset, architecture in study.networks
            for job, split in product(study.seed_jobs, study.datasets[dataset].splits)
        )
    )


def any_name_of(names):
    """Return a regular expression that matches one of these names, or nothing if there are none."""
    return "|".join(re.escape(name) for name in names) or "(?!)"


def of_dataset(*facts, **renamed):
    """Return parameters of a rule: facts of its dataset, by their paths in the study's object."""

    def fact(path):
        def of(wildcards):
            found = attrgetter(path)(study.datasets[wildcards.dataset])
            return found() if callable(found) else found

        return of

    return {name: fact(path) for name, path in {**dict(zip(facts, facts)), **renamed}.items()}


def by_dataset(path):
    """Return a fact of every dataset of the study's experiments, by its name."""
    return {dataset.name: attrgetter(path)(dataset) for dataset in study.used}


def packs(suffix):
    """Return an input: the packs of a dataset (npy) or their indices (csv), one for each split."""
    return lambda wildcards: [
        f"<results>/packs/{wildcards.dataset}/{split}.{suffix}"
        for split in study.datasets[wildcards.dataset].splits
    ]


# Inputs: the packs of the training split and of the first test split, with their indices.
TRAINING_PACK = {
    "pack": "<results>/packs/{dataset}/train.npy",
    "index": "<results>/packs/{dataset}/train.csv",
}
TEST_PACK = {
    "pack": lambda wildcards: packs("npy")(wildcards)[1],
    "index": lambda wildcards: packs("csv")(wildcards)[1],
}


def shared(which, path):
    """Return an input: a file of the dataset whose images or tiles this dataset uses."""
    return lambda wildcards: path.format(dataset=getattr(study.datasets[wildcards.dataset], which))


def tiles_to_pack(wildcards):
    """Return the tiles of a split and their table: the rotated tiles, or those that were sliced."""
    dataset = study.datasets[wildcards.dataset]
    if dataset.is_rotated(wildcards.split):
        path = "<results>/rotated/{dataset}/{split}"
        return {"tiles": f"{path}.npy", "table": f"{path}.csv"}
    return {
        "tiles": f"<results>/tiles/{dataset.tiled_as}/tiles.npy",
        "table": "<results>/splits/{dataset}/split.csv",
    }


def source_files(wildcards):
    """Return the files that a dataset is read from, as far as they are on this machine and few.

    Snakemake takes what is in braces for a wildcard, and knows no way to write a brace. Such files
    are no inputs: a change of theirs shows in the digest among the parameters.
    """
    files = study.datasets[wildcards.dataset].source.files()
    return [path for path in files if "{" not in path]


def kept_snapshots(pattern="<results>/training/{dataset}/{architecture}/{seeds}/snapshots"):
    """Expand a path over the jobs of which the study keeps snapshots."""
    return [
        pattern.format(dataset=dataset, architecture=architecture, seeds=job.name)
        for dataset, architecture in study.networks
        for job in study.seed_jobs
        for kept in [study.snapshots(dataset, architecture)]
        if kept and not set(kept.seeds).isdisjoint(job.seeds)
    ]


SEEDS = {job.name: list(job.seeds) for job in study.seed_jobs}


def seeds_of(wildcards):
    """Return the seeds of a job."""
    return SEEDS[wildcards.seeds]


STRICT = [dataset.name for dataset in study.used if dataset.keys.audit == "strict"]


def audited(wildcards):
    """Return no input, but wait for the audits of this dataset and of all strict datasets."""
    for name in dict.fromkeys([*STRICT, wildcards.dataset]):
        checkpoints.audit_gate.get(dataset=name)
    return []
