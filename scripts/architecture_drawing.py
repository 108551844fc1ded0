"""Draw a network as it is built for the images of a dataset.

Reads of the training pack only the shape of its images and the number of their classes. Writes
the drawing (PNG and PDF for print, PNG for the screen).
"""

from pathlib import Path

from _job import reporting, snakemake

with reporting():
    from manyseeds.figures import drawings, style
    from manyseeds.networks import architectures
    from manyseeds.tiles import packs

    architecture = snakemake.wildcards.architecture
    pack = packs.open_pack(Path(snakemake.input.pack), Path(snakemake.input.index))
    shape = architectures.image_shape(pack.images)
    layers = architectures.build(architecture, shape, len(pack.classes))
    figure = drawings.draw(architecture, layers, snakemake.params.title)
    style.save(figure, **dict(snakemake.output.items()))
