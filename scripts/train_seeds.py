"""Train the seeds of a job.

Reads the packs of the training split and of the first test split. Writes ``history.csv`` (a row
a seed and epoch), ``timing.csv`` (wall seconds of each seed and epoch, apart from the history so
that the same study gives the same history) and ``weights.safetensors`` (seeds along the leading
axis). Where the study asks for snapshots, it writes their folder, too. Method:
`manyseeds.training.loop.train`; every seed's initial weights, order of images and dropout come from
generators named by study seed, dataset (or the one it is like), architecture and seed.

After each epoch, and when asked to end (SIGTERM), the state is saved in ``checkpoints/``: the next
run goes on from there. When the outputs are written it is deleted.
"""

from _job import reporting, say, snakemake

with reporting():
    import shutil
    from functools import partial
    from pathlib import Path

    from manyseeds.errors import InputError
    from manyseeds.machine.device import (
        device_for,
        precision_named,
        prepare_process,
        termination_noticed,
    )
    from manyseeds.networks import architectures
    from manyseeds.networks.weight_files import write_weights
    from manyseeds.randomness import rng
    from manyseeds.tiles import packs
    from manyseeds.training import loop, snapshots
    from manyseeds.training.settings import Settings

    job, params, output = snakemake.wildcards, snakemake.params, snakemake.output
    device = device_for(snakemake.resources.gpu)
    prepare_process(snakemake.threads, device)
    precision = precision_named(params.precision, device)
    checkpoint = Path(params.checkpoint)

    train = packs.open_pack(snakemake.input.train, snakemake.input.train_index)
    test = packs.open_pack(snakemake.input.test, snakemake.input.test_index)
    layers = architectures.build(
        job.architecture, architectures.image_shape(train.images), len(train.classes)
    )
    settings = Settings.of(**params.settings)
    say(
        f"{architectures.count_parameters(layers):,} parameters, {len(train):,} training images, "
        f"{settings.epochs} epochs of {settings.images_seen(len(train)):,} images; "
        f"{precision} on {device}"
    )
    # Beside the checkpoint: Snakemake would delete them, too, when a job is cut off.
    wanted, kept = None, checkpoint / "snapshots"
    if params.get("snapshots"):
        wanted = snapshots.SnapshotRequest.of(**params.snapshots)
        needed = snapshots.size(wanted, layers, settings.steps(len(train)), settings.epochs)
        key = f"experiments ({job.architecture} on {job.dataset}).snapshots"
        snapshots.check_room(kept, needed, key)

    streams = partial(rng, params.study_seed, "train", params.stream, job.architecture)
    with termination_noticed() as stop:
        trained = loop.train(
            layers,
            train,
            test,
            params.seeds,
            settings,
            streams,
            stack=None if params.stack == "auto" else params.stack,
            device=device,
            precision=precision,
            checkpoint=checkpoint,
            snapshots=wanted,
            snapshot_folder=kept,
            stop=stop,
            progress=say,
        )
    if len(trained.diverged) == len(params.seeds):
        shutil.rmtree(checkpoint)
        raise InputError(
            f"config key training.{job.architecture}.lr: with {settings.learning_rate} every seed "
            f"diverged (its loss became infinite or not a number). Give a lower one."
        )

    trained.history.insert(0, "dataset", job.dataset)
    trained.history.insert(1, "architecture", job.architecture)
    trained.history.to_csv(output.history, index=False)
    trained.timing.to_csv(output.timing, index=False)
    write_weights(output.weights, trained.weights)
    if wanted:
        # By hand, without Snakemake, an earlier training's may still be there.
        shutil.rmtree(output.snapshots, ignore_errors=True)
        shutil.move(kept, output.snapshots)
    shutil.rmtree(checkpoint)
