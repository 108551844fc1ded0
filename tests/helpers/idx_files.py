"""Small IDX files."""

import gzip
import struct

import numpy as np


def write_idx(root, pixels, labels):
    """Write the four files after the format's description, all with the same content."""
    root.mkdir()
    for stem in ["train", "t10k"]:
        head = bytes([0, 0, 8, 3]) + struct.pack(">3I", *pixels.shape)
        with gzip.open(root / f"{stem}-images-idx3-ubyte.gz", "wb") as file:
            file.write(head + pixels.tobytes())
        with gzip.open(root / f"{stem}-labels-idx1-ubyte.gz", "wb") as file:
            file.write(bytes([0, 0, 8, 1]) + struct.pack(">I", len(labels)) + bytes(labels))
    return root


PIXELS = np.random.default_rng(0).integers(0, 256, (3, 4, 5), dtype=np.uint8)
