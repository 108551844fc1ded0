"""How the names in an archive are encoded where the archive does not say so."""

import re
import unicodedata
from collections.abc import Iterable, Sequence

JAPANESE = "cp932"
WIDE = ("CJK UNIFIED", "HIRAGANA", "KATAKANA", "FULLWIDTH", "IDEOGRAPHIC")


def encoding_of(names: Iterable[bytes], otherwise: str) -> str:
    """Return the encoding in which names were written, as far as they tell.

    Parameters
    ----------
    names : iterable of bytes
        All names of the archive whose encoding is not said.
    otherwise : str
        What is taken where they are neither UTF-8 nor Japanese: "cp437" is meant where a zip
        archive says nothing (APPNOTE.TXT, appendix D).

    Returns
    -------
    str
        "utf-8", "cp932" or `otherwise`.
    """
    names = list(names)
    if _decoded(names, "utf-8") is not None:
        return "utf-8"
    japanese = _decoded(names, JAPANESE)
    return JAPANESE if japanese is not None and _reads_as_japanese(japanese) else otherwise


def _decoded(names: Sequence[bytes], encoding: str) -> list[str] | None:
    try:
        return [name.decode(encoding) for name in names]
    except UnicodeDecodeError:
        return None


def _reads_as_japanese(names: Iterable[str]) -> bool:
    """Tell whether names are words of Japanese, rather than accents taken for it.

    The two bytes of an accent and the letter behind it may mean one sign, amid small letters.
    """
    text = "/".join(names)
    signs = {letter for letter in text if not letter.isascii()}
    if not all(unicodedata.name(sign, "").startswith(WIDE) for sign in signs):
        return False
    lone = re.search(r"[a-z][^\x00-\x7f](?![^\x00-\x7f])|(?<![^\x00-\x7f])[^\x00-\x7f][a-z]", text)
    return bool(re.search(r"[^\x00-\x7f]{2}", text)) and not lone
