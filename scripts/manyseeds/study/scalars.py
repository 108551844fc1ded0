"""What a word of a study means when it stands without quotes: the core rules of YAML 1.2.

They are simpler than those of YAML 1.1. A ``no`` is a text and no false, ``1e-3`` is a number, and
so are dates and times texts.
"""

import re
from decimal import Decimal

NULLS = {"", "~", "null", "Null", "NULL"}
BOOLEANS = dict.fromkeys(("true", "True", "TRUE"), True)
BOOLEANS |= dict.fromkeys(("false", "False", "FALSE"), False)
ALSO_BOOLEANS = {"yes": True, "on": True, "no": False, "off": False}
"""Texts that mean true or false where nothing else can stand, in small letters."""
INTEGERS = {
    10: re.compile(r"[-+]?[0-9]{1,400}"),
    8: re.compile(r"0o[0-7]{1,400}"),
    16: re.compile(r"0x[0-9a-fA-F]{1,400}"),
}
"""Whole numbers by their base; longer ones would be counted for minutes."""
DECIMAL = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

Scalar = str | int | float | bool | None


def meaning(word: str) -> Scalar:
    """Return what a word without quotes means: nothing, true or false, a number, or a text."""
    if word in NULLS:
        return None
    if word in BOOLEANS:
        return BOOLEANS[word]
    for base, pattern in INTEGERS.items():
        if pattern.fullmatch(word):
            return int(word, base)
    if DECIMAL.fullmatch(word):
        return float(word)
    if INFINITE.fullmatch(word):
        return float(word.replace(".", ""))
    return word


def as_number(text: str) -> str:
    """Return how a number is written that is meant by a text which is none, or "".

    ``0,5`` is 0.5, ``1_000``, ``1'000`` and ``1 000`` are 1000, ``20%`` is 0.2, and ``"12"`` in
    quotes is 12.
    """
    text = text.strip()
    if isinstance(meaning(text), int | float) and text not in BOOLEANS:
        # YAML 1.1 reads 1e-3 as a text, but not 0.001.
        return format(Decimal(text), "f") if DECIMAL.fullmatch(text) else text
    if re.fullmatch(r"[-+]?\d*,\d+([eE][-+]?\d+)?", text) and not re.fullmatch(
        r"[-+]?[1-9]\d{0,2},\d{3}", text
    ):
        return text.replace(",", ".")
    if re.fullmatch(r"[-+]?\d{1,3}([_' \u00a0\u2009\u202f]?\d{3})+(\.\d+)?|[-+]?\d+(_\d+)+", text):
        return re.sub(r"[^-+.\d]", "", text)
    if percent := re.fullmatch(r"(\d+(\.\d+)?)\s*%", text):
        return f"{float(percent[1]) / 100:g}"
    return ""
