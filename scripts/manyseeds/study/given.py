"""The study files that a command names, checked before Snakemake reads them.

Snakemake reads them before it reads the Snakefile, and of one that is no YAML it says no more than
that. The profiles ask for this check, since they are read earlier still.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from manyseeds.errors import InputError
from manyseeds.study.reading import read_study_file

OPTIONS = ("--configfile", "--configfiles")


def check_given(words: Sequence[str]) -> None:
    """End the program with a message if a study file of a command cannot be read.

    Parameters
    ----------
    words : sequence of str
        The command's options, as in ``sys.argv[1:]``.

    Raises
    ------
    SystemExit
        A file that is there is no YAML or JSON, or no mapping. The message is on stderr.
    """
    for file in given_files(words):
        # Snakemake itself says which file is missing.
        if Path(file).is_file():
            try:
                read_study_file(Path(file))
            except InputError as fault:
                print(fault, file=sys.stderr)
                raise SystemExit(1) from None


def given_files(words: Sequence[str]) -> Iterator[str]:
    """Yield the files that a command of Snakemake lays over config.yaml."""
    follows = False
    for word in words:
        option, equals, value = word.partition("=")
        if word.startswith("-"):
            follows = option in OPTIONS and not equals
            if option in OPTIONS and equals:
                yield value
        elif follows:
            yield word
