import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session", autouse=True)
def one_thread():
    """Small networks train fastest on one thread, and always with the same result."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Folder in which downloads are kept, of this test alone."""
    from manyseeds.sources import downloads

    monkeypatch.setattr(downloads, "cache_folder", lambda: tmp_path / "kept")
    return tmp_path / "kept"


@pytest.fixture(scope="session")
def real_data():
    """Folder of real images, or skip."""
    folder = Path(os.environ.get("MANYSEEDS_DATA", ROOT / "../shared/data"))
    if not folder.is_dir():
        pytest.skip(f"no real images: {folder} does not exist (set MANYSEEDS_DATA)")
    return folder
