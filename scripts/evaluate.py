"""Evaluate the trained networks of a job on every split.

Reads the weights and the packs. Writes ``evaluation.csv`` (a row a seed and split: accuracy,
cross-entropy and calibration error) and ``predictions.parquet`` (a row a seed and image). Seeds
whose training diverged are left out.
"""

from _job import reporting, say, snakemake

with reporting():
    import pandas as pd

    from manyseeds.evaluation import scores
    from manyseeds.machine.device import device_for, precision_named, prepare_process
    from manyseeds.networks import architectures, prediction
    from manyseeds.networks.opening import open_networks
    from manyseeds.tiles import packs

    job, params = snakemake.wildcards, snakemake.params
    device = device_for(snakemake.resources.gpu)
    prepare_process(snakemake.threads, device)
    precision = precision_named(params.precision, device)
    all_packs = [
        packs.open_pack(npy, csv)
        for npy, csv in zip(snakemake.input.packs, snakemake.input.indices, strict=True)
    ]
    # The training split is the first: with its classes the networks were trained.
    layers = architectures.build(
        job.architecture, architectures.image_shape(all_packs[0].images), len(all_packs[0].classes)
    )
    trained = open_networks(snakemake.input.weights, layers, params.seeds, device=device)
    network, seeds = trained.network, trained.seeds
    if trained.diverged:
        say(f"left out, for they diverged: seeds {trained.diverged}")

    evaluations, predictions = [], []
    for split, pack in zip(params.splits, all_packs, strict=True):
        probabilities = prediction.predict(network, pack.images, precision, params.head)
        row = {"dataset": job.dataset, "architecture": job.architecture, "split": split}
        found = scores.evaluation_table(probabilities, pack.labels, seeds, params.head)
        evaluations.append(found.assign(**row))
        predictions.append(
            scores.prediction_table(
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
