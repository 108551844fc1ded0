"""Split the tiles of a dataset into training and test sets.

Reads ``tiles.csv``. Writes ``split.csv``, the same rows with angle (0) and split. Fields or groups
stay whole and classes keep their shares. Method: `manyseeds.splits.assign`; the result is checked
by `manyseeds.splits.check` before anything is trained.
"""

from _job import reporting, say, snakemake

with reporting():
    from manyseeds import splits, tables
    from manyseeds.randomness import rng

    params = snakemake.params
    table = tables.read(snakemake.input.table)
    generator = rng(params.study_seed, "split", snakemake.wildcards.dataset)
    split = splits.assign(table, params.by, params.held_out, generator)
    table = table.drop(columns="split").assign(angle=0, split=split)
    splits.check(table, params.splits, params.by)
    table.to_csv(snakemake.output.table, index=False)
    sizes = table["split"].value_counts()
    say(", ".join(f"{split}: {sizes[split]:,} tiles" for split in params.splits))
