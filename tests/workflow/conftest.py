import pytest

from workflow_runs import ROOT, snakemake


@pytest.fixture(scope="session")
def tiny(tmp_path_factory):
    """The tiny study, run whole."""
    run = snakemake(
        tmp_path_factory.mktemp("tiny"), "all", "--cores", "2", study=ROOT / "tests/tiny.yaml"
    )
    assert run.code == 0, run.text
    return run
