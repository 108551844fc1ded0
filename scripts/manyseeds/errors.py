"""Errors a user can mend."""


class InputError(ValueError):
    """Something the user gave is wrong: a file, a folder or a value of the study.

    The message is one or two sentences. It names the file or the config key first, says
    what is wrong with it, and ends with the remedy, for example::

        images/control/12.jpg: truncated JPEG. Replace or delete the file, then run again.

    Raised only for faults of input, so that the scripts can print the message alone
    (without a traceback) and any other exception keeps its traceback.
    """


class Interrupted(Exception):
    """Work was asked to stop and has saved where it is; the message says where."""
