"""Running the project's Snakefile in a folder of its own."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


@dataclass
class Run:
    """A finished call of snakemake."""

    code: int
    text: str
    folder: Path

    @property
    def results(self) -> Path:
        return next((self.folder / "results").iterdir())

    def jobs(self) -> set[str]:
        """Rules that ran, or would have run."""
        lines = (
            self.text.split("Job stats:")[-1].splitlines()[3:] if "Job stats" in self.text else []
        )
        table = [line.split() for line in lines[: lines.index("")]]
        return {rule for rule, _ in table} - {"total"}


def command(folder: Path, *words: str, study: Path) -> list[str]:
    """Return the command that runs the project's Snakefile in a folder of its own."""
    command = [sys.executable, "-m", "snakemake", *words, "--snakefile", ROOT / "Snakefile"]
    command += ["--directory", folder, "--configfile", ROOT / "config.yaml", study]
    return [str(word) for word in command]


def snakemake(folder: Path, *words: str, study: Path | dict) -> Run:
    """Run the project's Snakefile in a folder of its own."""
    if isinstance(study, dict):
        path = folder / "study.yaml"
        path.write_text(yaml.safe_dump(study))
        study = path
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    done = subprocess.run(
        command(folder, *words, study=study),
        cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return Run(done.returncode, done.stdout, folder)
