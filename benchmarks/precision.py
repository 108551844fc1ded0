"""Does bf16 train as well as fp32? The table of docs/engine.md.

Reads the evaluation tables of studies run twice, once in each precision::

    python benchmarks/precision.py results/precision-micrographs results/precision-fashion

where each name stands for two results folders, ``<name>-bf16`` and ``<name>-fp32``. For every
dataset and architecture it prints three measures in either precision, and the mean of the
differences by seed (bf16 - fp32), with 95 % intervals over seeds. The measures are test accuracy at
the end, and test and training accuracy averaged over the second half of the epochs. The averages
do not depend on where a seed happens to be after the last epoch. A seed has the same initial
weights and order of images in both precisions.
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from manyseeds.statistics.intervals import Interval, mean_interval
from manyseeds.tables import read

PRECISIONS = ("bf16", "fp32")
KEYS = ["measure", "dataset", "architecture"]


def measures(evaluation: pd.DataFrame, history: pd.DataFrame) -> pd.DataFrame:
    """Return a row a measure, dataset, architecture and seed, with its ``accuracy``.

    Parameters
    ----------
    evaluation, history : pandas.DataFrame
        Tables of the workflow (``schemas/``), of any number of networks.
    """
    at_the_end = evaluation[evaluation["split"] != "train"].assign(
        measure=lambda table: table["split"] + ", at the end"
    )
    later = history[history["epoch"] > history["epoch"].max() / 2]
    first = later["epoch"].min()
    averaged = [
        later.assign(measure=f"{name}, mean of epochs from {first}", accuracy=later[column])
        for name, column in (("test", "test_accuracy"), ("training", "train_accuracy"))
    ]
    keys = [*KEYS, "seed"]
    table = pd.concat([at_the_end, *averaged])
    return table.groupby(keys, sort=False)["accuracy"].mean().reset_index()


def compare(bf16: pd.DataFrame, fp32: pd.DataFrame) -> pd.DataFrame:
    """Return a row a measure, dataset and architecture.

    Parameters
    ----------
    bf16, fp32 : pandas.DataFrame
        As from `measures`.

    Returns
    -------
    pandas.DataFrame
        measure, dataset, architecture, bf16, fp32, difference (each an `Interval`), n.
    """
    both = bf16.merge(fp32, on=[*KEYS, "seed"], validate="one_to_one", suffixes=("_bf16", "_fp32"))
    rows = []
    for key, seeds in both.groupby(KEYS, sort=False):
        row = dict(zip(KEYS, key, strict=True))
        row |= {p: mean_interval(seeds[f"accuracy_{p}"]) for p in PRECISIONS}
        row["difference"] = mean_interval(seeds["accuracy_bf16"] - seeds["accuracy_fp32"])
        rows.append(row | {"n": len(seeds)})
    return pd.DataFrame(rows)


def _percent(interval: Interval, sign: str = "") -> str:
    mean, low, high = (f"{100 * value:{sign}.1f}" for value in interval[:3])
    return f"{mean} [{low}, {high}]"


def _read_all(folder: str, pattern: str) -> pd.DataFrame:
    return pd.concat(map(read, sorted(Path(folder).glob(pattern))))


def main(names: list[str]) -> None:
    """Print the table in Markdown."""
    print("| accuracy | dataset | network | bf16, % | fp32, % | difference, points | n seeds |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for name in names:
        bf16, fp32 = (
            measures(
                _read_all(f"{name}-{precision}", "evaluation/*/*/*/evaluation.csv"),
                _read_all(f"{name}-{precision}", "training/*/*/*/history.csv"),
            )
            for precision in PRECISIONS
        )
        for row in compare(bf16, fp32).itertuples():
            print(
                f"| {row.measure} | {row.dataset} | `{row.architecture}` | {_percent(row.bf16)} | "
                f"{_percent(row.fp32)} | {_percent(row.difference, '+')} | {row.n} |"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
