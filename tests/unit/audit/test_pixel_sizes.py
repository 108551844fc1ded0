import numpy as np
import pandas as pd
import pytest

from manyseeds.audit import pixel_sizes


def images(*rows):
    """Return rows of images.csv of images given by class, width and height of a pixel."""
    table = pd.DataFrame(rows, columns=["class", "pixel_size", "pixel_height"])
    return table.assign(image=[f"{number}.tif" for number in range(len(table))])


@pytest.mark.parametrize(
    ("rows", "result", "says"),
    [
        ([("a", 0.5, 0.5), ("b", 0.5, 0.5)], "passed", "All 2 images have pixels of 0.5 µm"),
        ([("a", 0.5, 0.5), ("b", 0.502, 0.502)], "passed", "All 2 images"),
        ([("a", np.nan, np.nan)] * 2, "not applicable", "No image says"),
        ([("a", 0.5, 0.5), ("b", 0.65, 0.65)], "found", "0.5 to 0.65 µm wide\\. .*`pixel_size`"),
        ([("a", 0.5, 0.5), ("b", np.nan, np.nan)], "found", "0.5 µm wide; 1 of 2 .* not say it\\."),
        ([("a", 0.5, 0.8), ("b", 0.5, 0.5)], "found", "0.5 µm wide; in 1 they are not square\\."),
    ],
)
def test_images_of_different_scales_are_found(rows, result, says):
    check = pixel_sizes.check(images(*rows))
    assert check.result == result
    assert pd.Series([check.statement]).str.contains(says).all()


def test_a_finding_names_the_sizes_of_each_class_with_files():
    table = images(("a", 0.5, 0.5), ("a", 0.65, 0.65), ("a", 0.5, 0.5), ("b", 0.65, 0.65))
    (finding,) = pixel_sizes.check(table).findings
    assert (
        finding.statement == "size of a pixel (images): a: 0.5 µm (2), 0.65 µm (1); b: 0.65 µm (1)"
    )
    assert list(zip(finding.files, finding.classes, strict=True)) == [
        ("0.tif", "a"), ("1.tif", "a"), ("3.tif", "b"),
    ]  # fmt: skip


def test_images_brought_to_one_scale_pass():
    table = images(("a", 0.5, 0.5), ("b", 0.65, 0.65))
    assert pixel_sizes.check(table, pixel_size=0.65).result == "passed"


def test_sizes_that_differ_by_rounding_have_one_label():
    sizes = pd.Series([0.16251, np.nan, 0.16249, 0.2, 0.1641])
    assert pixel_sizes.labels(sizes).tolist() == [
        "0.16249 µm", "unknown", "0.16249 µm", "0.2 µm", "0.16249 µm",
    ]  # fmt: skip


def test_a_finding_names_few_of_many_sizes():
    table = images(*[("a", 0.5 * 1.1**number, 0.5 * 1.1**number) for number in range(9)])
    (finding,) = pixel_sizes.check(table).findings
    assert finding.statement.endswith(", 6 more")
    assert len(finding.files) == 3
