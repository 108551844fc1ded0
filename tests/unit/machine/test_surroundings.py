"""Jobs run alike wherever the workflow is started."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from manyseeds.machine.surroundings import settle

SCRIPTS = Path(__file__).parents[3] / "scripts"


def settled(tmp_path, **environment):
    settle(environment, SCRIPTS, tmp_path / "scratch")
    return environment


def run(code, environment, folder):
    """Run Python as Snakemake runs a script: from a file in a folder of its own."""
    (folder / "code").mkdir()
    (folder / "code/script.py").write_text(code)
    done = subprocess.run(
        [sys.executable, folder / "code/script.py"],
        cwd=folder, env=os.environ | environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert not done.stderr
    return done.stdout


@pytest.mark.parametrize("others", ["{0}", "{0}:", ":{0}", ".:{0}"])
def test_packages_of_our_names_elsewhere_are_not_taken(tmp_path, others):
    (tmp_path / "manyseeds").mkdir()
    (tmp_path / "manyseeds/__init__.py").write_text("raise SystemExit('foreign')")
    (tmp_path / "_job.py").write_text("raise SystemExit('foreign')")
    environment = settled(tmp_path, PYTHONPATH=others.format(tmp_path))
    code = (
        "import importlib.util as u\n"
        "print(*(u.find_spec(name).origin for name in ('manyseeds', '_job')))"
    )
    found = run(code, environment, tmp_path)
    assert found.split() == [str(SCRIPTS / "manyseeds/__init__.py"), str(SCRIPTS / "_job.py")]


def test_the_working_directory_is_not_searched_for_modules(tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('foreign')")
    assert "random.py" in run("import random; print(random.__file__)", settled(tmp_path), tmp_path)


def test_other_packages_are_still_found(tmp_path):
    environment = settled(tmp_path, PYTHONPATH=f"/one:{SCRIPTS}:/two")
    assert environment["PYTHONPATH"].split(":") == [str(SCRIPTS), "/one", "/two"]
    settle(environment, SCRIPTS, tmp_path)
    assert environment["PYTHONPATH"].split(":") == [str(SCRIPTS), "/one", "/two"]


def test_text_is_utf_8_in_any_locale(tmp_path):
    environment = settled(tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    code = "from pathlib import Path; Path('\\u5bf9').write_text('\\u7167'); print('there')"
    assert run(code, environment, tmp_path) == "there\n"
    assert (tmp_path / "\u5bf9").read_bytes() == "\u7167".encode()


def test_figures_go_into_files(tmp_path):
    inline = "module://matplotlib_inline.backend_inline"
    assert settled(tmp_path, MPLBACKEND=inline)["MPLBACKEND"] == "agg"


@pytest.mark.parametrize("nowhere", ["/dev/null", "/dev/null/home", "nowhere"])
def test_without_a_home_matplotlib_keeps_its_list_of_fonts_in_the_scratch_folder(
    tmp_path, monkeypatch, nowhere
):
    monkeypatch.setenv("HOME", nowhere)
    environment = settled(tmp_path)
    assert environment["MPLCONFIGDIR"] == str(tmp_path / "scratch/matplotlib")
    environment |= {"HOME": nowhere, "XDG_CONFIG_HOME": "", "XDG_CACHE_HOME": ""}
    assert run("import matplotlib.font_manager; print('quiet')", environment, tmp_path)


def test_with_a_home_or_a_choice_of_the_user_nothing_changes(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "MPLCONFIGDIR" not in settled(tmp_path)
    monkeypatch.setenv("HOME", "/dev/null")
    folders = {"XDG_CONFIG_HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "new/one")}
    assert "MPLCONFIGDIR" not in settled(tmp_path, **folders)
    assert settled(tmp_path, MPLCONFIGDIR="/mine")["MPLCONFIGDIR"] == "/mine"
