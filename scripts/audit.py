"""Audit the splits of a dataset.

Reads the packs of all splits and ``images.csv``. Writes ``audit.csv`` (a row a check),
``findings.csv`` (a row a finding, with its files), ``pairs.csv`` (near-duplicates across splits
and at least the ten closest pairs) and ``shares.csv`` (classes by split). Succeeds whatever it
finds, so that its tables are there; ``audit_gate`` decides what comes of it. Method:
`manyseeds.audit`, docs/audit.md.
"""

from pathlib import Path

from _job import reporting, say, snakemake

with reporting():
    import tempfile

    from manyseeds import tables
    from manyseeds.audit import findings, report
    from manyseeds.machine import disks

    given, output = snakemake.input, snakemake.output
    packs = {
        split: (Path(npy), tables.read(csv))
        for split, npy, csv in zip(snakemake.params.splits, given.packs, given.indices, strict=True)
    }
    with (
        disks.naming_full(tempfile.gettempdir(), disks.FREE_SCRATCH),
        tempfile.TemporaryDirectory(prefix="manyseeds-") as scratch,
    ):
        found, pairs, shares = report.audit(
            packs,
            tables.read(given.images),
            Path(scratch),
            snakemake.threads,
            snakemake.params.pixel_size,
        )
    verdicts, listed = findings.tables(found)
    verdicts.to_csv(output.audit, index=False)
    listed.to_csv(output.findings, index=False)
    pairs.to_csv(output.pairs, index=False)
    shares.to_csv(output.shares, index=False)
    tiles = sum(len(index) for _, index in packs.values())
    say(f"{tiles:,} tiles in {len(packs)} splits; {len(listed):,} findings")
