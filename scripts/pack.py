"""Pack a split: one array of its tiles, memory-mapped, and its index with labels.

Reads the split's tiles (the dataset's, or the rotated ones) and their table. Labels number the
classes in the order of the study, or sorted by name.
"""

from pathlib import Path

from _job import reporting, say, snakemake

with reporting():
    from manyseeds import tables
    from manyseeds.tiles import packs

    table = tables.read(snakemake.input.table)
    classes = snakemake.params.classes
    index = packs.write(
        Path(snakemake.input.tiles),
        table[table["split"] == snakemake.wildcards.split],
        classes or sorted(tables.read(snakemake.input.dataset)["class"].unique()),
        Path(snakemake.output.pack),
        Path(snakemake.output.index),
        workers=snakemake.threads,
    )
    say(f"{len(index):,} tiles")
