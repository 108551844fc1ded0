"""Train the seeds of a job.

Reads the packs of the training split and of the first test split. Writes ``history.csv`` (a row
a seed and epoch), ``timing.csv`` (wall seconds of each seed and epoch, apart from the history so
that the same study gives the same history) and ``weights.safetensors`` (seeds along the leading
axis). Method: `manyseeds.training.train`; every seed's initial weights and order of images come
from generators named by study seed, dataset, architecture and seed.
"""

from _job import reporting, say, snakemake

with reporting():
    from safetensors.torch import save_file

    from manyseeds import architectures, packs, training
    from manyseeds.randomness import rng

    job, params = snakemake.wildcards, snakemake.params
    training.prepare_process(snakemake.threads)
    device = training.device_for(snakemake.resources.gpu)
    precision = training.precision_named(params.precision, device)

    train = packs.open_pack(snakemake.input.train, snakemake.input.train_index)
    test = packs.open_pack(snakemake.input.test, snakemake.input.test_index)
    layers = architectures.build(
        job.architecture, architectures.image_shape(train.images), len(train.classes)
    )
    settings = training.Settings.of(**params.settings)
    say(
        f"{architectures.count_parameters(layers):,} parameters, {len(train):,} training images, "
        f"{settings.epochs} epochs of {settings.images_seen(len(train)):,} images; "
        f"{precision} on {device}"
    )

    trained = training.train(
        layers,
        train,
        test,
        params.seeds,
        settings,
        lambda seed, *what: rng(
            params.study_seed, "train", job.dataset, job.architecture, seed, *what
        ),
        stack=None if params.stack == "auto" else params.stack,
        device=device,
        precision=precision,
        progress=say,
    )

    trained.history.insert(0, "dataset", job.dataset)
    trained.history.insert(1, "architecture", job.architecture)
    trained.history.to_csv(snakemake.output.history, index=False)
    trained.timing.to_csv(snakemake.output.timing, index=False)
    save_file(trained.weights, snakemake.output.weights)
