# Evaluation: what the trained networks say of every split.


rule evaluate:
    message:
        "Evaluate {wildcards.architecture} on every split of {wildcards.dataset}, {wildcards.seeds}."
    input:
        packs=lambda wildcards: packs_of(wildcards.dataset, "npy"),
        indices=lambda wildcards: packs_of(wildcards.dataset, "csv"),
        weights=rules.train_stack.output.weights,
    output:
        evaluation=f"{RESULTS}/evaluation/{{dataset}}/{{architecture}}/{{seeds}}/evaluation.csv",
        predictions=f"{RESULTS}/evaluation/{{dataset}}/{{architecture}}/{{seeds}}/predictions.parquet",
    params:
        seeds=seeds_of,
        splits=lambda wildcards: splits(wildcards.dataset),
        precision=config["engine"]["precision"],
    log:
        f"{RESULTS}/logs/evaluate/{{dataset}}.{{architecture}}.{{seeds}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/evaluate/{{dataset}}.{{architecture}}.{{seeds}}.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
        gpu=config["engine"]["gpu"],
    conda:
        "../envs/training.yaml"
    script:
        "../scripts/evaluate.py"
