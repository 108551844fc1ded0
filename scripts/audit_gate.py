"""Say what the audit of a dataset found, and let training begin or stop the study.

Reads ``audit.csv`` and ``findings.csv``. Under ``audit: strict`` a finding fails this job, with
one message; no training of the dataset begins before it. Writes what it said.
"""

from pathlib import Path

from _job import reporting, say, snakemake

with reporting():
    from manyseeds import tables
    from manyseeds.audit.findings import summary
    from manyseeds.errors import InputError

    dataset, strictness = snakemake.wildcards.dataset, snakemake.params.audit
    findings = tables.read(snakemake.input.findings)
    told = summary(tables.read(snakemake.input.audit), findings)
    where = f"All findings with their files: {snakemake.input.findings}."
    if len(findings) and strictness == "strict":
        raise InputError(
            f"config key datasets.{dataset}.audit: strict, but {told} {where} Fix the data, or "
            "set `audit: warn` to train all the same."
        )
    said = f"warning: {told} {where}" if len(findings) else told
    say(said)
    Path(snakemake.output[0]).write_text(said + "\n")
