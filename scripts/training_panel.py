"""Draw 25 labelled training images of a dataset.

Reads the training pack. Writes a panel of 5 x 5 tiles with the name of its class above each
(PNG and PDF for print, PNG for the screen). The tiles are drawn at random, equally many of each
class, and no tile twice at different angles.
"""

from pathlib import Path

from _job import reporting, snakemake

COUNT = 25

with reporting():
    from manyseeds.figures import panels, style
    from manyseeds.randomness import rng
    from manyseeds.tiles import packs

    params = snakemake.params
    pack = packs.open_pack(Path(snakemake.input.pack), Path(snakemake.input.index))
    generator = rng(params.study_seed, "training_panel", snakemake.wildcards.dataset)
    rows = panels.choose_balanced(pack.labels, COUNT, generator, units=pack.index["tile"])
    figure = panels.training_panel(
        pack.images[rows], pack.labels[rows], pack.classes, title=f"{params.title}: training images"
    )
    style.save(figure, **dict(snakemake.output.items()))
