# Evaluation: what the trained networks say of every split.


rule evaluate:
    input:
        packs=lambda wildcards: packs_of(wildcards.dataset, "npy"),
        indices=lambda wildcards: packs_of(wildcards.dataset, "csv"),
        weights=rules.train_stack.output.weights,
    output:
        evaluation=f"{RESULTS}/evaluation/{{dataset}}/{{architecture}}/{{seeds}}/evaluation.csv",
        predictions=f"{RESULTS}/evaluation/{{dataset}}/{{architecture}}/{{seeds}}/predictions.parquet",
    log:
        f"{RESULTS}/logs/evaluate/{{dataset}}.{{architecture}}.{{seeds}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{dataset}}.{{architecture}}.{{seeds}}.tsv"
    conda:
        "../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
        gpu=config["engine"]["gpu"],
    params:
        seeds=seeds_of,
        splits=lambda wildcards: splits(wildcards.dataset),
        precision=config["engine"]["precision"],
    message:
        "Evaluate {wildcards.architecture} on every split of {wildcards.dataset}, {wildcards.seeds}."
    script:
        "../scripts/evaluate.py"
