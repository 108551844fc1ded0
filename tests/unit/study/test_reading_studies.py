"""A file that is no YAML, or no study, is refused in one line with file, line and remedy."""

import json
import re

import pytest
import yaml

from manyseeds.errors import InputError
from manyseeds.study.reading import read_study_file


@pytest.fixture
def read(tmp_path, monkeypatch):
    """Return what a file of these letters or bytes says."""
    monkeypatch.chdir(tmp_path)

    def reading(content, name="my.yaml"):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return read_study_file(name)

    return reading


def test_what_yaml_has_is_read(read):
    text = """
study: mine        # a comment
datasets:
  a: &a {source: {kind: folder, path: 'C:\\images #1'}, size: 64}
  b: {<<: *a, size: 32}
list:
- one
- "two\\u00e9"
- |
  text
  of lines
"""
    assert read(text) == yaml.safe_load(text)
    assert read(text.replace("\n", "\r\n")) == yaml.safe_load(text)
    assert read("\ufeff" + text) == yaml.safe_load(text)


def test_words_are_texts_or_numbers_as_in_yaml_1_2(read):
    assert read("a: [no, yes, on, 2024-01-01, 1e-3, 007, 3.0, null, 'no', \"1\"]\n2024: x\n") == {
        "a": ["no", "yes", "on", "2024-01-01", 0.001, 7, 3.0, None, "no", "1"],
        "2024": "x",
    }


def test_json_is_read_as_json(read):
    what = {"study": "é \U0001f600", "seeds": 3.0, "datasets": {"a": [True, None]}}
    for indent in (None, "\t"):
        assert read(json.dumps(what, indent=indent), "my.json") == what


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("study: mine\ndatasets:\n\tmine: {}\n", 3, "has a tab.* Replace the tab by blanks"),
        ("study:\tmine\n", 1, "has a tab"),
        ('a:\n  group: "(field\\d)"\n', 2, r"Write it in single quotes: '\(field\\d\)'\.$"),
        ('path: "C:\\Users\\me"\n', 1, r"single quotes: 'C:\\Users\\me'"),
        ('path: "C:\\images\\"\nseeds: 3\n', 1, r"single quotes: 'C:\\images\\'"),
        # These are signs to YAML, and nobody means them.
        ('path: "C:\\temp"\n', 1, r"single quotes: 'C:\\temp'"),
        ('group: "\\bday"\n', 1, r"single quotes: '\\bday'"),
        ('path: "images\nseeds: 3\n', 1, "the quote that opens here is never closed"),
        ("label: 'Anna's cells'\n", 1, "an apostrophe in single quotes is written twice"),
        ("study: mine\nseeds:3\nseed: 4\n", 2, r"no blank follows the colon. Write seeds: 3\."),
        ("study:mine\nseeds: 3\n", 1, "no blank follows the colon. Write study: mine"),
        ("seeds:3\n", 1, "no blank follows the colon. Write seeds: 3"),
        ("study: mine\nseeds 3\nseed: 4\n", 2, "seeds 3 has no colon. Write seeds: 3"),
        ("classes: [a, b\nseeds: 3\n", 1, r"the \[ that opens here is not closed before line 2"),
        ("seeds: 3\na: {b: {c: 3}\n", 2, "the { that opens here is never closed. Write .* }"),
        ("classes: [a, b]]\n", 1, "has a ] too many"),
        ("classes: [a, b}\n", 1, r"Write \]"),
        ("a: {size: 3 color: gray}\n", 1, "a comma is missing"),
        ("study: mine\n  seeds: 3\n", 2, "begins further right than line 1, which has a value"),
        ("a:\n    b:\n        c: 3\n      d: 4\n", 4, "Begin the keys of one mapping at the same"),
        ("a:\n  - b\n - c\n", 3, "Begin all - of a list at the same column"),
        ("classes: - a\n", 1, r"Or write it in one line: \[first, second\]"),
        ("label: Snf7: strong\n", 1, "single quotes: label: 'Snf7: strong'"),
        ("group: [DFR]_x\n", 1, "is a list or a mapping. If it is a text, such as a pattern"),
        ("path: {{ROOT}}/x\n", 1, "is a list or a mapping. If it is a text, such as a pattern"),
        ("a: {group: [^/]+/x, size: 3}\n", 1, "put all of it in single quotes"),
        ("label: %x\n", 1, "begins with % .* single quotes: '%x'"),
        ("group: *.tif\n", 1, r"begins with \* .* single quotes: '\*.tif'"),
        ("path: !images\n", 1, "begins with ! .* single quotes: '!images'"),
        ("a: &x [*x]\n", 1, "holds itself"),
        # Snakemake, which reads the file too, takes these for a date and for a sign of its own.
        ("classes: [2024-02-30, a]\n", 1, "Put it in quotes: '2024-02-30'"),
        ("label: =\n", 1, "Put it in quotes: '='"),
        ("study: a\n---\nstudy: b\n", 2, "a second document begins here"),
        ("a: 1\nb:\n  c: 2\na: 3\n", 4, "the key a is here twice, first in line 1. Delete one"),
        ("2024: 1\n'2024': 2\n", 2, "the key 2024 is here twice"),
        ("study:\u00a0mine\nseeds: 3\n", 1, r"a no-break blank \(U\+00A0\)"),
        ("a:\n\u00a0\u00a0b: {}\n", 2, r"a no-break blank \(U\+00A0\)"),
        ("study: mi\u200bne\n", 1, r"an invisible blank of no width \(U\+200B\)"),
        ("study: “mine”\n", 1, "typographic quotes.* Write straight ones: 'mine'"),
        ("study: a\nlabel: b\x01\n", 2, r"the control character U\+0001"),
        ("- a\n- b\n", 1, "it is a list. Write the keys of a study instead"),
        ("hello\n", 1, "hello is no key with a value"),
        ("a: 1\n[b]: 2\n", 2, r"a key must be a text. Put \[b\] in single quotes"),
        ("label: Z\xfcrich\n".encode("latin-1"), 1, "Save it as UTF-8"),
    ],
)
def test_what_is_no_yaml_is_said_with_its_line(read, text, line, says):
    with pytest.raises(InputError, match=rf"^my\.yaml, line {line}: .*{says}") as raised:
        read(text)
    assert "\n" not in str(raised.value)
    # Nothing of the parser's own language.
    assert not re.search("scalar|token|flow|block|alias|sequence", str(raised.value))


@pytest.mark.parametrize("text", ["", "# only a comment\n", "---\n"])
def test_an_empty_file_is_told(read, text):
    with pytest.raises(InputError, match=r"^my\.yaml: it is empty. Write the keys"):
        read(text)


def test_utf_16_is_told(read):
    with pytest.raises(InputError, match=r"^my\.yaml: is in UTF-16, .*Save it as UTF-8"):
        read("study: mine".encode("utf-16"))


def test_a_key_is_twice_in_json(read):
    with pytest.raises(InputError, match=r"^my\.json: the key seeds is twice"):
        read('{"seeds": 3, "seeds": 4}', "my.json")


def test_a_file_that_is_not_there_and_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match=r"^no\.yaml: there is no such file"):
        read_study_file("no.yaml")
    with pytest.raises(InputError, match=r"^folder: is a folder\. Give the study file"):
        read_study_file("folder")


def test_quotes_make_a_text_of_anything(read):
    assert read("a: '“x”'\nb: '\u00a0'\nc: 'C:\\temp'\nd: '# no'\ne: '{x}'") == {
        "a": "“x”", "b": "\u00a0", "c": "C:\\temp", "d": "# no", "e": "{x}",
    }  # fmt: skip
