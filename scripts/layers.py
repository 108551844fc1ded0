"""List the layers of a network as it is built for the images of a dataset.

Reads of the training pack only the shape of its images and the number of their classes. Writes a
table with a row a layer: its kind, output shape, parameters and multiplications.
"""

from pathlib import Path

from _job import reporting, snakemake

with reporting():
    from manyseeds.networks import architectures, summary
    from manyseeds.tiles import packs

    pack = packs.open_pack(Path(snakemake.input.pack), Path(snakemake.input.index))
    shape = architectures.image_shape(pack.images)
    layers = architectures.build(snakemake.wildcards.architecture, shape, len(pack.classes))
    summary.summary(layers).to_csv(snakemake.output.table, index=False)
