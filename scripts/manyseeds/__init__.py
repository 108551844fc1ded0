"""The library of manyseeds: what the scripts of the workflow call.

It knows nothing of Snakemake nor of the paths of results. Each package knows one thing and says
in its first lines what it may import; import-linter (pyproject.toml) holds them to it. At the
bottom lie `errors`, `randomness` and `tables`, which every package may import.
"""
