# The map of the workflow. Each stage is a file of rules/ with the stage's name. Each rule runs the
# script of its own name in scripts/. The scripts are a thin layer over the library in
# scripts/manyseeds/.
from snakemake.utils import min_version

min_version("9.0")


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


localrules:
    all,
    data,
    train,
    figures,
    audit_gate,


rule all:
    default_target: True
    input:
        EVALUATIONS,
        kept_snapshots(),
        TARGETS,
    message:
        "The study '{config[study]}' is complete."


rule data:
    input:
        expand_over_study("<results>/packs/{dataset}/{split}.npy"),
        expand_over_study("<results>/audit/{dataset}/gate.txt"),
    message:
        "The images of the study '{config[study]}' are packed for training and audited."


rule train:
    input:
        expand_over_study("<results>/training/{dataset}/{architecture}/{seeds}/weights.safetensors"),
        kept_snapshots(),
    message:
        "The networks of the study '{config[study]}' are trained."


rule figures:
    input:
        TARGETS,
    message:
        "The figures of the study '{config[study]}' are drawn."
