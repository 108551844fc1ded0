# Figures: pictures and plots of what the other stages found. A figure computes no result.
#
# Each is drawn for print (PNG at 300 dpi and PDF) and once more for the screen: Snakemake's
# report crops pictures larger than its window.


rule training_panel:
    input:
        pack=f"{RESULTS}/packs/{{dataset}}/train.npy",
        index=f"{RESULTS}/packs/{{dataset}}/train.csv",
    output:
        png=f"{RESULTS}/figures/{{dataset}}/training_panel.png",
        pdf=f"{RESULTS}/figures/{{dataset}}/training_panel.pdf",
        screen=report(
            f"{RESULTS}/figures/{{dataset}}/training_panel.screen.png",
            caption="../report/captions/training_panel.rst",
            category="1. The images",
            labels={"figure": "Training images", "dataset": "{dataset}", "network": ""},
        ),
    log:
        f"{RESULTS}/logs/training_panel/{{dataset}}.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        title=lambda wildcards: label(wildcards.dataset),
        study_seed=config["seed"],
        simulated=lambda wildcards: simulated(wildcards.dataset),
    message:
        "Draw labelled training images of {wildcards.dataset}."
    script:
        "../scripts/training_panel.py"


rule architecture_drawing:
    input:
        # Only the shape of the images and the classes are read.
        pack=f"{RESULTS}/packs/{{dataset}}/train.npy",
        index=f"{RESULTS}/packs/{{dataset}}/train.csv",
    output:
        png=f"{RESULTS}/figures/{{dataset}}/{{architecture}}/architecture.png",
        pdf=f"{RESULTS}/figures/{{dataset}}/{{architecture}}/architecture.pdf",
        screen=report(
            f"{RESULTS}/figures/{{dataset}}/{{architecture}}/architecture.screen.png",
            caption="../report/captions/architecture_drawing.rst",
            category="3. The networks",
            labels={
                "figure": "Architecture",
                "dataset": "{dataset}",
                "network": "{architecture}",
            },
        ),
        table=report(
            f"{RESULTS}/figures/{{dataset}}/{{architecture}}/architecture.csv",
            caption="../report/captions/architecture_table.rst",
            category="3. The networks",
            labels={
                "figure": "Architecture (table)",
                "dataset": "{dataset}",
                "network": "{architecture}",
            },
        ),
    log:
        f"{RESULTS}/logs/architecture_drawing/{{dataset}}.{{architecture}}.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        title=lambda wildcards: label(wildcards.dataset),
    message:
        "Draw {wildcards.architecture} as it is built for {wildcards.dataset}."
    script:
        "../scripts/architecture_drawing.py"


rule predictions_panel:
    input:
        pack=lambda wildcards: first_test(wildcards, "npy"),
        index=lambda wildcards: first_test(wildcards, "csv"),
        predictions=f"{RESULTS}/evaluation/{{dataset}}/{{architecture}}/{stacks()[0]}/predictions.parquet",
    output:
        png=f"{RESULTS}/figures/{{dataset}}/{{architecture}}/predictions_panel.png",
        pdf=f"{RESULTS}/figures/{{dataset}}/{{architecture}}/predictions_panel.pdf",
        screen=report(
            f"{RESULTS}/figures/{{dataset}}/{{architecture}}/predictions_panel.screen.png",
            caption="../report/captions/predictions_panel.rst",
            category="4. What the networks predict",
            labels={
                "figure": "Predictions",
                "dataset": "{dataset}",
                "network": "{architecture}",
            },
        ),
    log:
        f"{RESULTS}/logs/predictions_panel/{{dataset}}.{{architecture}}.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        title=lambda wildcards: label(wildcards.dataset),
        study_seed=config["seed"],
        simulated=lambda wildcards: simulated(wildcards.dataset),
    message:
        "Draw test images of {wildcards.dataset} as {wildcards.architecture} classifies them."
    script:
        "../scripts/predictions_panel.py"


rule accuracy_boxplot:
    input:
        evaluations=every(
            f"{RESULTS}/evaluation/{{dataset}}/{{architecture}}/{{seeds}}/evaluation.csv"
        ),
    output:
        png=f"{RESULTS}/figures/accuracy_boxplot.png",
        pdf=f"{RESULTS}/figures/accuracy_boxplot.pdf",
        # Stands on the first page of the report.
        svg=f"{RESULTS}/figures/accuracy_boxplot.svg",
        screen=report(
            f"{RESULTS}/figures/accuracy_boxplot.screen.png",
            caption="../report/captions/accuracy_boxplot.rst",
            category="5. How well they classify",
            labels={"figure": "Test accuracy", "dataset": "all", "network": "all"},
        ),
        table=report(
            f"{RESULTS}/figures/accuracy_boxplot.csv",
            caption="../report/captions/accuracy_table.rst",
            category="5. How well they classify",
            labels={"figure": "Test accuracy (table)", "dataset": "all", "network": "all"},
        ),
    log:
        f"{RESULTS}/logs/accuracy_boxplot.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        labels=figure_labels(),
        experts={d: config["datasets"][d].get("expert_accuracy") for d in DATASETS},
        simulated=[d for d in DATASETS if simulated(d)],
    message:
        "Draw the test accuracies of all networks."
    script:
        "../scripts/accuracy_boxplot.py"


rule leakage:
    input:
        evaluations=leaky_evaluations,
    output:
        png=f"{RESULTS}/figures/leakage.png",
        pdf=f"{RESULTS}/figures/leakage.pdf",
        screen=report(
            f"{RESULTS}/figures/leakage.screen.png",
            caption="../report/captions/leakage.rst",
            category="5. How well they classify",
            labels={"figure": "What leakage is worth", "dataset": "all", "network": "all"},
        ),
        table=report(
            f"{RESULTS}/figures/leakage.csv",
            caption="../report/captions/leakage_table.rst",
            category="5. How well they classify",
            labels={"figure": "What leakage is worth (table)", "dataset": "all", "network": "all"},
        ),
    log:
        f"{RESULTS}/logs/leakage.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        pairs=LEAKY,
        tested={name: splits(name)[1] for name in DATASETS},
        labels=figure_labels(),
        split_by={name: split_by(name) for name in DATASETS},
        simulated=[d for d in DATASETS if simulated(d)],
    message:
        "Draw what leakage is worth."
    script:
        "../scripts/leakage.py"


rule training_curves:
    input:
        histories=every(f"{RESULTS}/training/{{dataset}}/{{architecture}}/{{seeds}}/history.csv"),
    output:
        png=f"{RESULTS}/figures/training_curves.png",
        pdf=f"{RESULTS}/figures/training_curves.pdf",
        # Stands on the first page of the report.
        svg=f"{RESULTS}/figures/training_curves.svg",
        screen=report(
            f"{RESULTS}/figures/training_curves.screen.png",
            caption="../report/captions/training_curves.rst",
            category="6. How they learn",
            labels={"figure": "Training accuracy", "dataset": "all", "network": "all"},
        ),
    log:
        f"{RESULTS}/logs/training_curves.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        labels=figure_labels(),
        simulated=[d for d in DATASETS if simulated(d)],
    message:
        "Draw the training accuracy of all networks by epoch."
    script:
        "../scripts/training_curves.py"
