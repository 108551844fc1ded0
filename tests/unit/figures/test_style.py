import pandas as pd
import plotnine as p9
import pytest
from matplotlib.figure import Figure
from PIL import Image
from snakemake.iocontainers import OutputFiles

from manyseeds.figures import style


def test_palette_does_not_depend_on_the_order_of_rows():
    assert style.palette(["b", "a", "b"]) == style.palette(["a", "b"])
    assert style.palette(["a", "b"]) == {"a": "#0072B2", "b": "#E69F00"}
    assert len(set(style.palette("abcdefgh").values())) == 8


def test_labels_of_an_axis_say_no_more_digits_than_there_are():
    assert style.percent_labels([0.0, 0.5, 0.925, 1.0]) == ["0", "50", "92.5", "100"]


def test_a_network_is_certain_only_at_one():
    found = [style.confidence_percent(p) for p in (1.0, 0.99951, 0.994, 0.5)]
    assert found == ["100 %", ">99 %", "99 %", "50 %"]


def figures():
    empty = Figure(figsize=(5, 8))
    empty.text(0.5, 0.5, "text")
    table = pd.DataFrame({"x": [0.1, 0.2], "y": [0.5, 1.0]})
    plot = p9.ggplot(table, p9.aes("x", "y")) + p9.geom_point() + style.theme()
    return {"plotnine": plot, "matplotlib": empty}


@pytest.mark.parametrize("kind", ["plotnine", "matplotlib"])
def test_saved_for_print_and_for_the_screen(kind, tmp_path):
    def save(folder):
        names = {"png": "a.png", "pdf": "a.pdf", "screen": "a.screen.png", "svg": "a.svg"}
        paths = {version: tmp_path / folder / name for version, name in names.items()}
        style.save(figures()[kind], **paths)
        return list(paths.values())

    png, pdf, screen, svg = save("one")
    with Image.open(png) as picture:
        assert picture.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        width = style.DOUBLE_COLUMN if kind == "plotnine" else 5
        assert picture.width == pytest.approx(300 * width, abs=1)
    with Image.open(screen) as picture:
        assert picture.width <= 1100 and picture.height <= 700
        assert picture.width > 1050 or picture.height > 650
    assert b"/Type3" not in pdf.read_bytes()
    assert b"/CIDFontType2" in pdf.read_bytes()
    again = save("two")
    assert [path.read_bytes() for path in again] == [
        path.read_bytes() for path in (png, pdf, screen, svg)
    ]


def test_saved_to_the_outputs_of_a_rule(tmp_path):
    """Of which some have an SVG."""
    names = {"screen": "a.screen.png", "png": "a.png", "pdf": "a.pdf"}
    output = OutputFiles(fromdict={key: str(tmp_path / name) for key, name in names.items()})
    style.save(figures()["matplotlib"], **dict(output.items()))
    assert {path.name for path in tmp_path.iterdir()} == set(names.values())
