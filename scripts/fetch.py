"""Fetch the images of a dataset.

Reads a folder, an archive, a repository, IDX files or a dataset of torchvision, on this machine
or from an address. Writes the images, byte for byte as they came (those of arrays as PNG),
``images.csv``, and ``skipped.csv`` with the damaged images left out, if the study has them left
out. Every image is decoded once, so that a damaged one stops the study here.
"""

from pathlib import Path

from _job import reporting, say, snakemake

with reporting():
    from manyseeds.sources import holdings
    from manyseeds.sources.source import source_of

    params = snakemake.params
    source = source_of(params.source)
    table, phantoms, skipped = source.fetch(
        Path(snakemake.output.images),
        classes=params.classes,
        on_bad_image=params.on_bad_image,
        selection=params.selection,
        workers=snakemake.threads,
    )
    table.to_csv(snakemake.output.table, index=False)
    skipped.to_csv(snakemake.output.skipped, index=False)
    say(
        f"{len(table):,} images in {table['class'].nunique()} classes from {source.origin}; "
        f"{phantoms:,} phantom file{'s' * (phantoms != 1)} left out; "
        f"{table['sha256'].duplicated(keep=False).sum()} files are identical to another"
    )
    for line in holdings.lines(table):
        say(line)
    if len(skipped):
        say(
            f"{len(skipped):,} damaged images skipped (of {len(table) + len(skipped):,}), see "
            f"{snakemake.output.skipped}"
        )
