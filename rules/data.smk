# Data: from images as they come to one packed array for each split.


rule simulate:
    output:
        images=directory("<results>/fetch/{dataset}/images"),
        masks=directory("<results>/fetch/{dataset}/masks"),
        table="<results>/fetch/{dataset}/images.csv",
    log:
        "<logs>/simulate/{dataset}.log",
    benchmark:
        "<benchmarks>/simulate/{dataset}.tsv"
    wildcard_constraints:
        dataset=any_name_of(dataset.name for dataset in study.fetched if dataset.simulated),
    # The data stages go first, so that a fault of an image shows before any training.
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    params:
        **of_dataset("selection", source="source.plain"),
        study_seed=study.seed,
    message:
        "Simulate the fields of {wildcards.dataset}."
    script:
        "../scripts/simulate.py"


rule fetch:
    input:
        source_files,
    output:
        images=directory("<results>/fetch/{dataset}/images"),
        table="<results>/fetch/{dataset}/images.csv",
        skipped="<results>/fetch/{dataset}/skipped.csv",
    log:
        "<logs>/fetch/{dataset}.log",
    benchmark:
        "<benchmarks>/fetch/{dataset}.tsv"
    wildcard_constraints:
        dataset=any_name_of(dataset.name for dataset in study.fetched if not dataset.simulated),
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        runtime=240,
    params:
        **of_dataset("classes", "selection", source="source.plain"),
        **of_dataset(on_bad_image="keys.on_bad_image"),
        # The path of the images, and a digest of a folder's files. The files are too many for
        # inputs, but a change of one must be noticed.
        **of_dataset(location="source.location", fingerprint="source.fingerprint"),
    message:
        "Fetch the images of {wildcards.dataset}."
    script:
        "../scripts/fetch.py"


rule slice:
    input:
        images=shared("fetched_as", "<results>/fetch/{dataset}/images"),
        table=shared("fetched_as", "<results>/fetch/{dataset}/images.csv"),
    output:
        tiles="<results>/tiles/{dataset}/tiles.npy",
        table="<results>/tiles/{dataset}/tiles.csv",
    log:
        "<logs>/slice/{dataset}.log",
    benchmark:
        "<benchmarks>/slice/{dataset}.tsv"
    wildcard_constraints:
        dataset=any_name_of(dataset.name for dataset in study.tiled),
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        runtime=120,
        # Known as soon as the images are there; until then Snakemake asks again.
        mem_mb=lambda wildcards, input, threads: memory.for_images(
            input.table, threads, study.datasets[wildcards.dataset].keys.pixel_size
        ),
    params:
        # All fetched classes are sliced, so that which tiles are held out does not depend on the
        # classes that a dataset names.
        **of_dataset("tiling", "selection"),
    message:
        "Slice the images of {wildcards.dataset} into tiles."
    script:
        "../scripts/slice.py"


rule split:
    input:
        table=shared("tiled_as", "<results>/tiles/{dataset}/tiles.csv"),
    output:
        table="<results>/splits/{dataset}/split.csv",
    log:
        "<logs>/split/{dataset}.log",
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: 1
    params:
        **of_dataset("stream", "classes", "held_out", by="split_by", angles="angles_by_split"),
        study_seed=study.seed,
    message:
        "Split {wildcards.dataset} into training and test tiles."
    script:
        "../scripts/split.py"


rule rotate:
    input:
        tiles=shared("tiled_as", "<results>/tiles/{dataset}/tiles.npy"),
        table="<results>/splits/{dataset}/split.csv",
    output:
        tiles=temp("<results>/rotated/{dataset}/{split}.npy"),
        table=temp("<results>/rotated/{dataset}/{split}.csv"),
    log:
        "<logs>/rotate/{dataset}.{split}.log",
    benchmark:
        "<benchmarks>/rotate/{dataset}.{split}.tsv"
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    resources:
        runtime=120,
    params:
        **of_dataset(fill="keys.rotate.fill"),
    message:
        "Rotate the {wildcards.split} tiles of {wildcards.dataset}."
    script:
        "../scripts/rotate.py"


rule pack:
    input:
        unpack(tiles_to_pack),
        # This table has all splits of the dataset. It tells which classes there are.
        dataset="<results>/splits/{dataset}/split.csv",
    output:
        pack="<results>/packs/{dataset}/{split}.npy",
        index="<results>/packs/{dataset}/{split}.csv",
    log:
        "<logs>/pack/{dataset}.{split}.log",
    benchmark:
        "<benchmarks>/pack/{dataset}.{split}.tsv"
    priority: 10
    conda:
        "../envs/data.yaml"
    threads: DATA_THREADS
    params:
        **of_dataset("classes"),
    message:
        "Pack the {wildcards.split} tiles of {wildcards.dataset}."
    script:
        "../scripts/pack.py"


rule training_panel:
    input:
        **TRAINING_PACK,
    output:
        **figure("{dataset}/training_panel", "1. The images", "Training images"),
    log:
        "<logs>/training_panel/{dataset}.log",
    params:
        **ABOUT_DATASET,
    script:
        "../scripts/training_panel.py"
