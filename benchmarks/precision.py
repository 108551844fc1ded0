"""Does bf16 train as well as fp32? The table of docs/engine.md.

Reads the evaluation tables of studies run twice, once in each precision::

    python benchmarks/precision.py results/precision-micrographs results/precision-fashion

where each name stands for two results folders, ``<name>-bf16`` and ``<name>-fp32``. Prints, for
every dataset, architecture and test split, the mean accuracy in either precision and the mean
of the differences by seed (bf16 - fp32), with 95 % intervals over seeds. A seed has the same
initial weights and order of images in both.
"""

import sys
from pathlib import Path

import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "scripts"))
from manyseeds.statistics import Interval, mean_interval
from manyseeds.tables import read

PRECISIONS = ("bf16", "fp32")
KEYS = ["dataset", "architecture", "split"]


def compare(evaluations: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return a row a dataset, architecture and split but for the training split.

    Parameters
    ----------
    evaluations : dict of str to pandas.DataFrame
        Tables with columns dataset, architecture, split, seed, accuracy, by precision.

    Returns
    -------
    pandas.DataFrame
        dataset, architecture, split, bf16, fp32, difference (each an `Interval`), n.
    """
    both = evaluations["bf16"].merge(
        evaluations["fp32"],
        on=[*KEYS, "seed"],
        validate="one_to_one",
        suffixes=[f"_{precision}" for precision in PRECISIONS],
    )
    rows = []
    for key, seeds in both[both["split"] != "train"].groupby(KEYS):
        bf16, fp32 = (seeds[f"accuracy_{precision}"] for precision in PRECISIONS)
        row = dict(zip(KEYS, key, strict=True))
        row |= {"bf16": mean_interval(bf16), "fp32": mean_interval(fp32)}
        rows.append(row | {"difference": mean_interval(bf16 - fp32), "n": len(seeds)})
    return pd.DataFrame(rows)


def _percent(interval: Interval, sign: str = "") -> str:
    mean, low, high = (f"{100 * value:{sign}.1f}" for value in interval[:3])
    return f"{mean} [{low}, {high}]"


def main(names: list[str]) -> None:
    """Print the table in Markdown."""
    print("| dataset | network | bf16, % | fp32, % | difference, points | n seeds |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name in names:
        tables = {
            precision: pd.concat(
                map(read, sorted(Path(f"{name}-{precision}").glob("evaluation/*/*/*/*.csv")))
            )
            for precision in PRECISIONS
        }
        for row in compare(tables).itertuples():
            print(
                f"| {row.dataset} ({row.split}) | `{row.architecture}` | {_percent(row.bf16)} | "
                f"{_percent(row.fp32)} | {_percent(row.difference, '+')} | {row.n} |"
            )


if __name__ == "__main__":
    main(sys.argv[1:])
