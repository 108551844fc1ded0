"""manyseeds: train every network over many seeds, then look at what it learned.

The library behind the workflow: functions on arrays, tensors and data frames. It knows
nothing of Snakemake, of the layout of ``results/`` or of the study's configuration.
"""
