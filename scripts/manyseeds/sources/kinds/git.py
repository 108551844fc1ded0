"""Images that come from a git repository, at a fixed commit.

Of a repository only what is needed is fetched: one commit without its history, the files of
the folders that are named, nothing else.
"""

import errno
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Literal

from pydantic import Field

from manyseeds.errors import InputError
from manyseeds.machine import disks
from manyseeds.sources import inventory, naming, walks
from manyseeds.sources.base import KIND, Streams
from manyseeds.sources.fetched import Fetched
from manyseeds.sources.shared_keys import InClassFolders, InsideKey

# What git says where the server does not have the commit (upload-pack.c, fetch-pack.c).
UNKNOWN_COMMIT = re.compile(r"not our ref|unadvertised object|remote ref|bad object|not a commit")
# The variables by which git, running a hook, tells the programs it starts about itself.
OWN_VARIABLES = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"}


class Git(InClassFolders):
    """Folders of a git repository as they were at a commit."""

    place: ClassVar[int] = 3
    kind: Literal["git"] = Field(description=KIND)
    url: str = Field(
        pattern="^(https?|ssh|git|file)://",
        description="Address of the repository, such as https://github.com/user/name.",
    )
    commit: str = Field(
        pattern="^([0-9a-f]{40}|[0-9a-f]{64})$", description="Full hash of the commit."
    )
    inside: InsideKey = "."

    @property
    def where(self) -> str:
        """Its address and commit, and the folders that are fetched if not all are."""
        splits, inside = self.splits or (), PurePosixPath(self.inside)
        parts = splits.values() if isinstance(splits, Mapping) else splits
        names = [str(inside / part) for part in parts] or [str(inside)]
        only = "" if names == ["."] else f", only {', '.join(names)}"
        return f"git {self.location} at {self.commit[:7]}{only}"

    def remedy(self) -> str:
        """Return what to do when it is missing or cannot be cloned."""
        if self.is_local:
            return "Correct `source.url`."
        needs = "" if shutil.which("git") else "git is not installed: apt install git. "
        return (
            f"{needs}If it cannot be cloned: get the folders by hand, and use `kind: folder` with "
            "their `path` and `splits`."
        )

    def fetch(
        self,
        out: Path,
        *,
        classes: Sequence[str] | None = None,
        on_bad_image: str = "stop",
        selection: Mapping[str, Any] | None = None,
        workers: int = 1,
        streams: Streams | None = None,
    ) -> Fetched:
        """Copy the images of its folders, at their paths relative to `inside`.

        Parameters are those of `Source.fetch`. With splits only the folders of these are fetched
        from the repository.

        Raises
        ------
        InputError
            As `class_folders.copy_folder`, and: there is no git; the repository cannot be
            reached, or does not have the commit or a folder.
        """
        inside = PurePosixPath(self.inside)
        parts = {split: inside / part for split, part in walks.split_folders(self.splits).items()}
        with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
            with disks.naming_full(scratch, disks.FREE_SCRATCH):
                tree = Path(scratch, "tree")
                tree.mkdir()
                _check_out(self.location, self.commit, parts, Path(scratch, "repository"), tree)
            known = f"{self.location} at {self.commit[:7]}"
            try:
                return self._copy(
                    tree / inside,
                    out,
                    classes=classes,
                    on_bad_image=on_bad_image,
                    selection=selection,
                    workers=workers,
                    known_as=known,
                )
            except InputError as error:
                # The clone is gone by the time the message is read.
                raise InputError(str(error).replace(str(tree), known)) from error

    def _to_download(self, cache: Path | None, ask: inventory.Ask) -> inventory.Availability:
        # No server tells the size of some folders of a repository.
        return inventory.Availability(
            self.where, "to download", download=None, remedy=self.remedy()
        )


def _check_out(
    url: str, commit: str, parts: Mapping[str, PurePosixPath], repository: Path, tree: Path
) -> None:
    """Fetch the files of some folders, of one commit, into `tree`; git's own lie elsewhere."""

    def git(*words: str) -> str:
        return _git("--git-dir", str(repository), "--work-tree", str(tree), *words)

    git("init", "--quiet")
    git("remote", "add", "origin", url)
    # Bytes as they are in the repository, and links as text: they could lead anywhere.
    for setting in ("core.autocrlf=false", "core.symlinks=false", "core.sparseCheckout=true"):
        git("config", *setting.split("="))
    try:
        # Without a blob; those that the checkout needs are then asked for in one go.
        git("fetch", "--quiet", "--depth=1", "--no-tags", "--filter=blob:none", "origin", commit)
    except _GitError as error:
        if UNKNOWN_COMMIT.search(str(error)):
            raise InputError(
                f"source.commit: {commit} is not a commit of {url}. Give the full hash of one "
                "that has been pushed there."
            ) from error
        raise _unreachable(url, error) from error
    parts = {split: _as_stored(git, commit, part) for split, part in parts.items()}
    for split, part in parts.items():
        if part.parts and not git("ls-tree", "-d", commit, "--", str(part)):
            key = f"source.splits.{split}" if split else "source.inside"
            raise InputError(f"{key}: {url} has no folder {part} at {commit[:7]}. Fix it.")
    patterns = "".join(f"/{_quoted(part)}/\n" for part in parts.values() if part.parts)
    (repository / "info").mkdir(exist_ok=True)
    (repository / "info/sparse-checkout").write_text(patterns or "/*\n")
    try:
        git("checkout", "--quiet", "--detach", commit)
    except _GitError as error:
        raise _unreachable(url, error) from error


def _as_stored(git: Callable[..., str], commit: str, part: PurePosixPath) -> PurePosixPath:
    """Return a folder as the repository names it, where only the encoding of accents differs."""
    found = PurePosixPath()
    for name in part.parts:
        if not name.isascii():
            above = [f"{found}/"] if found.parts else []
            there = git("ls-tree", "-d", "-z", "--name-only", commit, "--", *above).split("\0")
            names = [PurePosixPath(path).name for path in there if path]
            same = [other for other in names if naming.nfc(other) == naming.nfc(name)]
            name = name if name in same else (same or [name])[0]
        found /= name
    return found


class _GitError(Exception):
    """What git said when it failed."""


def _git(*words: str) -> str:
    """Return what git prints; it must not ask for a password nor be told of another repository."""
    environment = {key: value for key, value in os.environ.items() if key not in OWN_VARIABLES}
    environment |= {"GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
    try:
        done = subprocess.run(
            ["git", *words], env=environment, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, errors="replace", check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise InputError(
            "source.kind: git needs the program git, which is not installed. Install it "
            "(apt install git), or download the folders by hand and use `kind: folder`."
        ) from error
    if os.strerror(errno.ENOSPC) in done.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    if done.returncode:
        lines = [line for line in done.stderr.splitlines() if line.strip()]
        raise _GitError("; ".join(lines[-3:]) or f"git {words[0]} failed")
    return done.stdout


def _quoted(part: PurePosixPath) -> str:
    r"""Return a folder as a pattern of git, in which ``* ? [ \`` have meanings."""
    return re.sub(r"([*?\[\\])", r"\\\1", str(part))


def _unreachable(url: str, error: _GitError) -> InputError:
    return InputError(
        f"{url}: cannot be fetched ({error}). Check `source.url` and the network, or download "
        "the folders by hand and use `kind: folder`."
    )
