"""Letters of any script: the fonts that have them, and what is written if no font has them.

The names in a figure are the user's. matplotlib draws a letter in the first font of a list that has
it, and a box if none has it.
"""

import errno
import functools
import logging
import re
import unicodedata
from collections.abc import Callable, Mapping
from itertools import groupby

from anyascii import anyascii
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.text import Text
from matplotlib.ticker import Formatter

FONT = "DejaVu Sans"
"""Comes with matplotlib, so that figures are the same on every machine, and has the tick and the
cross."""
WIDE = (
    "Noto Sans CJK SC", "Noto Sans CJK JP", "Noto Sans CJK KR", "Noto Sans SC", "Noto Sans JP",
    "Noto Sans KR", "Source Han Sans", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "Droid Sans Fallback", "PingFang SC", "Hiragino Sans", "Apple SD Gothic Neo",
    "Microsoft YaHei", "Yu Gothic", "Malgun Gothic", "Arial Unicode MS", "Noto Emoji", "Symbola",
)  # fmt: skip
"""Families that have many letters, the better ones first. They are asked before any other."""
DUMMIES = re.compile(r"last.?resort|blank|not.?def|^stix(non|size)|^cm[a-z]+10$", re.IGNORECASE)
"""Families whose glyphs stand for no letters, or for other ones."""

_log = logging.getLogger(__name__)
# It warns of each family without a regular weight, when they are all looked through.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)


def written(text: str) -> str:
    """Return what a figure writes for a text: letters that no font here has are transliterated.

    A letter of which nothing is known is written as its number, ``[U+E000]``. Line breaks stay;
    other control characters are blanks.

    Parameters
    ----------
    text : str
        Of any script.

    Returns
    -------
    str
        The text itself if there are fonts for all of its letters.
    """
    return "".join(new for _, new in _parts(text))


def families(text: str) -> list[str]:
    """Return the families in whose order matplotlib is to look for the letters of a text."""
    others = (family_with(letter) for letter in dict.fromkeys(text) if not _is_ours(letter))
    return [FONT, *dict.fromkeys(family for family in others if family)]


def settle(figure: Figure) -> dict[str, str]:
    """Give all text of a figure the fonts it needs, and transliterate what no font has.

    Returns
    -------
    dict of str to str
        Words, or parts of them, that are written otherwise, and how.
    """
    changed: dict[str, str] = {}

    def settled(text: str) -> str:
        parts = _parts(text)
        changed.update((old, new) for old, new in parts if new != old and new.strip())
        return "".join(new for _, new in parts)

    for axes in figure.findobj(Axes):
        for axis in (axes.xaxis, axes.yaxis):
            if any(written(text) != text for text in map(Text.get_text, axis.get_ticklabels())):
                axis.set_major_formatter(_Settled(axis.get_major_formatter(), settled))
    texts = figure.findobj(Text)
    for text in texts:
        text.set_text(settled(text.get_text()))
    needed = families("".join(text.get_text() for text in texts))
    for text in texts if len(needed) > 1 else ():
        text.set_fontfamily(needed)
    return changed


class _Settled(Formatter):
    """Writes the labels of an axis as other text is written: they are made whenever it is drawn."""

    def __init__(self, formatter: Formatter, settled: Callable[[str], str]) -> None:
        self._formatter, self._settled = formatter, settled

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self._settled(self._formatter(x, pos))

    def format_ticks(self, values: list[float]) -> list[str]:
        return [self._settled(label) for label in self._formatter.format_ticks(values)]


def report(changed: Mapping[str, str]) -> None:
    """Log what is written otherwise, as `settle` returns it."""
    if changed:
        names = ", ".join(f"{old!r} as {new!r}" for old, new in changed.items())
        _log.warning(
            "transliterated, for no installed font has these letters: %s. To see them as they are, "
            "install a font that has them, such as one of Noto's, and draw the figure again.",
            names,
        )


@functools.cache
def family_with(letter: str) -> str | None:
    """Return the first family that has a letter, or None; see `WIDE` for their order."""
    return next((name for name in _families() if _has(name, letter)), None)


def _parts(text: str) -> list[tuple[str, str]]:
    """Return the parts of a text, each with what is written for it."""
    if text.isascii() and text.isprintable():
        return [(text, text)]
    text = re.sub(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", " ", text)
    runs = [(lacking, "".join(run)) for lacking, run in groupby(text, key=_is_lacking)]
    return [(run, _transliterated(run) if lacking else run) for lacking, run in runs]


def _is_lacking(letter: str) -> bool:
    if unicodedata.category(letter) == "Co":
        return True  # Of private use: what it stands for, each font says otherwise.
    return not (letter == "\n" or _is_ours(letter) or family_with(letter))


def _transliterated(letters: str) -> str:
    """Return letters in those of ASCII, or their numbers."""
    return anyascii(letters) or "".join(
        # A joiner or a variation of the letter before shows nothing itself.
        "" if unicodedata.category(letter) in ("Cf", "Mn") else f"[U+{ord(letter):04X}]"
        for letter in letters
    )


def _is_ours(letter: str) -> bool:
    return letter.isascii() or _has(FONT, letter)


@functools.cache
def _families() -> tuple[str, ...]:
    """Return the names of all installed families in which to look for letters."""
    names = {entry.name for entry in _fonts().ttflist}
    others = sorted(name for name in names if not DUMMIES.search(name))
    return tuple(dict.fromkeys([FONT, *(name for name in WIDE if name in names), *others]))


@functools.cache
def _fonts() -> font_manager.FontManager:
    """Return matplotlib's list of fonts, with those that were installed after it was made."""
    manager = font_manager.fontManager
    known = {entry.fname for entry in manager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - known):
        try:
            manager.addfont(path)
        # Fonts come in forms that matplotlib cannot read, such as pictures of emoji.
        except Exception:
            _log.debug("%s is no font for matplotlib", path)
    return manager


def _has(family: str, letter: str) -> bool:
    """Return whether the font that matplotlib takes for a family draws something for a letter."""
    path, letters = _font(family)
    if ord(letter) not in letters:
        return False
    font = font_manager.get_font(path)
    font.load_char(ord(letter), LoadFlags.NO_SCALE)
    return letter.isspace() or len(font.get_path()[0]) > 0


@functools.cache
def _font(family: str) -> tuple[str, frozenset[int]]:
    """Return the file of a family's font and the numbers of its letters."""
    try:
        path = font_manager.fontManager.findfont(
            font_manager.FontProperties(family=family), fallback_to_default=False
        )
        # Not kept: a font keeps its file open, and there may be more fonts than open files.
        return path, frozenset(FT2Font(path).get_charmap())
    except (OSError, RuntimeError, ValueError) as error:
        if getattr(error, "errno", None) == errno.EMFILE:
            raise
        return "", frozenset()
