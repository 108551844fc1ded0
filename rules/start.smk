# What is said before the first job.
import locale
import shutil

from snakemake.logging import logger
from snakemake.settings.enums import Quietness

from manyseeds.sources import inventory


def say(text):
    """Say something before the first job, but not under --quiet, like Snakemake itself."""
    # Snakemake's log is written in the encoding of the locale, which may not have all letters.
    encoding = locale.getpreferredencoding(False)
    text = text.encode(encoding, "backslashreplace").decode(encoding)
    logger.info(text, extra={"quietness": Quietness.PROGRESS})


def say_what_is_open():
    """Say what the files of the study leave open and one might not expect."""
    for note in study.notes:
        say(f"{note}\n")


def say_what_is_read():
    """Say where the images of the study come from, and which leaks cannot be measured."""
    sources = {dataset.name: dataset.source for dataset in study.used}
    fetched = {
        dataset.name
        for dataset in study.used
        if Path(f"{RESULTS}/fetch/{dataset.fetched_as}/images.csv").exists()
    }
    try:
        width = shutil.get_terminal_size((110, 0)).columns
        table = inventory.render(inventory.take(sources, fetched=fetched), width)
        say(f"Sources of the images:\n{table}\n")
    except ImportError:  # the packages are not here but in the environments of the jobs
        pass
    for pair in study.twins:
        if pair.differ:
            say(
                f"No figure shows what the leak of {pair.leaky} is worth with {pair.architecture}, because "
                f"it differs from {pair.honest} in {', '.join(pair.differ)}, too."
            )


# Snakemake leaves this out in dry runs and in the jobs of a cluster.
onstart:
    say_what_is_open()
    say_what_is_read()


if workflow.output_settings.dryrun:
    say_what_is_open()
