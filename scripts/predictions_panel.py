"""Draw 24 test images of a dataset as one trained network classifies them.

Reads a test pack and the predictions made of it. Writes a panel of 4 x 6 tiles, each with the
predicted class, its confidence and the true class (PNG and PDF for print, PNG for the screen).
The network is the one of the lowest seed, and the images are a random sample: none is picked
for its result. The sample depends on the dataset alone, so that networks can be compared on it.
"""

from pathlib import Path

from _job import reporting, snakemake

COUNT = 24

with reporting():
    import pandas as pd

    from manyseeds.figures import panels, style
    from manyseeds.randomness import rng
    from manyseeds.tiles import packs

    params = snakemake.params
    pack = packs.open_pack(Path(snakemake.input.pack), Path(snakemake.input.index))
    found = panels.predictions_of(pd.read_parquet(snakemake.input.predictions), pack.index)
    generator = rng(params.study_seed, "predictions_panel", snakemake.wildcards.dataset)
    rows = panels.choose_sample(len(pack), COUNT, generator)
    network, seed = found["architecture"].iloc[0], found["seed"].iloc[0]
    figure = panels.predictions_panel(
        pack.images[rows],
        pack.labels[rows],
        found["predicted"].to_numpy()[rows],
        found["confidence"].to_numpy()[rows],
        pack.classes,
        title=f"{params.title}: test images as classified by {network}, seed {seed}",
    )
    style.save(figure, **dict(snakemake.output.items()))
