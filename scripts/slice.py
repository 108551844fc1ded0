"""Slice the images of a dataset into tiles.

Reads the images and ``images.csv``. Writes ``tiles.npy``, 8-bit tiles of one size, and
``tiles.csv``, a row a tile. Method: `manyseeds.tiles.slicing.slice_images`.
"""

from pathlib import Path

from _job import reporting, say, snakemake

with reporting():
    from manyseeds import tables
    from manyseeds.images.selection import Selection
    from manyseeds.tiles import slicing

    tiling = snakemake.params.tiling
    table = slicing.slice_images(
        tables.read(snakemake.input.table),
        Path(snakemake.input.images),
        Path(snakemake.output.tiles),
        **tiling,
        selection=Selection.of(snakemake.params.selection),
        workers=snakemake.threads,
    )
    table.to_csv(snakemake.output.table, index=False)
    say(f"{len(table):,} tiles of {tiling['size']} x {tiling['size']} pixels")
