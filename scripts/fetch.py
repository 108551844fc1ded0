"""Fetch the images of a dataset.

Reads a folder, an archive, a repository, IDX files or a dataset of torchvision, on this machine
or from an address. Writes the images, byte for byte as they came (those of arrays as PNG),
``images.csv``, and ``skipped.csv`` with the damaged images left out, if the study has them left
out. Every image is decoded once, so that a damaged one stops the study here.
"""

from pathlib import Path

from _job import reporting, say, snakemake


def fetch(source: dict):
    """Call the library for a kind of source; return what it fetched."""
    match source["kind"]:
        case "folder":
            return sources.copy_folder(params.location, out, **options(), **selection)
        case "archive":
            return archives.unpack_archive(params.location, out, **options(), **selection)
        case "git":
            return repositories.copy_repository(source["url"], out, **options(), **selection)
        case "idx":
            return idx.read_idx(params.location, out, **options(), **common)
        case "torchvision":
            return torchvision_sets.read_torchvision(params.location, out, **options(), **common)


def options() -> dict:
    """Return the keys of the source that the library takes by the same name, and the pattern."""
    renamed = {"class": "class_pattern"}
    return {
        renamed.get(key, key): value
        for key, value in params.source.items()
        if key not in ("kind", "path", "url")
    }


with reporting():
    from manyseeds import archives, idx, repositories, sources, torchvision_sets

    params = snakemake.params
    out = Path(snakemake.output.images)
    common = {"classes": params.classes, "workers": snakemake.threads}
    selection = common | {"on_bad_image": params.on_bad_image}
    table, phantoms, skipped = fetch(params.source)
    origin = params.location or f"torchvision's {params.source['name']}"
    table.to_csv(snakemake.output.table, index=False)
    skipped.to_csv(snakemake.output.skipped, index=False)
    say(
        f"{len(table):,} images in {table['class'].nunique()} classes from {origin}; "
        f"{phantoms} phantom files (such as .DS_Store) left out; "
        f"{table['sha256'].duplicated(keep=False).sum()} files are identical to another"
    )
    if len(skipped):
        say(
            f"{len(skipped):,} damaged images skipped (of {len(table) + len(skipped):,}), see "
            f"{snakemake.output.skipped}"
        )
