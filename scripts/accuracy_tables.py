"""Gather the accuracies of all networks of the study, and average them over seeds.

Reads the ``evaluation.csv`` of every job. Writes their rows as one table, and a table with a row a
dataset, architecture and test split: the mean accuracy over seeds and its 95 % interval.
"""

from _job import reporting, snakemake

with reporting():
    import pandas as pd

    from manyseeds import tables
    from manyseeds.statistics import comparisons

    evaluations = pd.concat(map(tables.read, snakemake.input.evaluations), ignore_index=True)
    evaluations.to_csv(snakemake.output.runs, index=False)
    comparisons.accuracy_table(evaluations).to_csv(snakemake.output.means, index=False)
