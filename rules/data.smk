# Data: from images as they come to one packed array a split.


rule simulate:
    output:
        images=directory(f"{RESULTS}/fetch/{{dataset}}/images"),
        masks=directory(f"{RESULTS}/fetch/{{dataset}}/masks"),
        table=f"{RESULTS}/fetch/{{dataset}}/images.csv",
    log:
        f"{RESULTS}/logs/simulate/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/simulate/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=one_of(filter(simulated, DATASETS)),
    # The roads to the packs go first: what is wrong with an image shows before any training.
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        study_seed=config["seed"],
        source=source,
    message:
        "Simulate the fields of {wildcards.dataset}."
    script:
        "../scripts/simulate.py"


rule fetch:
    input:
        source_files,
    output:
        images=directory(f"{RESULTS}/fetch/{{dataset}}/images"),
        table=f"{RESULTS}/fetch/{{dataset}}/images.csv",
    log:
        f"{RESULTS}/logs/fetch/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=one_of(d for d in DATASETS if not simulated(d)),
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        mem_mb=2000,
        runtime=240,
    params:
        source=source,
        location=lambda wildcards: location(wildcards.dataset),
        classes=lambda wildcards: config["datasets"][wildcards.dataset].get("classes"),
        # A folder's files are too many for inputs, but a change in one must be seen.
        fingerprint=fingerprint,
    message:
        "Fetch the images of {wildcards.dataset}."
    script:
        "../scripts/fetch.py"


rule slice:
    input:
        images=f"{RESULTS}/fetch/{{dataset}}/images",
        table=f"{RESULTS}/fetch/{{dataset}}/images.csv",
    output:
        tiles=f"{RESULTS}/tiles/{{dataset}}/tiles.npy",
        table=f"{RESULTS}/tiles/{{dataset}}/tiles.csv",
    log:
        f"{RESULTS}/logs/slice/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/slice/{{dataset}}.tsv"
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        dataset=lambda wildcards: chosen(
            wildcards, "classes", "size", "color", "pages", "scale", "slice"
        ),
    message:
        "Slice the images of {wildcards.dataset} into tiles."
    script:
        "../scripts/slice.py"


rule split:
    input:
        table=f"{RESULTS}/tiles/{{dataset}}/tiles.csv",
    output:
        table=f"{RESULTS}/splits/{{dataset}}/split.csv",
    log:
        f"{RESULTS}/logs/split/{{dataset}}.log",
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        study_seed=config["seed"],
        by=lambda wildcards: config["datasets"][wildcards.dataset]["split"]["by"],
        held_out=lambda wildcards: held_out(wildcards.dataset),
        splits=lambda wildcards: splits(wildcards.dataset),
    message:
        "Split {wildcards.dataset} into training and test tiles."
    script:
        "../scripts/split.py"


rule rotate:
    input:
        tiles=f"{RESULTS}/tiles/{{dataset}}/tiles.npy",
        table=f"{RESULTS}/splits/{{dataset}}/split.csv",
    output:
        tiles=temp(f"{RESULTS}/rotated/{{dataset}}/{{split}}.npy"),
        table=temp(f"{RESULTS}/rotated/{{dataset}}/{{split}}.csv"),
    log:
        f"{RESULTS}/logs/rotate/{{dataset}}.{{split}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/rotate/{{dataset}}.{{split}}.tsv"
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        rotate=lambda wildcards: config["datasets"][wildcards.dataset]["rotate"],
    message:
        "Rotate the {wildcards.split} tiles of {wildcards.dataset}."
    script:
        "../scripts/rotate.py"


rule pack:
    input:
        tiles=tiles_of,
        table=table_of,
        # All splits of the dataset, to tell which classes there are.
        dataset=f"{RESULTS}/splits/{{dataset}}/split.csv",
    output:
        pack=f"{RESULTS}/packs/{{dataset}}/{{split}}.npy",
        index=f"{RESULTS}/packs/{{dataset}}/{{split}}.csv",
    log:
        f"{RESULTS}/logs/pack/{{dataset}}.{{split}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/pack/{{dataset}}.{{split}}.tsv"
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        classes=lambda wildcards: config["datasets"][wildcards.dataset].get("classes"),
    message:
        "Pack the {wildcards.split} tiles of {wildcards.dataset}."
    script:
        "../scripts/pack.py"
