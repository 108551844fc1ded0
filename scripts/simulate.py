"""Simulate the fields of a dataset.

Writes ``images/<class>/<class>_NNN.tif`` (16 bits, a page a channel), the true puncta of each
field under ``masks/`` by the same name as PNG, and ``images.csv``. Every field comes from a
generator of its own. Method: `manyseeds.simulation.fields.simulate_field`.
"""

from functools import partial
from pathlib import Path

from _job import reporting, say, snakemake

with reporting():
    from manyseeds.randomness import rng
    from manyseeds.sources.source import source_of

    source = source_of(snakemake.params.source)
    streams = partial(rng, snakemake.params.study_seed, "simulate", snakemake.wildcards.dataset)
    # Its masks lie beside the images.
    table = source.fetch(
        Path(snakemake.output.images),
        selection=snakemake.params.selection,
        workers=snakemake.threads,
        streams=streams,
    ).table
    table.to_csv(snakemake.output.table, index=False)
    height, width = source.shape
    say(f"{len(table)} simulated fields of {width} x {height} pixels")
