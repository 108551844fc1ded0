import pytest

from manyseeds.study.given import check_given, given_files


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("all --cores 2", []),
        ("--configfile a.yaml", ["a.yaml"]),
        ("data --configfile a.yaml b.yaml --cores 1", ["a.yaml", "b.yaml"]),
        ("--configfiles=a.yaml --cores 1 all", ["a.yaml"]),
        ("--config seeds=2 --configfile a.yaml -n", ["a.yaml"]),
    ],
)
def test_the_files_of_a_command(command, files):
    assert list(given_files(command.split())) == files


def test_a_file_that_is_no_yaml_ends_the_program(tmp_path, capsys):
    file = tmp_path / "my.yaml"
    file.write_text('study: mine\ngroup: "(day\\d)"\n')
    with pytest.raises(SystemExit) as ended:
        check_given(["--configfile", str(file)])
    assert ended.value.code == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{file}, line 2: ")
    assert "single quotes" in said


def test_others_are_left_to_snakemake(tmp_path):
    file = tmp_path / "my.yaml"
    file.write_text("study: mine\n")
    check_given(["--configfile", str(file), str(tmp_path / "gone.yaml")])
