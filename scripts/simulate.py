"""Simulate the fields of a dataset.

Writes ``images/<class>/<class>_NNN.tif`` (16 bits, a page a channel), the true puncta of each
field under ``masks/`` by the same name as PNG, and ``images.csv``. Every field comes from a
generator of its own. Method: `manyseeds.micrographs.simulate_field`.
"""

from pathlib import Path

from _job import reporting, say, snakemake


def simulate(name: str, number: int) -> None:
    """Simulate and write one field of a class."""
    generator = rng(params.study_seed, "simulate", dataset, name, number)
    field = micrographs.simulate_field(phenotype, name != "control", generator, shape)
    image, mask = (
        Path(folder, name, f"{name}_{number:03d}.{suffix}")
        for folder, suffix in ((snakemake.output.images, "tif"), (snakemake.output.masks, "png"))
    )
    micrographs.write_field(field, image, mask)


with reporting():
    from multiprocessing import get_context

    from manyseeds import micrographs, sources
    from manyseeds.randomness import rng

    params, dataset = snakemake.params, snakemake.wildcards.dataset
    phenotype = micrographs.PHENOTYPES[params.source["phenotype"]]
    shape = tuple(params.source["shape"])
    for folder in (snakemake.output.images, snakemake.output.masks):
        for name in phenotype.classes:
            Path(folder, name).mkdir(parents=True, exist_ok=True)
    fields = [(name, i) for name in phenotype.classes for i in range(params.source["fields"])]
    with get_context("fork").Pool(snakemake.threads) as pool:
        pool.starmap(simulate, fields)
    table = sources.describe_folder(
        Path(snakemake.output.images), classes=phenotype.classes, workers=snakemake.threads
    ).table
    table.to_csv(snakemake.output.table, index=False)
    say(f"{len(table)} simulated fields of {shape[1]} x {shape[0]} pixels")
