"""Images that come from a git repository, at a fixed commit.

Of a repository only what is needed is fetched: one commit without its history, the files of
the folders that are named, nothing else.
"""

import errno
import os
import re
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

from manyseeds import disks, walks
from manyseeds.errors import InputError
from manyseeds.sources import Fetched, copy_folder

# What git says where the server does not have the commit (upload-pack.c, fetch-pack.c).
UNKNOWN_COMMIT = re.compile(r"not our ref|unadvertised object|remote ref|bad object|not a commit")
# The variables by which git, running a hook, tells the programs it starts about itself.
OWN_VARIABLES = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"}


def copy_repository(
    url: str,
    out: Path,
    *,
    commit: str,
    inside: str | None = None,
    splits: Sequence[str] | Mapping[str, str] | None = None,
    **selection: Any,
) -> Fetched:
    """Copy the images of some folders of a repository as they were at a commit.

    Parameters
    ----------
    url : str
        Address of the repository, as git takes it.
    out : path
        Gets the images, at their paths relative to `inside`.
    commit : str
        Full hash of the commit.
    inside : str, optional
        Folder in the repository that holds the class folders (or those of `splits`).
    splits : sequence or mapping of str, optional
        As in `sources.copy_folder`; then only these folders are fetched.
    **selection
        As in `sources.copy_folder`.

    Raises
    ------
    InputError
        As `sources.copy_folder`, and: there is no git; the repository cannot be reached, or
        does not have the commit or a folder.
    """
    inside = PurePosixPath(inside or ".")
    if inside.is_absolute() or ".." in inside.parts:
        raise InputError(f"source.inside: {inside} does not lie in the repository. Mend it.")
    parts = {split: inside / part for split, part in walks.split_folders(splits).items()}
    with tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch:
        with disks.naming_full(scratch, disks.FREE_SCRATCH):
            tree = Path(scratch, "tree")
            tree.mkdir()
            _check_out(url, commit, parts, Path(scratch, "repository"), tree)
        try:
            return copy_folder(tree / inside, out, splits=splits, **selection)
        except InputError as error:
            # The clone is gone by the time the message is read.
            raise InputError(str(error).replace(str(tree), f"{url} at {commit[:7]}")) from error


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
    for split, part in parts.items():
        if part.parts and not git("ls-tree", "-d", commit, "--", str(part)):
            key = f"source.splits.{split}" if split else "source.inside"
            raise InputError(f"{key}: {url} has no folder {part} at {commit[:7]}. Mend it.")
    patterns = "".join(f"/{_quoted(part)}/\n" for part in parts.values() if part.parts)
    (repository / "info").mkdir(exist_ok=True)
    (repository / "info/sparse-checkout").write_text(patterns or "/*\n")
    try:
        git("checkout", "--quiet", "--detach", commit)
    except _GitError as error:
        raise _unreachable(url, error) from error


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
