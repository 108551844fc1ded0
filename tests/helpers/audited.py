"""A small, clean dataset of three splits, in which tests plant faults."""

import numpy as np
import pandas as pd
from PIL import Image

from manyseeds.audit import report

SIZE = 40


def picture(seed):
    """A random picture of blobs."""
    noise = np.random.default_rng([7, seed]).integers(0, 256, (7, 7, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(noise).resize((SIZE, SIZE), Image.Resampling.BICUBIC))


def rotated(tile, angle):
    return np.asarray(Image.fromarray(tile).rotate(angle, Image.Resampling.BICUBIC))


class Dataset:
    """Tiles of the classes a and b; ``tiles[name]`` and ``row(name)`` may be changed."""

    def __init__(self, train=24, test=8, test2=8):
        rows = []
        for split, count in (("train", train), ("test", test), ("test2", test2)):
            for number in range(count):
                label = number % 2
                rows.append((f"{split}{number}", "ab"[label], split, label))
        self.index = pd.DataFrame(rows, columns=["tile", "class", "split", "label"])
        self.index["image"] = self.index["tile"] + ".png"
        self.index["group"] = self.index["image"]
        self.index["angle"] = 0
        self.index.index = self.index["tile"]
        self.tiles = {name: picture(number) for number, name in enumerate(self.index.index)}

    def copy(self, name, angle):
        """Add a copy of a tile, rotated by an angle, to its own split."""
        row = self.index.loc[name].copy()
        row["angle"] = angle
        self.index.loc[f"{name}@{angle}"] = row
        self.tiles[f"{name}@{angle}"] = rotated(self.tiles[name], angle)

    def audit(self, folder, workers=1):
        """Return the checks by name, and the table of pairs."""
        packs = {}
        for split in dict.fromkeys(self.index["split"]):
            index = self.index[self.index["split"] == split]
            path = folder / f"pack_{split}.npy"
            np.save(path, np.stack([self.tiles[name] for name in index.index]))
            packs[split] = (path, index.reset_index(drop=True))
        images = self.index.drop_duplicates("image")[["image", "class"]]
        images = images.assign(width=SIZE, height=SIZE, bit_depth=8, mode="RGB", pages=1)
        checks, pairs, _ = report.audit(packs, images, folder, workers)
        return {check.name: check for check in checks}, pairs
