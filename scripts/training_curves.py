"""Draw the training accuracy of all networks of the study by epoch.

Reads the ``history.csv`` of every job. Writes runs as points with a loess smooth and its band,
a color a dataset and a facet an architecture, or where datasets are many the reverse (PNG and PDF
for print, PNG for the screen).
"""

from _job import reporting, snakemake

with reporting():
    import pandas as pd

    from manyseeds import plots, style, tables

    params, output = snakemake.params, snakemake.output
    histories = pd.concat(map(tables.read, snakemake.input.histories), ignore_index=True)
    figure = plots.training_curves(histories, labels=params.labels)
    style.save(figure, output.png, output.pdf, output.screen, output.svg)
