"""Draw a network as it is built for the images of a dataset, and list its layers.

Reads of the training pack only the shape of its images and the number of their classes. Writes
the drawing (PNG and PDF for print, PNG for the screen) and a table with a row a layer: its
kind, output shape, parameters and multiplications.
"""

from pathlib import Path

from _job import reporting, snakemake

with reporting():
    from manyseeds import architectures, blueprints, drawings, packs, style

    job, params, output = snakemake.wildcards, snakemake.params, snakemake.output
    pack = packs.open_pack(Path(snakemake.input.pack), Path(snakemake.input.index))
    layers = architectures.build(
        job.architecture, architectures.image_shape(pack.images), len(pack.classes)
    )
    blueprints.summary(layers).to_csv(output.table, index=False)
    figure = drawings.draw(job.architecture, layers, params.title)
    style.save(figure, output.png, output.pdf, output.screen)
