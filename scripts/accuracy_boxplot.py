"""Draw the test accuracies of all networks of the study.

Reads the evaluations of all networks and the table of their means. Writes a boxplot by dataset
and architecture with a point a run (PNG and PDF for print, PNG for the screen, SVG for the first
page of the report).
"""

from _job import reporting, snakemake

with reporting():
    from manyseeds import tables
    from manyseeds.figures import accuracy, style

    given, params = snakemake.input, snakemake.params
    figure = accuracy.accuracy_boxplot(
        tables.read(given.runs),
        tables.read(given.means),
        experts=params.experts,
        labels=params.labels,
    )
    style.save(figure, **dict(snakemake.output.items()))
