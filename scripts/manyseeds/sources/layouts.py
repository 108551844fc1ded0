"""Whether the class folders that were found are classes, or splits, days and plates above them."""

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from manyseeds.errors import InputError
from manyseeds.sources.naming import in_yaml, listed, nfc
from manyseeds.sources.walks import subfolders

logger = logging.getLogger(__name__)

SPLITS = {
    "train": {"train", "training", "trainval", "learn", "learning"},
    "test": {"test", "tests", "testing", "eval", "evaluation"},
    "val": {"val", "valid", "validation", "validate", "validating"},
    "dev": {"dev", "devel", "development"},
    "holdout": {"holdout", "heldout"},
}
"""What the folders of splits are called, by the split's usual name. Train and test stand first."""
OF_SPLITS = {"data", "dataset", "set", "image", "images", "img", "imgs", "seg", "split"}
OF_SPLITS |= {"hold", "held", "out"}
"""Words that the names of splits have beside these: ``train_images``, ``hold-out``."""
REPLICATES = {
    "acquisition", "animal", "batch", "chip", "coverslip", "culture", "date", "day", "dish",
    "donor", "embryo", "exp", "experiment", "fish", "fold", "fov", "field", "litter", "mice",
    "mouse", "patient", "plate", "pos", "position", "rat", "rep", "repeat", "replica", "replicate",
    "round", "run", "sample", "scan", "section", "series", "session", "site", "slide", "subject",
    "trial", "week", "well", "d", "n", "r",
}  # fmt: skip
"""What images are repeated over. With a number these are names of groups rather than classes."""
BESIDE_THESE = {"bio", "biological", "tech", "technical", "no", "nr"}
DATE = re.compile(
    r"((19|20)\d\d[-_. ]?(0?[1-9]|1[0-2])[-_. ]?(0?[1-9]|[12]\d|3[01])"
    r"|(0?[1-9]|[12]\d|3[01])[-_. ](0?[1-9]|1[0-2])[-_. ](19|20)?\d\d)(?!\d)"
)
DEEPEST = 4
"""Levels of folders that are looked into."""


def split_named(name: str) -> str:
    """Return the split that a folder is named as, such as "train" for ``Training_set``, or ""."""
    words = re.findall(r"[^\W\d_]+", _words_apart(name))
    number = re.search(r"\d*$", name)
    joined = "".join(words)
    left = [word for word in words if word not in OF_SPLITS]
    # In one word, too: trainset, testdata.
    stems = {joined, *(joined.removesuffix(word) for word in OF_SPLITS)}
    if left and all(any(word in known for known in SPLITS.values()) for word in left):
        stems.add(left[0])
    key = next((key for key, known in SPLITS.items() if known & stems), "")
    return key + (number[0] if number and key else "")


def is_replicate(name: str) -> bool:
    """Tell whether a folder is named as a day, plate, animal or the like with a number."""
    if DATE.match(name):
        return True
    tokens = re.findall(r"[^\W\d_]+|\d+", _words_apart(name))
    words = [word for word in tokens if not word.isdigit()]
    numbers = [word for word in tokens if word.isdigit() or (len(word) == 1 and len(words) > 1)]
    named = {word for word in words if word in REPLICATES or word.removesuffix("s") in REPLICATES}
    return bool(numbers and named) and all(
        word in named or word in BESIDE_THESE or len(word) == 1 for word in words
    )


def _words_apart(name: str) -> str:
    """Return a name in small letters, with a blank where a capital begins a word."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", nfc(name)).casefold()


@dataclass(frozen=True)
class Layout:
    """Class folders as they were found.

    Attributes
    ----------
    folder : path
        Of the source.
    parts : mapping of str to str
        The folder of each split, relative to it; one of no name without splits.
    names : sequence of str
        The class folders, in any split.
    known_as : str
        What messages call the folder.
    inside : str, optional
        The key ``inside`` of a source that has one; others have ``path``.
    grouped : bool
        Whether the study says what the groups are.
    """

    folder: Path
    parts: Mapping[str, str]
    names: Sequence[str]
    known_as: str
    inside: str | None = None
    grouped: bool = False

    def check(self) -> None:
        """Raise if other folders than these are the classes; log if that may be.

        Raises
        ------
        InputError
            They are named as splits; or as days, plates or the like that hold the same folders;
            or there is one alone, which holds others.
        """
        if len(self.names) == 1:
            self._check_alone()
        elif len(self.names) > 1:
            self._check_splits()
            self._check_replicates()

    def _check_alone(self) -> None:
        below = {split: self._down(PurePosixPath(part)) for split, part in self.parts.items()}
        within = self._shared(list(below.values()))
        if len(within) < 2:
            return
        if "" not in self.parts:
            remedy = f"source.splits: {_mapping(below)}"
        elif self.inside is not None:
            remedy = f"source.inside: {in_yaml(str(PurePosixPath(self.inside) / below['']))}"
        else:
            remedy = f"source.path: {in_yaml(str(self.folder / below['']))}"
        raise InputError(
            f"{self.known_as}: has one class only ({self.names[0]}), which holds the folders "
            f"{listed(within)}. If these are the classes, write `{remedy}`."
        )

    def _check_splits(self) -> None:
        keys = {name: split_named(name) for name in self.names if split_named(name)}
        kinds = {key.rstrip("0123456789") for key in keys.values()}
        if "train" not in kinds and len(kinds) < 2:
            return
        # Lists or masks may lie beside splits that hold the same folders.
        if len(keys) < len(self.names) and (
            kinds <= {"train"} or len(self._shared(self._here(keys))) < 2
        ):
            return
        if "" not in self.parts:
            remedy = "Give the folders above the classes as `source.splits`"
        elif "train" not in keys.values() or len({*keys.values()}) < len(keys):
            remedy = "Say which is which: `source.splits: {train: FOLDER, test: FOLDER}`"
        else:
            order = sorted(keys, key=lambda name: _place(keys[name]))
            folders = {keys[name]: self._down(PurePosixPath(name)) for name in order}
            same = all(key == str(path) for key, path in folders.items())
            remedy = f"Write `source.splits: {_list(folders) if same else _mapping(folders)}`"
            if not any(subfolders(self.folder / path) for path in folders.values()):
                remedy += ", with `source.class`, a pattern that finds the class in a file's path"
        raise InputError(
            f"{self.known_as}: the class folders found, {listed([*keys])}, are named as splits of "
            f"the images. {remedy}; or, if they are the classes, `classes: {_list(self.names)}`."
        )

    def _check_replicates(self) -> None:
        repeated = all(map(is_replicate, self.names))
        here = self._here(self.names)
        within = self._shared(here)
        if len(within) < 2:
            if repeated and any(subfolders(self.folder / path) for path in here):
                logger.warning(
                    f"{self.known_as}: the folders {listed(self.names)} are taken for the classes, "
                    f"though they are named as what is repeated. If the folders in them are the "
                    f"classes, write `{self._other_reading(1)}`."
                )
            return
        depth, level, above = 1, within, here
        while repeated and all(map(is_replicate, level)) and depth < DEEPEST:
            above = [path / name for path in above for name in subfolders(self.folder / path)]
            level = self._shared(above)
            if len(level) < 2:
                break
            depth += 1
        if repeated and len(level) > 1 and not any(map(is_replicate, level)):
            raise InputError(
                f"{self.known_as}: the class folders found, {listed(self.names)}, are named as "
                f"what is repeated, and all hold the folders {listed(level)}. Write "
                f"`{self._other_reading(depth)}`; or, if they are the classes, "
                f"`classes: {_list(self.names)}`."
            )
        if not (self.grouped and all(map(is_replicate, within))):
            self._tell(within)

    def _tell(self, within: Sequence[str]) -> None:
        """Log what is taken for the class, and what the other readings need."""
        said = (
            f"{self.known_as}: the folders {listed(self.names)} are taken for the classes. All of "
            f"them hold the folders {listed(within)}. If these are the classes, write "
            f"`{self._other_reading(1)}`."
        )
        group = f"source: {{group: '{self._pattern(1)}'}}"
        if all(map(split_named, within)):
            held = [name for name in within if not split_named(name).startswith("train")]
            test = ", ".join(f"{split_named(name)}: {_list([name])}" for name in held)
            split = f"split: {{by: group, test: {{{test}}}}}"
            said += f" If they are splits, write `{group}` and `{split}`."
        elif not self.grouped and all(map(is_replicate, within)):
            said += f" To hold whole ones of them out, write `{group}` and `split: {{by: group}}`."
        logger.warning(said)

    def _here(self, names: Iterable[str]) -> list[PurePosixPath]:
        """Return class folders in all splits that have them, relative to the source's folder."""
        paths = [PurePosixPath(part, name) for name in names for part in self.parts.values()]
        return [path for path in paths if (self.folder / path).is_dir()]

    def _other_reading(self, depth: int) -> str:
        """Return the keys by which folders so many levels below these are the classes."""
        group = "" if self.grouped else f", group: '{self._pattern(0)}'"
        return f"source: {{class: '{self._pattern(depth)}'{group}}}"

    def _pattern(self, depth: int) -> str:
        """Return a pattern for the names of folders so many levels below the class folders."""
        levels = {len(PurePosixPath(part).parts) for part in self.parts.values()}
        above = "[^/]+/" * max(levels)
        if len(levels) > 1:
            above = f"(?:{'|'.join(re.escape(nfc(part)) for part in self.parts.values())})/"
        return f"^{above}{'[^/]+/' * depth}([^/]+)/".replace("'", "''")

    def _down(self, path: PurePosixPath) -> PurePosixPath:
        """Return the folder to which a folder leads, as long as it holds one folder alone."""
        for _ in range(DEEPEST):
            within = subfolders(self.folder / path)
            if len(within) != 1:
                break
            path /= within[0]
        return path

    def _shared(self, paths: Sequence[PurePosixPath]) -> list[str]:
        """Return the names of the folders that all of these folders hold, sorted."""
        found = [set(map(nfc, subfolders(self.folder / path))) for path in paths]
        return sorted(set.intersection(*found)) if found else []


def _place(key: str) -> tuple[int, str]:
    return list(SPLITS).index(key.rstrip("0123456789")), key


def _list(names: Sequence[str] | Mapping[str, object]) -> str:
    return f"[{', '.join(map(in_yaml, names))}]"


def _mapping(folders: Mapping[str, PurePosixPath]) -> str:
    return f"{{{', '.join(f'{key}: {in_yaml(str(path))}' for key, path in folders.items())}}}"
