"""Compare the accuracies of the same seeds with an honest and a leaky split.

Reads the evaluations of the networks that were trained with both splits.
Writes a table of the runs, a row a seed with both accuracies, and a table of their means and of
their paired difference, with 95 % intervals over seeds.
"""

from _job import reporting, snakemake

with reporting():
    import pandas as pd

    from manyseeds import tables
    from manyseeds.statistics import comparisons

    params, output = snakemake.params, snakemake.output
    evaluations = pd.concat(map(tables.read, snakemake.input.evaluations), ignore_index=True)
    runs = comparisons.paired_runs(evaluations, params.pairs, params.tested)
    runs.to_csv(output.runs, index=False)
    comparisons.leakage_table(runs).to_csv(output.table, index=False)
