"""Draw what leakage is worth: accuracies of the same seeds with an honest and a leaky split.

Reads the ``evaluation.csv`` of every dataset that is split tile by tile and of the one it is like.
Writes a figure with a line a seed (PNG and PDF for print, PNG for the screen) and the table of the
means and of their paired difference, with 95 % intervals over seeds.
"""

from _job import reporting, snakemake

with reporting():
    import pandas as pd

    from manyseeds import leakage, style, tables

    params, output = snakemake.params, snakemake.output
    evaluations = pd.concat(map(tables.read, snakemake.input.evaluations), ignore_index=True)
    runs = leakage.paired_runs(evaluations, params.pairs, params.tested)
    table = leakage.leakage_table(runs)
    table.to_csv(output.table, index=False)
    figure = leakage.leakage_plot(runs, table, params.labels, params.split_by)
    style.save(figure, output.png, output.pdf, output.screen)
