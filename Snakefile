# The map of the workflow. A stage is one file of rules/, named as the stage; a rule runs the
# script of its own name in scripts/, a thin layer over the library in scripts/manyseeds/.
from snakemake.utils import min_version

min_version("9.0")


configfile: "config.yaml"


include: "rules/common.smk"


report: "report/workflow.rst"


wildcard_constraints:
    dataset=r"[A-Za-z0-9][A-Za-z0-9._-]*",
    architecture=r"[a-z][a-z0-9_]*",
    seeds=r"seeds-\d{3}-\d{3}",
    split=r"[a-z][a-z0-9]*",


# Not in dry runs, nor in the jobs of a cluster: Snakemake leaves it out there.
onstart:
    say_inventory()
    say_unpaired()


localrules:
    all,
    data,
    train,
    figures,
    audit_gate,


rule all:
    default_target: True
    input:
        every(f"{RESULTS}/evaluation/{{dataset}}/{{architecture}}/{{seeds}}/evaluation.csv"),
        FIGURES,
    message:
        "The study '{config[study]}' is complete."


rule data:
    input:
        every(f"{RESULTS}/packs/{{dataset}}/{{split}}.npy"),
        every(f"{RESULTS}/audit/{{dataset}}/gate.txt"),
    message:
        "The images of the study '{config[study]}' are packed for training, and audited."


rule train:
    input:
        every(f"{RESULTS}/training/{{dataset}}/{{architecture}}/{{seeds}}/weights.safetensors"),
    message:
        "The networks of the study '{config[study]}' are trained."


rule figures:
    input:
        FIGURES,
    message:
        "The figures of the study '{config[study]}' are drawn."


include: "rules/data.smk"
include: "rules/audit.smk"
include: "rules/training.smk"
include: "rules/evaluation.smk"
include: "rules/figures.smk"
