# The map of the workflow. Each stage is a file of rules/ with the stage's name. Each rule runs the
# script of its own name in scripts/. The scripts are a thin layer over the library in
# scripts/manyseeds/.
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")

# Not `workflow.basedir`: if another workflow uses this one as a module, that is the other's folder.
PROJECT = Path(workflow.current_basedir.get_path_or_uri(secret_free=True))
if not (PROJECT / "scripts/manyseeds").is_dir():
    raise WorkflowError(
        f"snakefile: {PROJECT} has no folder scripts/manyseeds, which the Snakefile needs beside it. "
        "Clone the repository of manyseeds, and name the Snakefile of the clone."
    )


# All studies are laid over it, wherever the command is run.
configfile: PROJECT / "config.yaml"


# If the command is run in another folder, that folder's study is laid over it, as in any workflow.
if Path("config.yaml").exists() and not Path("config.yaml").samefile(PROJECT / "config.yaml"):

    configfile: "config.yaml"


report: "report/workflow.rst"


wildcard_constraints:
    dataset=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    architecture=r"[a-z][a-z0-9_]*",
    seeds=r"seeds-\d{3}-\d{3}",
    split=r"[a-z][a-z0-9]*",


# The study, and what all rules share.
include: "rules/common.smk"
include: "rules/report.smk"
include: "rules/start.smk"
# The stages, in their order.
include: "rules/data.smk"
include: "rules/audit.smk"
include: "rules/training.smk"
include: "rules/evaluation.smk"
include: "rules/statistics.smk"


finish_figures()


rule all:
    default_target: True
    input:
        EVALUATIONS,
        kept_snapshots(),
        TARGETS,
    message:
        f"The study '{study.name}' is complete."


rule data:
    input:
        expand_over_study("<results>/packs/{dataset}/{split}.npy"),
        expand_over_study("<results>/audit/{dataset}/gate.txt"),
    message:
        f"The images of the study '{study.name}' are packed for training and audited."


rule train:
    input:
        expand_over_study("<results>/training/{dataset}/{architecture}/{seeds}/weights.safetensors"),
        kept_snapshots(),
    message:
        f"The networks of the study '{study.name}' are trained."


rule figures:
    input:
        TARGETS,
    message:
        f"The figures of the study '{study.name}' are drawn."
