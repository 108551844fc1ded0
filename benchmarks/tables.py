"""From single repetitions to the table of peers."""

from collections.abc import Mapping, Sequence

import pandas as pd
from rich.console import Console
from rich.table import Table

from benchmarks.workloads import Steady, Workload

RUNS = [
    "workload", "repetition", "who", "images", "seconds", "images_per_second",
    "peak_memory_mb", "processes", "matrix_rate", "version",
]  # fmt: skip
"""Columns of the table of repetitions; ``matrix_rate`` is in operations a second."""

PEERS = [
    "workload", "peer", "ours_images_per_second", "peer_images_per_second", "ratio",
    "ours_share_of_matrix_rate", "ours_peak_memory_mb", "peer_peak_memory_mb", "repetitions",
]  # fmt: skip
"""Columns of the table of peers."""


def peers_table(runs: pd.DataFrame, flops: Mapping[str, int]) -> pd.DataFrame:
    """Return the medians over the repetitions, a row a workload and peer.

    Parameters
    ----------
    runs : pandas.DataFrame
        Columns `RUNS`.
    flops : mapping
        Operations of training on one image, for each workload that has a share of the machine's
        matrix rate. That rate is the best that was measured beside the workload.

    Returns
    -------
    pandas.DataFrame
        Columns `PEERS`.
    """
    rows = []
    for workload, of_workload in runs.groupby("workload", sort=False):
        sides = of_workload.groupby("who", sort=False)
        median = sides[["images_per_second", "peak_memory_mb"]].median()
        count = sides.size()
        if "ours" not in median.index:
            continue
        rate, memory = median.loc["ours"]
        share = rate * flops.get(workload, float("nan")) / of_workload["matrix_rate"].max()
        for peer in median.index.drop("ours"):
            peer_rate, peer_memory = median.loc[peer]
            rows.append(
                (workload, peer, rate, peer_rate, rate / peer_rate, share, memory, peer_memory,
                 min(count["ours"], count[peer]))
            )  # fmt: skip
    return pd.DataFrame(rows, columns=PEERS)


def with_new_runs(runs: pd.DataFrame, new: Sequence[Mapping]) -> pd.DataFrame:
    """Return the runs, in which new ones replace all runs of their workloads.

    They replace sides that were not measured again, too: only sides that were measured together
    are compared.
    """
    new = pd.DataFrame(new, columns=RUNS)
    old = runs[~runs["workload"].isin(new["workload"])]
    return pd.concat([part for part in (old, new) if len(part)], ignore_index=True)


def show(peers: pd.DataFrame, workloads: Mapping[str, Workload], console: Console) -> None:
    """Print the table of peers, with the ratios that are asked."""
    table = Table(title="Training, images a second (medians)")
    for column in ("workload", "peer"):
        table.add_column(column)
    for column in (
        "ours", "peer's", "ratio", "asked", "of matrix rate", "asked", "ours MB", "peer's MB", "n",
    ):  # fmt: skip
        table.add_column(column, justify="right")
    for row in peers.itertuples():
        workload = workloads[row.workload]
        asked = workload.asked.get(row.peer)
        share_asked = workload.asked_share if isinstance(workload, Steady) else None
        table.add_row(
            row.workload,
            row.peer,
            f"{row.ours_images_per_second:,.0f}",
            f"{row.peer_images_per_second:,.0f}",
            f"{row.ratio:.2f}",
            "" if asked is None else f"≥ {asked:g}",
            ""
            if pd.isna(row.ours_share_of_matrix_rate)
            else f"{row.ours_share_of_matrix_rate:.2f}",
            "" if share_asked is None else f"≥ {share_asked:g}",
            f"{row.ours_peak_memory_mb:,.0f}",
            f"{row.peer_peak_memory_mb:,.0f}",
            str(row.repetitions),
        )
    console.print(table)
