# Training: the seeds of a job as one stack or in turn, their history and their weights.


rule train_stack:
    input:
        train=f"{RESULTS}/packs/{{dataset}}/train.npy",
        train_index=f"{RESULTS}/packs/{{dataset}}/train.csv",
        test=lambda wildcards: first_test(wildcards, "npy"),
        test_index=lambda wildcards: first_test(wildcards, "csv"),
        audited=audited,
    output:
        history=f"{RESULTS}/training/{{dataset}}/{{architecture}}/{{seeds}}/history.csv",
        timing=f"{RESULTS}/training/{{dataset}}/{{architecture}}/{{seeds}}/timing.csv",
        weights=f"{RESULTS}/training/{{dataset}}/{{architecture}}/{{seeds}}/weights.safetensors",
    log:
        f"{RESULTS}/logs/train_stack/{{dataset}}.{{architecture}}.{{seeds}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/train_stack/{{dataset}}.{{architecture}}.{{seeds}}.tsv"
    conda:
        "../envs/training.yaml"
    # One core a job: two jobs of one thread train more images a second than one of two.
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
        gpu=config["engine"]["gpu"],
    params:
        study_seed=config["seed"],
        stream=lambda wildcards: stream(wildcards.dataset),
        seeds=seeds_of,
        settings=lambda wildcards: training_settings(wildcards.dataset, wildcards.architecture),
        precision=config["engine"]["precision"],
        stack=config["engine"]["stack"],
        # Not an output: Snakemake would delete it when a job is cut off.
        checkpoint=f"{RESULTS}/checkpoints/{{dataset}}.{{architecture}}.{{seeds}}",
    message:
        "Train {wildcards.architecture} on {wildcards.dataset}, {wildcards.seeds}."
    script:
        "../scripts/train_stack.py"
