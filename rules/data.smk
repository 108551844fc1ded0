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
        dataset=one_of(filter(simulated, FETCHED)),
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
        skipped=f"{RESULTS}/fetch/{{dataset}}/skipped.csv",
    log:
        f"{RESULTS}/logs/fetch/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/fetch/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=one_of(d for d in FETCHED if not simulated(d)),
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
        on_bad_image=lambda wildcards: config["datasets"][wildcards.dataset]["on_bad_image"],
        # A folder's files are too many for inputs, but a change in one must be seen.
        fingerprint=fingerprint,
    message:
        "Fetch the images of {wildcards.dataset}."
    script:
        "../scripts/fetch.py"


rule slice:
    input:
        images=lambda wildcards: f"{RESULTS}/fetch/{fetch_of(wildcards.dataset)}/images",
        table=lambda wildcards: f"{RESULTS}/fetch/{fetch_of(wildcards.dataset)}/images.csv",
    output:
        tiles=f"{RESULTS}/tiles/{{dataset}}/tiles.npy",
        table=f"{RESULTS}/tiles/{{dataset}}/tiles.csv",
    log:
        f"{RESULTS}/logs/slice/{{dataset}}.log",
    benchmark:
        f"{RESULTS}/benchmarks/slice/{{dataset}}.tsv"
    wildcard_constraints:
        dataset=one_of(TILED),
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        mem_mb=2000,
        runtime=120,
    params:
        # Of all classes that were fetched: which are held out must not depend on the others.
        dataset=lambda wildcards: chosen(wildcards, "size", "color", "pages", "scale", "slice"),
    message:
        "Slice the images of {wildcards.dataset} into tiles."
    script:
        "../scripts/slice.py"


rule split:
    input:
        table=lambda wildcards: f"{RESULTS}/tiles/{tiling_of(wildcards.dataset)}/tiles.csv",
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
        stream=lambda wildcards: stream(wildcards.dataset),
        classes=lambda wildcards: config["datasets"][wildcards.dataset].get("classes"),
        by=lambda wildcards: split_by(wildcards.dataset),
        held_out=lambda wildcards: held_out(wildcards.dataset),
        angles=lambda wildcards: {
            split: angles(wildcards.dataset, split) for split in splits(wildcards.dataset)
        },
    message:
        "Split {wildcards.dataset} into training and test tiles."
    script:
        "../scripts/split.py"


rule rotate:
    input:
        tiles=lambda wildcards: f"{RESULTS}/tiles/{tiling_of(wildcards.dataset)}/tiles.npy",
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
        fill=lambda wildcards: config["datasets"][wildcards.dataset]["rotate"]["fill"],
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
