"""What the surroundings of a job must not change: its modules, its figures, its text.

A job inherits the environment of whoever starts the workflow, such as a notebook, a cluster or a
container.
"""

import os
from collections.abc import MutableMapping
from pathlib import Path


def settle(environment: MutableMapping[str, str], scripts: Path, scratch: Path) -> None:
    """Set the variables that make jobs run alike wherever they are started.

    Parameters
    ----------
    environment : mutable mapping of str to str
        ``os.environ`` of a process that starts others. Changed are

        - ``PYTHONPATH``: our own modules come before those of the same names elsewhere;
        - ``MPLBACKEND``: figures go into files, whatever a notebook shows its own with;
        - ``PYTHONUTF8``: text is UTF-8 in any locale;
        - ``MPLCONFIGDIR``, only if it is not set and there is no home to write to: matplotlib then
          keeps its list of fonts in `scratch`.
    scripts : path
        Folder of the scripts and of the library.
    scratch : path
        A folder that can be written to. It need not be there.
    """
    others = environment.get("PYTHONPATH", "").split(os.pathsep)
    ours = str(scripts.absolute())
    # An empty entry would be the working directory.
    paths = [ours, *(path for path in others if path not in ("", ours))]
    environment["PYTHONPATH"] = os.pathsep.join(paths)
    environment["MPLBACKEND"] = "agg"
    environment["PYTHONUTF8"] = "1"
    if "MPLCONFIGDIR" not in environment and not _has_home(environment):
        environment["MPLCONFIGDIR"] = str(scratch.absolute() / "matplotlib")


def _has_home(environment: MutableMapping[str, str]) -> bool:
    """Return whether there are folders in which programs may keep settings and caches."""
    home = Path(os.path.expanduser("~"))  # noqa: PTH111  Path.home() fails if there is none
    folders = [
        Path(environment.get("XDG_CONFIG_HOME") or home / ".config"),
        Path(environment.get("XDG_CACHE_HOME") or home / ".cache"),
    ]
    return all(folder.is_absolute() and _can_be_written(folder) for folder in folders)


def _can_be_written(folder: Path) -> bool:
    """Return whether files can be made in a folder, which may have to be made itself."""
    there = next(path for path in [folder, *folder.parents] if path.exists())
    return there.is_dir() and os.access(there, os.W_OK)
