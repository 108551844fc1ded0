# Audit: whether the splits of a dataset can be trusted. Training waits for the gate.
AUDIT = "2. Can the splits be trusted"


rule audit:
    input:
        packs=packs("npy"),
        indices=packs("csv"),
        images=shared("fetched_as", "<results>/fetch/{dataset}/images.csv"),
    output:
        audit=in_report(
            "<results>/audit/{dataset}/audit.csv", AUDIT, "Audit (table)", "audit_table"
        ),
        findings=in_report(
            "<results>/audit/{dataset}/findings.csv", AUDIT, "Findings (table)", "audit_findings"
        ),
        pairs="<results>/audit/{dataset}/pairs.csv",
        shares="<results>/audit/{dataset}/shares.csv",
    log:
        "<logs>/audit/{dataset}.log",
    benchmark:
        "<benchmarks>/audit/{dataset}.tsv"
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        runtime=120,
    params:
        **of_dataset("splits", "simulated", pixel_size="keys.pixel_size"),
    message:
        "Audit the splits of {wildcards.dataset}."
    script:
        "../scripts/audit.py"


# The gate is a checkpoint and not an input of the training. So trained networks stay when the gate is
# passed again, because audit: strict became warn or because the audit was repeated.
checkpoint audit_gate:
    input:
        audit=rules.audit.output.audit,
        findings=rules.audit.output.findings,
    output:
        "<results>/audit/{dataset}/gate.txt",
    log:
        "<logs>/audit_gate/{dataset}.log",
    priority: 10
    localrule: True
    conda:
        "../envs/data.yaml"
    threads: 1
    params:
        **of_dataset(audit="keys.audit"),
    message:
        "Say what the audit of {wildcards.dataset} found."
    script:
        "../scripts/audit_gate.py"


# If another workflow takes single rules of this one, training asks for the gate all the same.
if not hasattr(checkpoints, "audit_gate"):
    checkpoints.register(rules.audit_gate.rule, "audit_gate")


rule audit_figure:
    input:
        audit=rules.audit.output.audit,
        shares=rules.audit.output.shares,
    output:
        **figure("{dataset}/audit_figure", AUDIT, "Audit"),
    log:
        "<logs>/audit_figure/{dataset}.log",
    params:
        **ABOUT_DATASET,
    script:
        "../scripts/audit_figure.py"


rule closest_pairs:
    input:
        pairs=rules.audit.output.pairs,
        packs=packs("npy"),
    output:
        **figure("{dataset}/closest_pairs", AUDIT, "Closest pairs"),
    log:
        "<logs>/closest_pairs/{dataset}.log",
    params:
        **ABOUT_DATASET,
    script:
        "../scripts/closest_pairs.py"
