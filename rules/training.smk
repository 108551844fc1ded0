# Training: each job trains some seeds and writes their history and their weights.
NETWORKS = "3. The networks"
TRAINED = {
    "history": "<results>/training/{dataset}/{architecture}/{seeds}/history.csv",
    "timing": "<results>/training/{dataset}/{architecture}/{seeds}/timing.csv",
    "weights": "<results>/training/{dataset}/{architecture}/{seeds}/weights.safetensors",
}


rule layers:
    input:
        # Only the shape of the images and the classes are read from them.
        **TRAINING_PACK,
    output:
        table=in_report(
            "<results>/networks/{dataset}/{architecture}/layers.csv",
            NETWORKS,
            "Architecture (table)",
            "architecture_table",
        ),
    log:
        "<logs>/layers/{dataset}.{architecture}.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    params:
        caption_title=ABOUT_DATASET["caption_title"],
    message:
        "List the layers of {wildcards.architecture} as it is built for {wildcards.dataset}."
    script:
        "../scripts/layers.py"


rule train_seeds:
    input:
        train=TRAINING_PACK["pack"],
        train_index=TRAINING_PACK["index"],
        test=TEST_PACK["pack"],
        test_index=TEST_PACK["index"],
        audited=audited,
    output:
        **TRAINED,
    log:
        "<logs>/train_seeds/{dataset}.{architecture}.{seeds}.log",
    benchmark:
        "<benchmarks>/train_seeds/{dataset}.{architecture}.{seeds}.tsv"
    conda:
        "../envs/training.yaml"
    # Two jobs of one thread train more images a second than one job of two threads.
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=720,
        gpu=study.engine.gpu,
    params:
        **of_dataset("stream"),
        study_seed=study.seed,
        seeds=seeds_of,
        settings=lambda wildcards: study.training(wildcards.dataset, wildcards.architecture).plain(),
        precision=study.engine.precision,
        stack=study.engine.stack,
        # The checkpoint is no output: Snakemake would delete it when a job is cut off.
        checkpoint=f"{RESULTS}/checkpoints/{{dataset}}.{{architecture}}.{{seeds}}",
    message:
        "Train {wildcards.architecture} on {wildcards.dataset}, {wildcards.seeds}."
    script:
        "../scripts/train_seeds.py"


# The same rule, but it also keeps weights at moments of the training. It is for the jobs of which
# the study wants snapshots: the constraint looks ahead in the path, from the dataset on to the seeds.
use rule train_seeds as train_seeds_with_snapshots with:
    output:
        **TRAINED,
        snapshots=directory("<results>/training/{dataset}/{architecture}/{seeds}/snapshots"),
    wildcard_constraints:
        dataset=rf"(?=(?:{any_name_of(kept_snapshots('{dataset}/{architecture}/{seeds}'))})/)[^/]+",
    params:
        # Of the seeds of this job alone: what is asked of others must not train it again.
        snapshots=lambda wildcards: study.snapshots(
            wildcards.dataset, wildcards.architecture
        ).of_seeds(seeds_of(wildcards)),


ruleorder: train_seeds_with_snapshots > train_seeds


rule architecture_drawing:
    input:
        **TRAINING_PACK,
    output:
        **figure("{dataset}/{architecture}/architecture_drawing", NETWORKS, "Architecture"),
    log:
        "<logs>/architecture_drawing/{dataset}.{architecture}.log",
    params:
        **ABOUT_DATASET,
    script:
        "../scripts/architecture_drawing.py"


rule training_curves:
    input:
        histories=expand_over_study(TRAINED["history"]),
    output:
        **figure("training_curves", "6. How they learn", "Training accuracy", svg=True),
    log:
        "<logs>/training_curves.log",
    params:
        **ABOUT_STUDY,
    script:
        "../scripts/training_curves.py"
