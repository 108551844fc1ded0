"""Files that file browsers and archivers leave among images."""

from pathlib import PurePath


def is_phantom(path: PurePath | str) -> bool:
    """Tell whether a path is a phantom file: one left behind by file browsers and archivers.

    Phantom files are names beginning with a dot (``.DS_Store``, ``._photo.jpg``), ``Thumbs.db``
    and ``desktop.ini`` in any case, and whatever lies in such a folder or in ``__MACOSX``.

    Parameters
    ----------
    path : path-like
        Relative to the source's folder: a dataset may itself lie in a hidden folder.
    """
    parts = PurePath(path).parts
    return any(
        part.startswith(".") or part.lower() in {"thumbs.db", "desktop.ini", "__macosx"}
        for part in parts
    )
