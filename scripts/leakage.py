"""Draw what leakage is worth: accuracies of the same seeds with an honest and a leaky split.

Reads the tables of the runs and of their means that ``leakage_tables.py`` wrote. Writes a figure
with a line a seed, the means and their paired difference with 95 % intervals over seeds (PNG and
PDF for print, PNG for the screen).
"""

from _job import reporting, snakemake

with reporting():
    from manyseeds import tables
    from manyseeds.figures import leakage, style

    given, params = snakemake.input, snakemake.params
    figure = leakage.leakage_plot(
        tables.read(given.runs), tables.read(given.table), params.labels, params.split_by
    )
    style.save(figure, **dict(snakemake.output.items()))
