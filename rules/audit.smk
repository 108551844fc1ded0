# Audit: whether the splits of a dataset can be trusted. Training waits for the gate.


rule audit:
    input:
        packs=lambda wildcards: packs_of(wildcards.dataset, "npy"),
        indices=lambda wildcards: packs_of(wildcards.dataset, "csv"),
        images=images_table,
    output:
        audit=report(
            f"{RESULTS}/audit/{{dataset}}/audit.csv",
            caption="../report/captions/audit_table.rst",
            category="2. Can the splits be trusted",
            labels={"figure": "Audit (table)", "dataset": "{dataset}", "network": ""},
        ),
        findings=report(
            f"{RESULTS}/audit/{{dataset}}/findings.csv",
            caption="../report/captions/audit_findings.rst",
            category="2. Can the splits be trusted",
            labels={"figure": "Findings (table)", "dataset": "{dataset}", "network": ""},
        ),
        pairs=f"{RESULTS}/audit/{{dataset}}/pairs.csv",
        shares=f"{RESULTS}/audit/{{dataset}}/shares.csv",
    log:
        f"{RESULTS}/logs/audit/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/audit/{{dataset}}.tsv"
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        splits=lambda wildcards: splits(wildcards.dataset),
    message:
        "Audit the splits of {wildcards.dataset}."
    script:
        "../scripts/audit.py"


# A checkpoint, and no input of the training: when the gate is passed anew (audit: strict becomes
# warn, or the audit is repeated), what is trained already stays.
checkpoint audit_gate:
    input:
        audit=rules.audit.output.audit,
        findings=rules.audit.output.findings,
    output:
        f"{RESULTS}/audit/{{dataset}}/gate.txt",
    log:
        f"{RESULTS}/logs/audit_gate/{{dataset}}.log",
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=500,
        runtime=10,
    params:
        audit=lambda wildcards: config["datasets"][wildcards.dataset]["audit"],
    message:
        "Say what the audit of {wildcards.dataset} found."
    script:
        "../scripts/audit_gate.py"


rule audit_figure:
    input:
        audit=rules.audit.output.audit,
        shares=rules.audit.output.shares,
    output:
        png=f"{RESULTS}/figures/{{dataset}}/audit.png",
        pdf=f"{RESULTS}/figures/{{dataset}}/audit.pdf",
        screen=report(
            f"{RESULTS}/figures/{{dataset}}/audit.screen.png",
            caption="../report/captions/audit_figure.rst",
            category="2. Can the splits be trusted",
            labels={"figure": "Audit", "dataset": "{dataset}", "network": ""},
        ),
    log:
        f"{RESULTS}/logs/audit_figure/{{dataset}}.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        title=lambda wildcards: label(wildcards.dataset),
        simulated=lambda wildcards: simulated(wildcards.dataset),
    message:
        "Draw the audit of {wildcards.dataset}."
    script:
        "../scripts/audit_figure.py"


rule closest_pairs:
    input:
        pairs=rules.audit.output.pairs,
        packs=lambda wildcards: packs_of(wildcards.dataset, "npy"),
    output:
        png=f"{RESULTS}/figures/{{dataset}}/closest_pairs.png",
        pdf=f"{RESULTS}/figures/{{dataset}}/closest_pairs.pdf",
        screen=report(
            f"{RESULTS}/figures/{{dataset}}/closest_pairs.screen.png",
            caption="../report/captions/closest_pairs.rst",
            category="2. Can the splits be trusted",
            labels={"figure": "Closest pairs", "dataset": "{dataset}", "network": ""},
        ),
    log:
        f"{RESULTS}/logs/closest_pairs/{{dataset}}.log",
    conda:
        "../envs/figures.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        title=lambda wildcards: label(wildcards.dataset),
        splits=lambda wildcards: splits(wildcards.dataset),
        simulated=lambda wildcards: simulated(wildcards.dataset),
    message:
        "Draw the closest pairs of tiles of {wildcards.dataset} across splits."
    script:
        "../scripts/closest_pairs.py"
