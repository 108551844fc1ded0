# Statistics: means over seeds with their intervals, and differences between networks.
ACCURACY = "5. How well they classify"
EVALUATIONS = expand_over_study(
    "<results>/evaluation/{dataset}/{architecture}/{seeds}/evaluation.csv"
)


rule accuracy_tables:
    input:
        evaluations=EVALUATIONS,
    output:
        runs="<results>/statistics/evaluations.csv",
        means=in_report(
            "<results>/statistics/accuracy.csv",
            ACCURACY,
            "Test accuracy (table)",
            "accuracy_table",
        ),
    log:
        "<logs>/accuracy_tables.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    params:
        simulated=ABOUT_STUDY["simulated"],
    message:
        "Gather the accuracies of all networks, and average them over seeds."
    script:
        "../scripts/accuracy_tables.py"


rule leakage_tables:
    input:
        evaluations=lambda wildcards: [
            f"<results>/evaluation/{dataset}/{pair.architecture}/{job.name}/evaluation.csv"
            for pair in study.leaky_pairs
            for dataset in (pair.honest, pair.leaky)
            for job in study.seed_jobs
        ],
    output:
        runs="<results>/statistics/leakage_runs.csv",
        table=in_report(
            "<results>/statistics/leakage.csv",
            ACCURACY,
            "What leakage is worth (table)",
            "leakage_table",
            when=study.leaky_pairs,
        ),
    log:
        "<logs>/leakage_tables.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    params:
        simulated=ABOUT_STUDY["simulated"],
        tested=by_dataset("tested"),
        pairs=[(pair.honest, pair.leaky, pair.architecture) for pair in study.leaky_pairs],
    message:
        "Pair the networks trained with an honest and with a leaky split."
    script:
        "../scripts/leakage_tables.py"


rule accuracy_boxplot:
    input:
        runs=rules.accuracy_tables.output.runs,
        means=rules.accuracy_tables.output.means,
    output:
        **figure("accuracy_boxplot", ACCURACY, "Test accuracy", svg=True),
    log:
        "<logs>/accuracy_boxplot.log",
    params:
        **(ABOUT_STUDY | {"experts": by_dataset("keys.expert_accuracy")}),
    script:
        "../scripts/accuracy_boxplot.py"


rule leakage:
    input:
        runs=rules.leakage_tables.output.runs,
        table=rules.leakage_tables.output.table,
    output:
        **figure("leakage", ACCURACY, "What leakage is worth", when=study.leaky_pairs),
    log:
        "<logs>/leakage.log",
    params:
        **(ABOUT_STUDY | {"split_by": by_dataset("split_by")}),
    script:
        "../scripts/leakage.py"
