import subprocess
import sys
from pathlib import Path

import manyseeds.figures

SCRIPTS = Path(manyseeds.figures.__file__).parents[2]


def test_no_figure_imports_torch():
    """Directly or indirectly: it takes seconds, and figures compute no result."""
    code = """
import importlib, pkgutil, sys
import manyseeds.figures as figures
for module in pkgutil.iter_modules(figures.__path__, "manyseeds.figures."):
    importlib.import_module(module.name)
    print(module.name)
sys.exit("torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=SCRIPTS, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert {"manyseeds.figures.paper", "manyseeds.figures.style"} <= set(done.stdout.split())
