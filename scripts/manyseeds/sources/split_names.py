"""Names of a source's splits, and what is meant by other names for them."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

FORM = "^[a-z][a-z0-9]*$"
"""What splits may be called: the names become those of files and columns."""
TRAINING = {"train", "training", "trains", "trn", "trainset", "trainingset", "learn", "learning"}
TESTING = {"test", "testing", "tests", "tst", "testset", "testingset"}
VALIDATION = {"val", "valid", "validate", "validating", "valset", "validationset"}
RULE = "One split is called train, and the others have names of small letters and digits, as test."
TRAIN, TEST, VAL = "train", "test", "val"


def fault(splits: Any) -> str:
    """Return what is wrong with the names of splits, and how to map folders to names; or "".

    Parameters
    ----------
    splits : any
        As the study says it. What is neither a list nor a mapping of texts is left to others.
    """
    if not isinstance(splits, Mapping | list | tuple) or len(splits) < 2:
        return ""
    names = [*splits]
    if not all(isinstance(name, str) for name in names) or len(set(names)) < len(names):
        return ""
    wrong = [name for name in names if not re.search(FORM, name)]
    if TRAIN in names and not wrong:
        return ""
    told = "no split is named train"
    if wrong:
        listed = " and ".join(filter(None, (", ".join(wrong[:-1]), wrong[-1])))
        names_do = "as names of splits" if len(wrong) > 1 else "as the name of a split"
        told = f"{listed} will not do {names_do}"
    return f"{told}. {RULE} {_remedy(splits, names)}"


def _remedy(splits: Mapping[str, Any] | Sequence[str], names: Sequence[str]) -> str:
    meant = [_meant(name) for name in names]
    folders = list(splits.values()) if isinstance(splits, Mapping) else names
    plain = (
        TRAIN in meant
        and len(set(meant)) == len(meant)
        and "" not in meant
        and all(isinstance(folder, str) for folder in folders)
    )
    if not plain:
        return "Give the folder of each: {train: FOLDER, test: FOLDER}"
    pairs = sorted(zip(meant, folders, strict=True), key=lambda pair: pair[0] != TRAIN)
    return f"Write splits: {{{', '.join(f'{name}: {_typed(folder)}' for name, folder in pairs)}}}"


def _meant(name: str) -> str:
    """Return the name of the split that is meant by another, "" if none can be told."""
    last = re.split(r"[/\\]", name.rstrip("/\\"))[-1]
    small = re.sub(r"[^a-z0-9]", "", last.lower())
    for words, meant in ((TRAINING, TRAIN), (TESTING, TEST), (VALIDATION, VAL)):
        if small in words or small.rstrip("0123456789") in words - {meant}:
            # A second test set keeps its number.
            return meant + small[len(small.rstrip("0123456789")) :]
    return small if re.search(FORM, small) else ""


def _typed(folder: str) -> str:
    """Return the name of a folder as one types it into YAML."""
    if re.fullmatch(r"[A-Za-z_./][\w./ -]*", folder) and not folder.endswith(" "):
        return folder
    doubled = folder.replace("'", "''")
    return f"'{doubled}'"
