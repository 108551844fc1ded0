"""Names of any script are drawn as they are, or in Latin letters, and never as boxes."""

import logging
import os
import resource
import subprocess
import sys
import warnings
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import plotnine as p9
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from manyseeds.figures import lettering, style
from manyseeds.figures.accuracy import accuracy_boxplot
from manyseeds.figures.paper import Paper, text_width
from manyseeds.figures.training_curves import training_curves
from manyseeds.statistics.comparisons import accuracy_table
from plotted import evaluations, histories

SCRIPTS = Path(__file__).parents[3] / "scripts"
HARD = ["A$$", "5$ and 10$", "a_b^c", "100%", "{x}", "<b>&", "\\alpha 'q' \"d\"", "L" * 150]
SCRIPTED = [
    *("\u5bf9\u7167", "\u30c6\u30b9\u30c8", "\ud55c\uad6d\uc5b4", "\u0939\u093f", "\U0001f9eb"),
    *("\u0639\u0631", "\u05e2\u05d1", "\ue000", "a\tb", "a\u3000b"),
]


@pytest.fixture
def only(monkeypatch):
    """Let these files be all fonts there are, besides those of matplotlib."""
    manager = font_manager.fontManager
    own = [entry for entry in manager.ttflist if entry.fname.startswith(mpl.get_data_path())]

    def forget():
        caches = (lettering._fonts, lettering._font, lettering._families, lettering.family_with)
        for cache in (*caches, text_width):
            cache.cache_clear()
        manager._findfont_cached.cache_clear()

    def install(*files):
        monkeypatch.setattr(manager, "ttflist", list(own))
        monkeypatch.setattr(font_manager, "findSystemFonts", lambda: list(map(str, files)))
        forget()

    yield install
    monkeypatch.undo()
    forget()


def font_with(letters, path, family="Made Up"):
    """Write a font that draws a square for each of these letters."""
    pen = TTGlyphPen(None)
    for corner, go in [((100, 0), pen.moveTo), ((100, 700), pen.lineTo), ((800, 700), pen.lineTo),
                       ((800, 0), pen.lineTo)]:  # fmt: skip
        go(corner)
    pen.closePath()
    glyph = pen.glyph()
    names = [".notdef", *(f"u{ord(letter):X}" for letter in letters)]
    made = FontBuilder(1000, isTTF=True)
    made.setupGlyphOrder(names)
    made.setupCharacterMap(dict(zip(map(ord, letters), names[1:], strict=True)))
    made.setupGlyf(dict.fromkeys(names, glyph))
    made.setupHorizontalMetrics(dict.fromkeys(names, (900, 100)))
    made.setupHorizontalHeader(ascent=800, descent=-200)
    names = {"familyName": family, "styleName": "Regular", "psName": "MadeUp-Regular"}
    made.setupNameTable(names)
    made.setupOS2(sTypoAscender=800, usWinAscent=800, usWinDescent=200)
    made.setupPost()
    made.save(path)
    return path


def save(figure, folder):
    names = {"png": "a.png", "pdf": "a.pdf", "screen": "a.screen.png", "svg": "a.svg"}
    style.save(figure, **{version: folder / name for version, name in names.items()})


def drawn(figure):
    agg = FigureCanvasAgg(figure)
    agg.draw()
    return np.asarray(agg.buffer_rgba())


def boxplot(name):
    runs = evaluations(datasets=("one", "two"))
    labels = {"one": name, "two": f"two {name}"}
    return accuracy_boxplot(runs, accuracy_table(runs), labels=labels)


@pytest.mark.parametrize("name", HARD)
def test_marks_of_mathematics_are_drawn_as_they_are(name):
    """As matplotlib draws them where each dollar is escaped."""
    figure, expected = Figure(figsize=(4, 1)), Figure(figsize=(4, 1))
    figure.text(0, 0.5, name)
    expected.text(0, 0.5, name.replace("$", r"\$"), parse_math="$" in name)
    np.testing.assert_array_equal(drawn(figure), drawn(expected))


@pytest.mark.parametrize("plot", ["axis", "legend", "panels", "paper"])
@pytest.mark.parametrize("name", ["A$$", " ".join(HARD[:-1])])
def test_a_figure_with_hard_names_is_drawn(plot, name):
    if plot == "axis":
        figure = boxplot(name).draw()
    elif plot == "paper":
        sheet = Paper(60, 20)
        sheet.write(2, 5, name, room=50)
        figure = sheet.figure
    else:
        datasets = ("one", "two") if plot == "legend" else tuple("abcdefgh")
        figure = training_curves(histories(2, 1, datasets), dict.fromkeys(datasets, name)).draw()
    figure.draw_without_rendering()
    words = " ".join(text.get_text() for text in figure.findobj(mpl.text.Text))
    assert "".join(name.split())[:30] in "".join(words.split())


@pytest.mark.parametrize("name", ["one long label " * 10, "L" * 150])
def test_a_long_name_leaves_room_for_what_is_drawn(name):
    figure = boxplot(name).draw()
    figure.draw_without_rendering()
    panel = figure.axes[0].get_position()
    assert panel.width > 0.3 and panel.height > 0.5
    assert all(text.get_text().count("\n") < 4 for text in figure.axes[0].get_xticklabels())


@pytest.mark.parametrize("kind", ["paper", "plot"])
@pytest.mark.parametrize("name", SCRIPTED)
def test_no_letter_becomes_a_box(name, kind, only):
    only()
    if kind == "paper":
        sheet = Paper(60, 40)
        sheet.write(2, 5, name, room=50, weight="bold")
        axes = sheet.axes(20, 10, 20, 20)
        axes.set_yticks([0, 1], [name, "other"])
        axes.plot([], [], label=name)
        axes.legend()
        figure = sheet.figure
    else:
        table = pd.DataFrame({"x": [0.0, 1.0], "y": [0.0, 1.0], "name": [name, "other"]})
        figure = (
            p9.ggplot(table, p9.aes("x", "y", color="name", label="name"))
            + p9.geom_point()
            + p9.geom_text(family=lettering.FONT)
            + p9.facet_wrap("name")
            + p9.scale_x_continuous(breaks=[0, 1], labels=[name, "other"])
            + style.theme()
        ).draw()
    lettering.settle(figure)
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="Glyph")
        assert drawn(figure).any()


def test_letters_without_a_font_are_transliterated_and_it_is_said(only, tmp_path, caplog):
    only()
    sheet = Paper(60, 20)
    sheet.write(2, 5, "\u5bf9\u7167 day 1")
    sheet.axes(20, 10, 20, 8).set_yticks([0, 1], ["\u30c6\u30b9\u30c8", "other"])
    with caplog.at_level(logging.WARNING):
        save(sheet.figure, tmp_path)
    words = [text.get_text() for text in sheet.figure.findobj(mpl.text.Text)]
    assert {"DuiZhao day 1", "tesuto", "other"} <= set(words)
    (said,) = caplog.messages
    assert "'\u5bf9\u7167' as 'DuiZhao'" in said and "'\u30c6\u30b9\u30c8' as 'tesuto'" in said
    assert "no installed font has these letters" in said


def test_nothing_is_said_of_letters_that_are_there(only, tmp_path, caplog):
    only()
    sheet = Paper(60, 20)
    sheet.write(2, 5, "\u05e2\u05d1 \u0639\u0631 \u03a9 \u2713 1\u2009000 \u00fc")
    save(sheet.figure, tmp_path)
    assert not caplog.messages


def test_an_installed_font_is_taken_that_has_the_letters(only, tmp_path, caplog):
    only(font_with("\u5bf9\u7167", tmp_path / "made.ttf"))
    sheet = Paper(60, 20)
    sheet.write(2, 10, "\u5bf9\u7167", size=20)
    # Two squares of 0.7 em, 0.9 em from one to the next.
    assert text_width("\u5bf9\u7167", 20) == pytest.approx((0.9 + 0.7) * 20 / 72 * 25.4, rel=0.02)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save(sheet.figure, tmp_path)
    assert b"MadeUp-Regular" in (tmp_path / "a.pdf").read_bytes()
    assert not caplog.messages


def test_what_is_measured_is_what_is_written(only):
    only()
    assert text_width("\u5bf9\u7167", 7) == text_width("DuiZhao", 7)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("two\nlines", "two\nlines"),
        ("a\tb\x07c", "a b c"),
        ("\ue000", "[U+E000]"),
        ("\udce9", "[U+DCE9]"),
        ("\u2764\ufe0f", "\u2764"),
        ("", ""),
    ],
)
def test_what_is_no_letter_is_written_too(text, expected, only):
    only()
    assert lettering.written(text) == expected


def test_figures_do_not_depend_on_the_settings_of_a_notebook_or_a_folder(tmp_path):
    (tmp_path / "matplotlibrc").write_text("font.size: 30\naxes.facecolor: red\n")
    code = (
        "from manyseeds.figures import style; import matplotlib as m; "
        "print(m.get_backend().lower(), m.rcParams['font.size'], m.rcParams['axes.facecolor'])"
    )
    environment = os.environ | {
        "MPLBACKEND": "module://of_a_notebook.that_is_not_here",
        "PYTHONPATH": str(SCRIPTS),
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout.split(), done.stderr) == (["agg", "10.0", "white"], "")


def test_there_may_be_more_fonts_than_open_files(only, tmp_path):
    fonts = [font_with("a", tmp_path / f"{n}.ttf", f"Plain {n:02d}") for n in range(90)]
    only(*fonts, font_with("\u5bf9", tmp_path / "last.ttf", "Zhong"))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 60
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 30, limits[1]))
    try:
        assert lettering.family_with("\u5bf9") == "Zhong"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
