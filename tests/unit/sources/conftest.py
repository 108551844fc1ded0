import pytest

from class_folders import make


@pytest.fixture
def folder(tmp_path):
    """Four images in the class folders a and b."""
    return make(tmp_path / "photos")
