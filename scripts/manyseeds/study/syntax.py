"""What is wrong with a file that is no YAML, in words for people who do not know YAML well."""

import re
from typing import Any

import yaml

STRANGE = {
    "\u00a0": "a no-break blank",
    "\u2007": "a blank of the width of a digit",
    "\u202f": "a narrow no-break blank",
    "\u2009": "a thin blank",
    "\u3000": "a wide blank",
    "\u200b": "an invisible blank of no width",
    "\u200c": "an invisible sign of no width",
    "\u200d": "an invisible sign of no width",
    "\u2060": "an invisible sign of no width",
    "\ufeff": "an invisible sign of no width",
}
"""Signs that look like a blank or like nothing, and are neither to YAML."""
QUOTED = re.compile(r"""'[^']*'|"(?:\\.|[^"\\])*\"""")
BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
NO_BLANK = re.compile(r"\s*(?:- +)?([\w.-]+):(?!//|\\)([^\s:].*)")
"""A line with a key whose colon no blank follows; a colon in an address or drive is another."""
VALUE = re.compile(r"\s*(?:- +)?([^\s:][^:]*?):\s+(\S.*)")


class Fault(Exception):
    """A fault of a file in one line: what is wrong, and the remedy without a full stop."""

    def __init__(self, line: int | None, says: str) -> None:
        super().__init__(line, says)
        self.line, self.says = line, says


def strange_character(text: str) -> str:
    """Return the name of a sign in a text that only looks like a blank or like nothing, or ""."""
    for sign in text:
        if sign in STRANGE:
            return f"{STRANGE[sign]} (U+{ord(sign):04X})"
    return ""


def fault_of(error: yaml.YAMLError, text: str) -> Fault:
    """Return what an error of PyYAML means.

    Parameters
    ----------
    error : yaml.YAMLError
        From reading the text.
    text : str
        The whole file.

    Returns
    -------
    Fault
        With the line that must be changed, which may stand above the one where PyYAML gave up.
    """
    if isinstance(error, yaml.reader.ReaderError):
        line = len(BREAK.split(text[: error.position]))
        return Fault(line, f"it has the control character U+{error.character:04X}. Delete it")
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return Fault(None, "it is no YAML. Compare it with an example of docs/studies.md")
    return _Broken(error, text).fault()


class _Broken:
    """A file and the place at which it ceases to be YAML."""

    def __init__(self, error: yaml.MarkedYAMLError, text: str) -> None:
        self.text, self.lines = text, BREAK.split(text)
        self.problem, self.context = error.problem or "", error.context or ""
        # Marks, of which the first is there (see `fault_of`).
        self.at: Any = error.problem_mark
        self.begun: Any = error.context_mark or error.problem_mark

    @property
    def number(self) -> int:
        """The line where PyYAML gave up, counted from 1."""
        return int(self.at.line) + 1

    @property
    def line(self) -> str:
        return self._line(self.number)

    def _line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    @property
    def above(self) -> int:
        """The closest line above that is neither empty nor a comment, 0 without one."""
        number = self.number - 1
        while number and self._line(number).strip()[:1] in ("", "#"):
            number -= 1
        return number

    def fault(self) -> Fault:
        """Return what is wrong."""
        for number in (self.number, self.above):
            if strange := strange_character(QUOTED.sub("", self._line(number))):
                return Fault(number, f"it has {strange}. Type an ordinary blank in its place")
        if r"'\t'" in self.problem:
            return Fault(
                self.number, "it has a tab, and YAML takes blanks alone. Replace the tab by blanks"
            )
        if "double-quoted" in self.context:
            return self._backslash()
        if "quoted scalar" in self.context:
            return self._open_quote()
        if "another document" in self.problem or self._line(self.above).strip() == "...":
            return Fault(
                self.number,
                "a second document begins here (---), and a study is one. Delete one of them",
            )
        if "could not find expected ':'" in self.problem:
            return self._no_colon(int(self.begun.line) + 1)
        if "mapping values are not allowed" in self.problem:
            return self._second_colon()
        if "sequence entries are not allowed" in self.problem:
            return Fault(
                self.number,
                "a list with - begins on a line of its own, below its key. Or write it in one "
                "line: [first, second]",
            )
        if "flow" in self.context:
            return self._open_bracket()
        if "undefined alias" in self.problem or self._begins_with_a_sign():
            return self._sign()
        if "but found" in self.problem:
            return self._unexpected()
        return Fault(self.number, f"it is no YAML here ({self.problem}). Compare it with the lines "
                                  f"around it")  # fmt: skip

    def _backslash(self) -> Fault:
        begin = self.begun.index + 1
        bare = re.match(r'[^"\r\n]*', self.text[begin:])
        return _in_single_quotes(int(self.begun.line) + 1, bare[0] if bare else "")

    def _open_quote(self) -> Fault:
        number = int(self.begun.line) + 1
        rest = BREAK.split(self.text[self.begun.index :])[0]
        if match := re.match(r'"([^"]*\\)"', rest):
            return _in_single_quotes(number, match[1])
        return Fault(
            number, f"the quote that opens here is never closed: {rest[:40]}. Write the missing "
                    f"{rest[:1]}"
        )  # fmt: skip

    def _no_colon(self, number: int) -> Fault:
        line = self._line(number)
        if match := NO_BLANK.fullmatch(line):
            return _blank(number, match)
        words = line.strip().removeprefix("- ").split(None, 1)
        example = f"{words[0]}: {words[1]}" if len(words) == 2 else f"{words[0]}: value"
        return Fault(number, f"{line.strip()} has no colon. Write {example}")

    def _second_colon(self) -> Fault:
        above = self._line(self.above)
        before = self.line[: self.at.column]
        if match := VALUE.fullmatch(before):
            value = VALUE.fullmatch(self.line.split(" #")[0].rstrip())
            quoted = _quoted(value[2]) if value else "'...'"
            return Fault(
                self.number,
                f"a colon and a blank stand within the value of {match[1]}. Put the value in "
                f"single quotes: {match[1]}: {quoted}",
            )
        if match := NO_BLANK.fullmatch(above):
            return _blank(self.above, match)
        if VALUE.fullmatch(above) and _indent(self.line) > _indent(above):
            return Fault(
                self.number,
                f"it begins further right than line {self.above}, which has a value already. Begin "
                f"both at the same column",
            )
        return self._no_colon(self.above or self.number)

    def _open_bracket(self) -> Fault:
        opening, closing = ("[", "]") if "sequence" in self.context else ("{", "}")
        number = int(self.begun.line) + 1
        before = self.text[: self.at.index].rstrip()
        if "but got ']'" in self.problem or "but got '}'" in self.problem:
            return Fault(
                self.number, f"the {opening} of line {number} is closed by the wrong bracket. "
                             f"Write {closing}"
            )  # fmt: skip
        if before[-1:] in "]}'\"" and self.number == number and "<scalar>" in self.problem:
            return self._more_after(before)
        if "stream end" in self.problem:
            return Fault(
                number, f"the {opening} that opens here is never closed. Write the missing "
                        f"{closing}"
            )  # fmt: skip
        if self.number > number:
            return Fault(
                number,
                f"the {opening} that opens here is not closed before line {self.number}. Write the "
                f"missing {closing}, or a comma",
            )
        left = " ".join(before.split())[-20:]
        return Fault(self.number, f"a comma is missing near {left}. Write it")

    def _more_after(self, before: str) -> Fault:
        """Return the fault of more text behind a bracket or a quote that closes."""
        if before[-1] in "]}":
            return Fault(
                self.number,
                "a value that begins with [ or { is a list or a mapping. If it is a text, such as "
                "a pattern, put all of it in single quotes",
            )
        return Fault(
            self.number,
            "more follows a quote that closes. Put all of the value in one pair of quotes; an "
            "apostrophe in single quotes is written twice: 'Anna''s cells'",
        )

    def _begins_with_a_sign(self) -> bool:
        return self.at.column > 0 and any(
            words in f"{self.problem} {self.context}"
            for words in ("cannot start any token", "an alias", "an anchor", "a block scalar",
                          "mapping keys are not allowed", "a directive", "a tag")
        )  # fmt: skip

    def _sign(self) -> Fault:
        match = VALUE.fullmatch(self.line.split(" #")[0].rstrip())
        sign = self.text[self.begun.index : self.begun.index + 1] or "such a sign"
        quoted = f": {_quoted(match[2])}" if match and "{" not in self.line else ""
        return Fault(
            self.number,
            f"a value that begins with {sign} has a meaning of its own in YAML. If it is a text, "
            f"put it in single quotes{quoted}",
        )

    def _unexpected(self) -> Fault:
        before = self.text[: self.at.index].rstrip(" ")
        if "but found ']'" in self.problem or "but found '}'" in self.problem:
            sign = self.text[self.at.index]
            return Fault(self.number, f"it has a {sign} too many. Delete it")
        if before[-1:] and before[-1] in "]}'\"":
            return self._more_after(before)
        if "but found '-'" in self.problem or "sequence start" in self.problem:
            return Fault(
                self.number,
                "a - stands where a key is expected. Begin all - of a list at the same column, "
                "below a key that has nothing behind its colon",
            )
        return Fault(
            self.number,
            "it begins at a column where no line above began that it could belong with. Begin the "
            "keys of one mapping at the same column",
        )


def _in_single_quotes(number: int, bare: str) -> Fault:
    return Fault(
        number,
        f'in double quotes a backslash begins a sign, and "{bare}" has one that is none. Write it '
        f"in single quotes: {_quoted(bare)}",
    )


def _blank(number: int, match: re.Match[str]) -> Fault:
    return Fault(number, f"no blank follows the colon. Write {match[1]}: {match[2].strip()}")


def _quoted(text: str) -> str:
    """Return a text in single quotes."""
    doubled = text.strip("'\"").replace("'", "''")
    return f"'{doubled}'"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
