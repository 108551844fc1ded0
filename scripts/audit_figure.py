"""Draw the audit of a dataset.

Reads ``audit.csv`` and ``shares.csv``. Writes the shares of the classes by split above the
verdict of each check (PNG and PDF for print, PNG for the screen).
"""

from _job import reporting, snakemake

with reporting():
    from manyseeds import tables
    from manyseeds.figures import audit, style

    figure = audit.audit_figure(
        tables.read(snakemake.input.audit),
        tables.read(snakemake.input.shares),
        title=snakemake.params.title,
    )
    style.save(figure, **dict(snakemake.output.items()))
