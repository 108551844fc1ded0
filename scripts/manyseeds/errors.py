"""Errors that a user can fix."""

from pathlib import Path


class InputError(ValueError):
    """Something the user gave is wrong: a file, a folder or a value of the study.

    The message is one or two sentences. It names the file or the config key first, says
    what is wrong with it, and ends with the remedy, for example::

        images/control/12.jpg: truncated JPEG. Replace or delete the file, then run again.

    It is raised only for faults of input. The scripts print its message alone; any other
    exception keeps its traceback.
    """


class BadImage(InputError):
    """An image file that cannot be used.

    Parameters
    ----------
    path : path-like
        The file.
    reason : str
        What is wrong with it, without a full stop.
    remedy : str
        What to do about it.
    """

    def __init__(
        self,
        path: Path | str,
        reason: str,
        remedy: str = "Replace or delete the file, then run again.",
    ) -> None:
        # All three are arguments of the exception, so that it passes between processes.
        super().__init__(path, reason, remedy)
        self.path, self.reason, self.remedy = path, reason, remedy

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}. {self.remedy}"


class Interrupted(Exception):
    """The work was asked to stop, and has saved its state; the message says where it stands."""
