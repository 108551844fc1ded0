"""Rotate the tiles of a split, each by its angle.

Reads the dataset's tiles and ``split.csv``. Writes the rotated tiles and their table.
Method: `manyseeds.tiles.rotation.rotate_tiles`.
"""

from pathlib import Path

from _job import reporting, say, snakemake

with reporting():
    from manyseeds import tables
    from manyseeds.tiles import rotation

    table = tables.read(snakemake.input.table)
    table = rotation.rotate_tiles(
        Path(snakemake.input.tiles),
        table[table["split"] == snakemake.wildcards.split],
        Path(snakemake.output.tiles),
        fill=snakemake.params.fill,
        workers=snakemake.threads,
    )
    table.to_csv(snakemake.output.table, index=False)
    say(f"{len(table):,} tiles at {table['angle'].nunique()} angles")
