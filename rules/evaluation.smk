# Evaluation: what the trained networks predict for every split.
PREDICTIONS = "4. What the networks predict"


rule evaluate:
    input:
        packs=packs("npy"),
        indices=packs("csv"),
        weights=rules.train_seeds.output.weights,
    output:
        evaluation="<results>/evaluation/{dataset}/{architecture}/{seeds}/evaluation.csv",
        predictions="<results>/evaluation/{dataset}/{architecture}/{seeds}/predictions.parquet",
    log:
        "<logs>/evaluate/{dataset}.{architecture}.{seeds}.log",
    benchmark:
        "<benchmarks>/evaluate/{dataset}.{architecture}.{seeds}.tsv"
    conda:
        "../envs/training.yaml"
    threads: 1
    resources:
        mem_mb=lambda wildcards, attempt: 4000 * attempt,
        runtime=120,
        gpu=study.engine.gpu,
    params:
        **of_dataset("splits"),
        seeds=seeds_of,
        head=lambda wildcards: study.training(wildcards.dataset, wildcards.architecture).head,
        precision=study.engine.precision,
    message:
        "Evaluate {wildcards.architecture} on every split of {wildcards.dataset}, {wildcards.seeds}."
    script:
        "../scripts/evaluate.py"


rule predictions_panel:
    input:
        **TEST_PACK,
        predictions="<results>/evaluation/{dataset}/{architecture}/<first_job>/predictions.parquet",
    output:
        **figure("{dataset}/{architecture}/predictions_panel", PREDICTIONS, "Predictions"),
    log:
        "<logs>/predictions_panel/{dataset}.{architecture}.log",
    params:
        **ABOUT_DATASET,
    script:
        "../scripts/predictions_panel.py"
