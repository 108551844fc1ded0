import csv

import pytest

from manyseeds.machine import memory


@pytest.fixture
def table(tmp_path):
    def write(*rows):
        path = tmp_path / "images.csv"
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            names = ["width", "height", "bit_depth", "mode", "pages", "pixel_size", "pixel_height"]
            writer.writerow(names)
            writer.writerows(row if len(row) == 7 else (*row, "", "") for row in rows)
        return path

    return write


@pytest.mark.parametrize(
    ("row", "megabytes"),
    [
        ((1024, 1024, 8, "L", 1), 1),
        ((1024, 1024, 16, "L", 1), 2),
        ((2048, 1024, 1, "1", 1), 2),
        ((1024, 1024, 8, "RGB", 1), 3),
        ((1024, 1024, 16, "L", 2), 24),
    ],
)
@pytest.mark.parametrize("workers", [1, 4])
def test_the_largest_image_counts_for_each_process(table, row, megabytes, workers):
    path = table((10, 10, 8, "L", 1), row)
    needed = memory.BASE + workers * (100 + memory.COPIES * megabytes)
    assert memory.for_images(path, workers) == needed


def test_an_image_that_is_enlarged_counts_as_such(table):
    # Pixels of 0.5 x 1 µm brought to 0.25 µm are eight times as many, of 8 bits.
    path = table((1024, 1024, 8, "L", 1, 0.5, 1.0))
    grown = memory.for_images(path, 1, pixel_size=0.25) - memory.for_images(path, 1)
    assert grown == memory.COPIES * 7
    assert memory.for_images(path, 1, pixel_size=5.0) == memory.for_images(path, 1)


def test_a_table_that_is_not_there_yet_is_said_to_be_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        memory.for_images(tmp_path / "images.csv", 2)
