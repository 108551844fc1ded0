"""The peer `keras` of a whole study: one script that trains and tests one seed after the other."""

import argparse
import csv
from pathlib import Path

import keras
import numpy as np

from benchmarks.peers.keras_networks import compiled_as
from benchmarks.peers.worker import as_floats


def load(pack: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return a pack's images, float32 0 to 1, and its labels."""
    with pack.with_suffix(".csv").open() as file:
        labels = np.array([int(row["label"]) for row in csv.DictReader(file)])
    return as_floats(np.load(pack)), labels


def main() -> None:
    """Train and test all seeds; print the accuracies."""
    parser = argparse.ArgumentParser()
    parser.add_argument("packs", type=Path, help="folder with train.npy and test.npy")
    parser.add_argument("--seeds", type=int, required=True)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--images-per-epoch", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--lr", type=float, required=True)
    given = parser.parse_args()

    images, labels = load(given.packs / "train.npy")
    test_images, test_labels = load(given.packs / "test.npy")
    for seed in range(given.seeds):
        keras.utils.set_random_seed(seed)
        order = np.random.default_rng(seed)
        model = compiled_as(
            "deep_50", images.shape[1:], int(labels.max()) + 1, optimizer="adam", lr=given.lr
        )
        for _ in range(given.epochs):
            # By steps_per_epoch Keras would end every second epoch early, as soon as the images
            # that the epoch before has left are used up.
            some = order.permutation(len(labels))[: given.images_per_epoch]
            model.fit(images[some], labels[some], batch_size=given.batch, verbose=0)
        _, accuracy = model.evaluate(test_images, test_labels, verbose=0)
        print(f"seed {seed}: test accuracy {accuracy:.3f}", flush=True)


if __name__ == "__main__":
    main()
