"""Checks study files before anything is run: ``python -m manyseeds.study my.yaml``.

Says on one line what is wrong, and ends with 1; or says what would be trained. Several files are
laid over each other, and all over config.yaml, as ``snakemake --configfile`` does it.
"""

import argparse
import os
import sys

from manyseeds.errors import InputError
from manyseeds.study.files import find_data, read_files
from manyseeds.study.written import raw_text


def main(words: list[str] | None = None) -> int:
    """Check study files, and return 0 if they can be run, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m manyseeds.study", description="Check a study before it is run."
    )
    parser.add_argument("files", nargs="*", help="study files, laid over config.yaml in this order")
    parser.add_argument("--name", action="store_true", help="print the name of the study alone")
    parser.add_argument(
        "--syntax", action="store_true", help="check that they can be read, and not what they say"
    )
    asked = parser.parse_args(words)
    try:
        if asked.name or asked.syntax:
            read = read_files(asked.files)
            if asked.name:
                print((raw_text(read.config, "study") if "study" in read.config else None) or "")
            return 0
        # It takes longer to load.
        from manyseeds.study.study import Study

        find_data(os.environ)
        study = Study.read(asked.files)
    except InputError as fault:
        print(fault, file=sys.stderr)
        return 1
    for note in study.notes:
        print(note)
    networks = len(study.networks) * study.keys.seeds
    names = ", ".join(dataset.name for dataset in study.used)
    count = f"{networks} network{'s' if networks > 1 else ''}"
    print(f"The study {study.name} can be run: {count} on {names}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
