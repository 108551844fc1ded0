"""Draw the test accuracies of all networks of the study.

Reads the ``evaluation.csv`` of every job. Writes a boxplot by dataset and architecture with a
point a run (PNG and PDF for print, PNG for the screen), and the table of its means with their
95 % intervals over seeds.
"""

from _job import reporting, snakemake

with reporting():
    import pandas as pd

    from manyseeds import plots, style, tables

    params, output = snakemake.params, snakemake.output
    evaluations = pd.concat(map(tables.read, snakemake.input.evaluations), ignore_index=True)
    figure = plots.accuracy_boxplot(
        evaluations,
        experts=params.experts,
        labels=params.labels,
    )
    style.save(figure, output.png, output.pdf, output.screen, output.svg)
    plots.accuracy_table(evaluations).to_csv(output.table, index=False)
