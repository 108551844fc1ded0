"""Side-by-side benchmarks; run from the root of the project by ``python -m benchmarks.run``."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# The library is not installed: as for the workflow, its folder is put on the path.
sys.path.insert(0, str(ROOT / "scripts"))
