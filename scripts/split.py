"""Split the tiles of a dataset into training and test sets.

Reads ``tiles.csv``. Writes ``split.csv``, a row for each tile of the dataset's classes at each
angle that its split has, with its position in ``tiles.npy``. Fields or groups stay whole and
classes keep their shares. Method: `manyseeds.tiles.splits.assign`; the result is checked by
`manyseeds.tiles.splits.check` before anything is trained. All tiles are split, and then the classes
chosen: so datasets that differ in their classes alone have the same test images.
"""

from _job import reporting, say, snakemake

with reporting():
    from manyseeds import tables
    from manyseeds.randomness import rng
    from manyseeds.tiles import splits

    params = snakemake.params
    table = tables.read(snakemake.input.table)
    table["position"] = range(len(table))
    if params.by == "group":
        splits.check_groups(table)
    if params.by == "tile":
        # As is often done, and should not be: rotated tiles are drawn, not what they show.
        table = splits.at_angles(table.assign(split="train"), params.angles)
    generator = rng(params.study_seed, "split", params.stream)
    table["split"] = splits.assign(table, params.by, params.held_out, generator)
    table = tables.of_classes(table, params.classes)
    if params.by != "tile":
        table = splits.at_angles(table, params.angles)
    splits.check(table, list(params.angles), params.by)
    table[splits.COLUMNS].to_csv(snakemake.output.table, index=False)
    sizes = table["split"].value_counts()
    say(", ".join(f"{split}: {sizes[split]:,} tiles" for split in params.angles))
