"""Draw the training accuracy of all networks of the study by epoch.

Reads the ``history.csv`` of every job. Writes runs as points with a loess smooth and its band,
a color a dataset and a facet an architecture, or where datasets are many the reverse (PNG and PDF
for print, PNG for the screen, SVG for the first page of the report).
"""

from _job import reporting, snakemake

with reporting():
    import pandas as pd

    from manyseeds import tables
    from manyseeds.figures import style, training_curves

    histories = pd.concat(map(tables.read, snakemake.input.histories), ignore_index=True)
    figure = training_curves.training_curves(histories, labels=snakemake.params.labels)
    style.save(figure, **dict(snakemake.output.items()))
