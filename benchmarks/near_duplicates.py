"""How often the audit finds made-up near-duplicates, and how often it errs.

Reads the packs of a dataset (``results/<study>/packs/<dataset>``), alters some training tiles in
known ways, and looks for them among 20 000 training tiles, or all::

    .venv/bin/python benchmarks/near_duplicates.py results/cifar10/packs/cifar10

It prints a row an alteration: the share of altered tiles found (recall), and quantiles of the
correlation of true pairs. Then it prints the correlations of pairs of tiles that are not the same,
or are true near-duplicates of the dataset itself.
"""

import io
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from manyseeds import tables
from manyseeds.audit import duplicates, thumbnails
from manyseeds.tiles import rotation

COPIES, AMONG, WORKERS = 500, 20_000, 2


def jpeg(tile: np.ndarray, quality: int) -> np.ndarray:
    """Compress a tile and read it again."""
    file = io.BytesIO()
    Image.fromarray(tile.squeeze()).save(file, "jpeg", quality=quality)
    return np.asarray(Image.open(file)).reshape(tile.shape)


def bright(tile: np.ndarray, gain: float, shift: float) -> np.ndarray:
    """Change contrast and brightness, clipped to 8 bits."""
    return np.clip(tile * gain + shift, 0, 255).astype(np.uint8)


def resized(tile: np.ndarray, factor: float) -> np.ndarray:
    """Scale a tile, and scale it back."""
    image, side = Image.fromarray(tile.squeeze()), round(len(tile) * factor)
    image = image.resize((side, side), Image.Resampling.BICUBIC)
    return np.asarray(image.resize(tile.shape[:2], Image.Resampling.BICUBIC)).reshape(tile.shape)


ALTERATIONS = {
    "none": lambda tile, rng: tile,
    "rotated by any angle": lambda tile, rng: rotation.rotate(tile, rng.uniform(-180, 180)),
    "rotated by multiples of 18°": lambda tile, rng: rotation.rotate(
        tile, 18 * rng.integers(1, 20)
    ),
    "JPEG of quality 50": lambda tile, rng: jpeg(tile, 50),
    "brightness and contrast": lambda tile, rng: bright(
        tile, rng.uniform(0.6, 1.4), rng.uniform(-30, 30)
    ),
    "resized to a half and back": lambda tile, rng: resized(tile, 0.5),
    "resized to double and back": lambda tile, rng: resized(tile, 2),
    "rotated, JPEG 50 and brightness": lambda tile, rng: bright(
        jpeg(rotation.rotate(tile, rng.uniform(-180, 180)), 50), rng.uniform(0.6, 1.4), 0
    ),
}


def main(folder: Path) -> None:
    """Print recall and correlations for the packs of a folder."""
    rng = np.random.default_rng(0)
    images = np.load(folder / "train.npy", mmap_mode="r")
    index = tables.read(folder / "train.csv")
    rows = index.assign(tilt=index["angle"].abs()).sort_values("tilt").drop_duplicates("tile").index
    rows = np.sort(rng.permutation(rows.to_numpy())[:AMONG])
    with tempfile.TemporaryDirectory() as scratch:
        scratch = Path(scratch)
        originals, altered, packed = (scratch / f"{n}.npy" for n in ("of", "to", "pack"))
        contrast = thumbnails.describe(folder / "train.npy", originals, WORKERS)["contrast"]
        rows = rows[contrast.to_numpy()[rows] >= thumbnails.CONTRAST]
        print(f"{len(rows):,} tiles, {(contrast < thumbnails.CONTRAST).sum():,} featureless")
        altered_rows = rng.choice(rows, min(COPIES, len(rows)), replace=False)
        others = []
        for name, alter in ALTERATIONS.items():
            np.save(packed, np.stack([alter(np.asarray(images[row]), rng) for row in altered_rows]))
            thumbnails.describe(packed, altered, WORKERS)
            places = np.arange(len(altered_rows))
            pairs = duplicates.candidates(altered, places, originals, rows, scratch, WORKERS)
            pairs = duplicates.confirm(altered, originals, pairs, WORKERS)
            true = pairs[pairs["fixed"] == altered_rows[pairs["rotated"]]]
            others.append(pairs.drop(true.index))
            found = duplicates.are_near_duplicates(true).sum() / len(altered_rows)
            detail = true["detail"].quantile([0.01, 0.05, 0.5]).round(3).tolist()
            low = true["correlation"].quantile([0.01, 0.05, 0.5]).round(3).tolist()
            far = true["distance"].quantile([0.5, 0.95, 1]).tolist()
            print(
                f"| {name} | recall {found:.1%} | candidates {len(true) / len(altered_rows):.1%} | "
                f"correlation (1, 5, 50 %) {low} | detail {detail} | distance (50, 95, 100 %) {far}"
            )
        others = pd.concat(others).drop_duplicates(["rotated", "fixed"])
        top = others.sort_values("correlation", ascending=False).head(10)
        top = top[["correlation", "detail"]].round(3).to_numpy().tolist()
        mistaken = duplicates.are_near_duplicates(others).sum()
        print(
            f"others: {len(others):,}, taken for near-duplicates {mistaken}; "
            f"highest correlations, with detail: {top}"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
