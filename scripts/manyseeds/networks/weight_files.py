"""Files of weights, written whole or not at all."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from manyseeds.machine.disks import naming_full, written_whole

if TYPE_CHECKING:
    from torch import Tensor


def write_weights(
    path: Path | str, weights: "Mapping[str, Tensor]", metadata: dict[str, str] | None = None
) -> None:
    """Write tensors as a safetensors file, in place of any file there.

    Parameters
    ----------
    path : path-like
        Becomes the file, at once: whoever opens it finds all of it. Its rights are those of any
        new file.
    weights : mapping of str to Tensor
        By name.
    metadata : dict of str to str, optional
        Kept in the file's header.

    Raises
    ------
    InputError
        The disk is full; a file that was there is still there.
    """
    from safetensors import SafetensorError
    from safetensors.torch import save_file

    path = Path(path)
    with naming_full(path.parent), written_whole(path) as unfinished:
        try:
            unfinished.touch()
            # safetensors makes files that their owner alone may read.
            rights = unfinished.stat().st_mode
            tensors = {name: tensor.contiguous() for name, tensor in weights.items()}
            save_file(tensors, unfinished, metadata)
            unfinished.chmod(rights)
        except SafetensorError as error:
            number = re.search(r"\(os error (\d+)\)", str(error))
            if number is None:
                raise
            # It is no OSError, but says the number of one.
            raise OSError(int(number[1]), str(error), str(path)) from error
