"""Evaluate the trained networks of a job on every split.

Reads the weights and the packs. Writes ``evaluation.csv`` (a row a seed and split: accuracy,
cross-entropy and calibration error) and ``predictions.parquet`` (a row a seed and image). Seeds
whose training diverged are left out.
"""

from _job import reporting, say, snakemake

with reporting():
    import pandas as pd
    from safetensors.torch import load_file

    from manyseeds import architectures, evaluation, machine, packs
    from manyseeds.stacking import StackedNetwork

    job, params = snakemake.wildcards, snakemake.params
    device = machine.device_for(snakemake.resources.gpu)
    machine.prepare_process(snakemake.threads, device)
    precision = machine.precision_named(params.precision, device)
    weights = load_file(snakemake.input.weights)
    weights, seeds = evaluation.without_diverged(weights, params.seeds)
    if len(seeds) < len(params.seeds):
        say(f"left out, for they diverged: seeds {sorted(set(params.seeds) - set(seeds))}")

    evaluations, predictions = [], []
    for split, npy, csv in zip(
        params.splits, snakemake.input.packs, snakemake.input.indices, strict=True
    ):
        pack = packs.open_pack(npy, csv)
        layers = architectures.build(
            job.architecture, architectures.image_shape(pack.images), len(pack.classes)
        )
        network = StackedNetwork(layers, weights).to(device)
        probabilities = evaluation.predict(network, pack.images, precision)
        row = {"dataset": job.dataset, "architecture": job.architecture, "split": split}
        found = evaluation.evaluation_table(probabilities, pack.labels, seeds)
        evaluations.append(found.assign(**row))
        predictions.append(
            evaluation.prediction_table(
                probabilities, pack.labels, pack.index[["tile", "angle"]], seeds
            ).assign(**row)
        )
        say(f"{split}: mean accuracy {found['accuracy'].mean():.1%} (n = {len(found)} seeds)")

    first = ["dataset", "architecture", "seed", "split"]
    for tables, write in (
        (evaluations, lambda table: table.to_csv(snakemake.output.evaluation, index=False)),
        (predictions, lambda table: table.to_parquet(snakemake.output.predictions, index=False)),
    ):
        table = pd.concat(tables, ignore_index=True)
        write(table[first + [column for column in table if column not in first]])
