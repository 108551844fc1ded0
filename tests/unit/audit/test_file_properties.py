from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from manyseeds.audit import file_properties
from manyseeds.images import color_tables


def images(classes, **properties):
    table = pd.DataFrame({"class": classes})
    table["image"] = [f"{name}/{number}.png" for number, name in enumerate(classes)]
    table = table.assign(width=8, height=8, bit_depth=8, mode="RGB", pages=1)
    return table.assign(**properties)


def results(table):
    return {
        check.name.removeprefix("class told by "): check for check in file_properties.check(table)
    }


def one_by_one(values, classes):
    """Leave-one-out guesses by counting again for each image."""
    right = 0
    for i, (value, label) in enumerate(zip(values, classes, strict=True)):
        rest = [(v, c) for j, (v, c) in enumerate(zip(values, classes, strict=True)) if j != i]
        everyone = Counter(c for _, c in rest)
        same = Counter(c for v, c in rest if v == value) or everyone
        guess = min(set(classes), key=lambda c: (-same[c], -everyone[c], c))
        right += guess == label
    return right


@given(st.lists(st.tuples(st.sampled_from("xyz"), st.sampled_from("abc")), min_size=2, max_size=30))
def test_guesses_are_those_of_counting_one_by_one(rows):
    values, classes = zip(*rows, strict=True)
    counted = file_properties.guessed_right(pd.Series(values), pd.Series(classes))
    assert counted == one_by_one(values, classes)


def one_by_one_by_rank(values, classes):
    """The same from the nearest by value."""
    right = 0
    for i, (value, label) in enumerate(zip(values, classes, strict=True)):
        rest = [(v, c) for j, (v, c) in enumerate(zip(values, classes, strict=True)) if j != i]
        everyone = Counter(c for _, c in rest)
        below = sorted(v for v, _ in rest if v <= value)[-file_properties.NEIGHBOURS :]
        above = sorted(v for v, _ in rest if v >= value)[: file_properties.NEIGHBOURS]
        low, high = min(below, default=value), max(above, default=value)
        near = Counter(c for v, c in rest if low <= v <= high) or everyone
        guess = min(set(classes), key=lambda c: (-near[c], -everyone[c], c))
        right += guess == label
    return right


@given(
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from("abc")), min_size=2, max_size=40),
    st.sampled_from([1, 9]),
)
def test_guesses_by_rank_are_those_of_looking_one_by_one(rows, coarse):
    values, classes = zip(*((value // coarse, label) for value, label in rows), strict=True)
    counted = file_properties.guessed_right_by_rank(pd.Series(values), pd.Series(classes))
    assert counted == one_by_one_by_rank(values, classes)


def test_classes_of_other_sizes_are_found_where_no_two_images_are_of_one_size():
    """As cells cut out of the fields of two objectives."""
    generator = np.random.default_rng(0)
    widths, heights = (
        [*generator.permutation(range(280, 320)), *generator.permutation(range(880, 920))]
        for _ in range(2)
    )
    table = images(["a"] * 40 + ["b"] * 40, width=widths, height=heights)
    size = results(table)["width and height"]
    assert size.result == "found"
    assert "from the nearest by area" in size.statement
    (finding,) = size.findings
    assert finding.statement.startswith("area, range (median): a: ")
    assert finding.classes == ["a"] * 3 + ["b"] * 3


def test_classes_of_another_shape_or_quality_are_found_where_values_are_spread():
    generator = np.random.default_rng(0)
    area = generator.permutation(range(200_000, 240_000, 500))
    width = 400 + np.arange(80) * 2
    classes = ["a"] * 40 + ["b"] * 40
    size = results(images(classes, width=width, height=area // width))["width and height"]
    assert size.result == "found"
    assert "from the nearest by aspect ratio" in size.statement
    quality = results(images(classes, quality=10 + np.arange(80)))["JPEG quality"]
    assert "JPEG quality, range (median): a: 10 to 49 (29.5); b" in quality.findings[0].statement


@pytest.mark.slow
def test_sizes_that_tell_nothing_pass_however_they_vary():
    """Findings at any permutation of the classes are chance: fewer than one in twenty."""
    generator = np.random.default_rng(0)
    found = 0
    for count in (20, 80, 320):
        for _ in range(40):
            classes = generator.permutation(["a", "b"] * (count // 2))
            width, height = generator.permutation(10 * count)[: 2 * count].reshape(2, -1) + 1
            table = images(classes, width=width, height=height, quality=1 + np.arange(count))
            found += sum(check.result == "found" for check in results(table).values())
    assert found <= 0.05 * 2 * 3 * 40


def test_a_class_of_another_size_is_found_with_files_of_both():
    classes = ["a"] * 20 + ["b"] * 20
    size = results(images(classes, width=[8] * 20 + [9] * 20))["width and height"]
    assert size.result == "found"
    (finding,) = size.findings
    assert "a: 8 x 8 (20 of 20); b: 9 x 8 (20 of 20)" in finding.statement
    assert {"a/0.png", "b/20.png"} <= set(finding.files)


@pytest.mark.parametrize("column", ["bit_depth", "pages", "mode", "format", "quality"])
def test_each_property_alone(column):
    values = {"bit_depth": (8, 16), "pages": (1, 2), "mode": ("L", "RGB"),
              "format": ("PNG", "JPEG"), "quality": (75, 95)}[column]  # fmt: skip
    table = images(["a"] * 30 + ["b"] * 30, **{column: np.repeat(values, 30)})
    found = {name for name, check in results(table).items() if check.result == "found"}
    assert found == {file_properties.PROPERTIES[column]}


def test_what_tells_nothing_passes_and_what_is_unknown_is_not_judged():
    generator = np.random.default_rng(0)
    classes = generator.choice(["a", "b", "c"], 600)
    checks = results(images(classes, width=generator.integers(8, 12, 600)))
    assert checks["width and height"].result == "passed"
    assert checks["bit depth"].result == "passed"
    assert checks["JPEG quality"].result == "not applicable"


def test_few_images_are_no_proof():
    """If two of four images are from another camera, it may well be chance."""
    checks = results(images(["a", "a", "b", "b"], width=[8, 8, 9, 9]))
    assert checks["width and height"].result == "passed"


def ramp(*top):
    """Return a color table that shows gray values in one hue."""
    return np.rint(np.arange(256)[:, None] * np.array(top) / 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("one", "other", "result"),
    [
        # Tables of one hue are undone, and networks see the same gray values.
        (ramp(0, 255, 0), ramp(255, 0, 255), "passed"),
        (ramp(255, 255, 255), ramp(255, 0, 255), "passed"),
        (ramp(0, 255, 0), ramp(0, 255, 0)[::-1], "found"),
    ],
)
def test_a_class_told_by_its_color_table(one, other, result):
    tables = [color_tables.described(table) for table in (one, other)]
    table = images(["a"] * 20 + ["b"] * 20, color_table=tables[:1] * 20 + tables[1:] * 20)
    assert results(table)["color table"].result == result


@pytest.mark.parametrize(
    ("one", "other", "result"), [(0.5, 0.502, "passed"), (0.5, 0.65, "found"), (0.5, None, "found")]
)
def test_a_class_told_by_its_pixel_size(one, other, result):
    sizes = pd.Series([one] * 20 + [other] * 20, dtype=float)
    assert results(images(["a"] * 20 + ["b"] * 20, pixel_size=sizes))["pixel size"].result == result
