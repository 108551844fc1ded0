"""Studies laid over config.yaml, as Snakemake lays a --configfile over it."""

from copy import deepcopy
from pathlib import Path

import yaml

from manyseeds.study import Study

ROOT = Path(__file__).parents[2]
DEFAULT = yaml.safe_load((ROOT / "config.yaml").read_text())
MINE = [{"dataset": "mine", "architectures": ["deep"]}]


def laid_over(base, upper):
    """Return a mapping laid over another, key by key at every depth."""
    if not (isinstance(base, dict) and isinstance(upper, dict)):
        return deepcopy(upper)
    return base | {key: laid_over(base.get(key), value) for key, value in upper.items()}


def study_over_default(study) -> Study:
    """Return the study that a file which says this would be."""
    return Study.of(laid_over(DEFAULT, study))


def mine(source=None, **dataset):
    """Say a study of one dataset, from a folder that is there, with these keys."""
    dataset["source"] = {"kind": "folder", "path": str(ROOT / "docs")} | (source or {})
    return {"datasets": {"mine": dataset}, "experiments": MINE}
