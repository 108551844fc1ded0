"""A study file, read with the line and the text of every value.

PyYAML finds the structure. What a word means is decided here, by the rules of YAML 1.2, so that
``[no, yes]`` are two texts and ``1e-3`` is a number. What is no YAML, and what is YAML that nobody
can have meant, is refused in one line with the remedy.
"""

import json
import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import yaml

from manyseeds.errors import InputError
from manyseeds.study.scalars import meaning
from manyseeds.study.syntax import Fault, fault_of, strange_character
from manyseeds.study.written import Place, WrittenList, WrittenMapping, as_yaml

TEXT = "tag:yaml.org,2002:str"
PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("str", "int", "float", "bool", "null")}
MERGE = "<<"
CURLED = "“”„‟‘’‚‛«»‹›"
"""Quotes of texts, which a word processor or a web page puts in the place of straight ones."""
SAVE_AS_UTF8 = "Save it as UTF-8 in your editor (Save with encoding), then run again."


class _Loader(yaml.SafeLoader):
    """Finds the structure alone: every word without a tag is a text to it."""

    yaml_implicit_resolvers: ClassVar[dict] = {}  # type: ignore[misc]


def read_study_file(path: Path | str) -> WrittenMapping:
    """Return what a study file says.

    Parameters
    ----------
    path : path-like
        A file of YAML, or of JSON.

    Returns
    -------
    WrittenMapping
        Of mappings, lists, texts, numbers, booleans and None. All keys are texts.

    Raises
    ------
    InputError
        The file is not there or cannot be read, is no YAML, or holds no keys. The message begins
        with the file and the line.
    """
    name = shown_path(path)
    text = _text(Path(path), name)
    if text.lstrip().startswith("{"):
        # As Snakemake does it: JSON has other rules for texts in quotes.
        with suppress(json.JSONDecodeError):
            return _of_json(json.loads(text, object_pairs_hook=_Pairs), name)
    try:
        node = yaml.compose(text, Loader=_Loader)
        if node is None or (isinstance(node, yaml.ScalarNode) and node.value == ""):
            raise Fault(None, "it is empty. Write the keys of a study in it, such as study: mine")
        read = _Reader(text, name).value(node, ())
        if not isinstance(read, WrittenMapping):
            _refuse_other(node, read)
    except yaml.YAMLError as error:
        raise _located(name, fault_of(error, text)) from None
    except RecursionError:
        raise InputError(f"{name}: its brackets are nested too deep. Take some out.") from None
    except Fault as fault:
        raise _located(name, fault) from None
    return read


def shown_path(path: Path | str) -> str:
    """Return a path as a message names it: relative if it lies below the working directory."""
    try:
        return str(Path(path).resolve().relative_to(Path.cwd().resolve()))
    except (ValueError, OSError):
        return str(path)


def _located(name: str, fault: Fault) -> InputError:
    line = f", line {fault.line}" if fault.line else ""
    return InputError(f"{name}{line}: {fault.says}.")


def _text(path: Path, name: str) -> str:
    """Return the text of a file."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            f"{name}: there is no such file. Correct its path; a relative one starts in "
            f"{Path.cwd()}."
        ) from None
    except IsADirectoryError:
        raise InputError(f"{name}: is a folder. Give the study file in it.") from None
    except OSError as error:
        raise InputError(
            f"{name}: cannot be read ({os.strerror(error.errno or 0)}). Make it readable."
        ) from None
    if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\0" in data[:1000]:
        raise InputError(f"{name}: is in UTF-16, or is no text at all. {SAVE_AS_UTF8}")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{name}, line {line}: has a letter that is not in UTF-8, perhaps in Latin-1. "
            f"{SAVE_AS_UTF8}"
        ) from None


def _refuse_other(node: yaml.Node, read: Any) -> None:
    """Raise for a file whose top is no mapping."""
    line = node.start_mark.line + 1
    if isinstance(read, WrittenList):
        raise Fault(line, "it is a list. Write the keys of a study instead, such as study: mine")
    missing = re.match(r"\s*(\w+):(\S.*)", str(read))
    if missing:
        raise Fault(line, f"no blank follows the colon. Write {missing[1]}: {missing[2]}")
    raise Fault(
        line, f"{as_yaml(read)} is no key with a value. Write keys of a study, such as study: mine"
    )


class _Reader:
    """Makes values of the nodes of one file."""

    def __init__(self, text: str, name: str) -> None:
        self.text, self.name = text, name

    def value(self, node: yaml.Node, around: tuple[int, ...]) -> Any:
        """Return the value of a node; `around` are the nodes that hold it, by their identity."""
        line = node.start_mark.line + 1
        if id(node) in around:
            raise Fault(line, "an anchor (&) holds itself. Write the value out")
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        if not node.tag.startswith("tag:yaml.org,2002:"):
            raise self._tagged(node)
        around = (*around, id(node))
        if isinstance(node, yaml.SequenceNode):
            values = WrittenList()
            for one in node.value:
                values.append(self.value(one, around))
                values.places.append(self._place(one, one))
            return values
        assert isinstance(node, yaml.MappingNode)
        return self._mapping(node, around)

    def _mapping(self, node: yaml.MappingNode, around: tuple[int, ...]) -> WrittenMapping:
        merged, own = WrittenMapping(), WrittenMapping()
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                raise Fault(line, _not_a_key(self.text, key_node))
            self._scalar(key_node)  # for its faults alone
            key = key_node.value
            if key == MERGE and key_node.style is None:
                for part in self._parts(value_node, around):
                    for name, value in part.items():
                        if name not in merged:
                            merged[name], merged.places[name] = value, part.places[name]
                continue
            if key in own:
                raise Fault(
                    line,
                    f"the key {key} is here twice, first in line {own.places[key].line}. Delete "
                    f"one of them",
                )
            own[key] = self.value(value_node, around)
            before = next(reversed(own.places), None)
            own.places[key] = self._place(key_node, value_node, before)
        for name, value in merged.items():
            if name not in own:
                own[name], own.places[name] = value, merged.places[name]
        return own

    def _parts(self, node: yaml.Node, around: tuple[int, ...]) -> Iterable[WrittenMapping]:
        """Yield the mappings that a key ``<<`` takes in."""
        value = self.value(node, around)
        for part in value if isinstance(value, WrittenList) else [value]:
            if not isinstance(part, WrittenMapping):
                raise Fault(
                    node.start_mark.line + 1, "<< takes keys in. Give it an anchor of a mapping"
                )
            yield part

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        line, value, plain = node.start_mark.line + 1, node.value, node.style is None
        if node.tag not in PLAIN_TAGS:
            raise self._tagged(node)
        if plain:
            if strange := strange_character(value):
                raise Fault(
                    line,
                    f"{' '.join(value.split())} has {strange}. Type it again with ordinary blanks, "
                    f"or put it in single quotes if it is meant",
                )
            if value[:1] and value[0] in CURLED:
                bare = value.strip(CURLED)
                raise Fault(
                    line,
                    f"{value} has typographic quotes, which are part of the text. Write straight "
                    f"ones: '{bare}'",
                )
            if not _known_to_snakemake(value):
                raise Fault(line, f"Snakemake cannot read {value}. Put it in quotes: '{value}'")
            return meaning(value)
        if node.style == '"' and "\\" in self._typed(node) and not _printable(value):
            bare = self._typed(node)[1:-1]
            raise Fault(
                line,
                f'in double quotes a backslash begins a sign, such as \\t for a tab: "{bare}". '
                f"Write it in single quotes: '{bare}'",
            )
        # A text in quotes stays one, unless it says otherwise: !!int "3".
        return value if node.tag == TEXT else meaning(value)

    def _place(self, first: yaml.Node, node: yaml.Node, after: str | None = None) -> Place:
        line = first.start_mark.line + 1
        if not isinstance(node, yaml.ScalarNode):
            typed = self._typed(node) if getattr(node, "flow_style", False) else ""
            return Place(self.name, line, typed=typed, after=after)
        plain = node.style is None
        rest = self.text[node.end_mark.index :].split("\n", 1)[0] if plain else ""
        comment = re.match(r"\s+(#.*)", rest)
        typed = self._typed(node) if node.style not in ("|", ">") else ""
        return Place(
            self.name,
            line,
            node.value if plain else None,
            typed,
            comment[1] if comment else "",
            after,
        )

    def _typed(self, node: yaml.Node) -> str:
        return self.text[node.start_mark.index : node.end_mark.index]

    def _tagged(self, node: yaml.Node) -> Fault:
        typed = " ".join(self._typed(node).split())
        return Fault(
            node.start_mark.line + 1,
            f"a value that begins with ! has a type of its own in YAML. If {typed} is a text, put "
            f"it in single quotes: '{typed}'",
        )


def _not_a_key(text: str, node: yaml.Node) -> str:
    typed = " ".join(text[node.start_mark.index : node.end_mark.index].split())
    if text[: node.start_mark.index].rstrip(" ").endswith("{"):
        return (
            f"{{{typed}}} are the braces of a mapping in YAML. If it is a text, put all of it in "
            f"single quotes"
        )
    return f"a key must be a text. Put {typed} in single quotes"


def _known_to_snakemake(word: str) -> bool:
    """Return whether Snakemake can read a word; by YAML 1.1 it takes 2024-02-30 for a date."""
    if word[:1] not in "=+-0123456789":
        return True
    try:
        yaml.safe_load(word)
    except (ValueError, yaml.YAMLError):
        return False
    return True


def _printable(value: str) -> bool:
    return all(ord(sign) >= 32 and sign not in "\x7f\x85\xa0\u2028\u2029" for sign in value)


class _Pairs(list):
    """The keys and values of a mapping in JSON, in which a key may be twice."""


def _of_json(value: Any, name: str) -> Any:
    """Return a value of a JSON file, with the file as its place."""
    if isinstance(value, _Pairs):
        mapping = WrittenMapping()
        for key, one in value:
            if key in mapping:
                raise InputError(f"{name}: the key {key} is twice in one mapping. Delete one.")
            mapping[key], mapping.places[key] = _of_json(one, name), Place(name)
        return mapping
    if isinstance(value, list):
        values = WrittenList()
        values.extend(_of_json(one, name) for one in value)
        values.places = [Place(name)] * len(value)
        return values
    return value
