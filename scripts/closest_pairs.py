"""Draw the ten closest pairs of tiles across the splits of a dataset.

Reads ``pairs.csv`` and the packs. Writes a panel of the pairs side by side (PNG and PDF for print,
PNG for the screen), also where none of them is a near-duplicate.
"""

from _job import reporting, snakemake

with reporting():
    import numpy as np

    from manyseeds import tables
    from manyseeds.figures import audit, style

    given, params = snakemake.input, snakemake.params
    figure = audit.pairs_panel(
        tables.read(given.pairs),
        {
            split: np.load(npy, mmap_mode="r")
            for split, npy in zip(params.splits, given.packs, strict=True)
        },
        title=params.title,
    )
    style.save(figure, **dict(snakemake.output.items()))
