"""Fetch the images of a dataset.

Reads a folder, an archive or IDX files, on this machine or from an address. Writes the images,
byte for byte as they came (those of IDX files as PNG), and ``images.csv``. Every image is decoded
once, so that a damaged one stops the study here.
"""

from pathlib import Path

from _job import reporting, say, snakemake

with reporting():
    from manyseeds import archives, idx, sources

    params = snakemake.params
    out, classes = Path(snakemake.output.images), params.classes
    options = {key: value for key, value in params.source.items() if key not in
               ("kind", "path", "url")}  # fmt: skip
    fetch = {
        "folder": sources.copy_folder,
        "archive": archives.unpack_archive,
        "idx": idx.read_idx,
    }[params.source["kind"]]
    table, phantoms = fetch(
        params.location, out, classes=classes, workers=snakemake.threads, **options
    )
    table.to_csv(snakemake.output.table, index=False)
    say(
        f"{len(table):,} images in {table['class'].nunique()} classes from {params.location}; "
        f"{phantoms} phantom files (such as .DS_Store) skipped; "
        f"{table['sha256'].duplicated(keep=False).sum()} files are identical to another"
    )
