import pandas as pd
import pytest

from manyseeds import tables
from manyseeds.errors import InputError


def test_names_stay_as_written(tmp_path):
    (tmp_path / "t.csv").write_text("tile,class,row\n01,NA,1\n02,007,2\n")
    table = tables.read(tmp_path / "t.csv")
    assert table["tile"].tolist() == ["01", "02"]
    assert table["class"].tolist() == ["NA", "007"]
    assert table["row"].tolist() == [1, 2]


def test_classes_choose_rows_and_keep_their_order():
    table = pd.DataFrame({"class": list("abcab"), "position": range(5)})
    assert tables.of_classes(table, ["c", "a"])["position"].tolist() == [0, 2, 3]
    assert tables.of_classes(table, None)["position"].tolist() == [0, 1, 2, 3, 4]


def test_a_class_that_is_not_there_is_refused():
    with pytest.raises(InputError, match="classes: 'd' is not in the dataset, which has a, b, c"):
        tables.of_classes(pd.DataFrame({"class": list("abc")}), ["a", "d"])
