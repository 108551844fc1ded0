"""The keys of a dataset that say which planes are used, and how large a pixel is."""

import pytest

from manyseeds.errors import InputError
from manyseeds.images.selection import Selection
from studies import mine, study_over_default


@pytest.mark.parametrize(
    "keys",
    [
        {"channels": 1},
        {"channels": "DAPI"},
        # As names are in the files of microscopes.
        {"channels": "5-FAM/pH 9.0"},
        {"channels": {"green": "GFP", "blue": 1}},
        {"channels": {"gray": 2}},
        {"z": 3},
        {"z": "max"},
        {"z": "mean"},
        {"time": 1},
        {"time": "each"},
        {"pixel_size": 0.325},
        {"pixel_size": 1},
        {"pages": "max"},
        {"pages": ["green", "blue"]},
        {"channels": {"red": 1}, "z": "max", "time": "each", "pixel_size": 0.5},
    ],
)
def test_planes_are_said_in_the_words_of_the_selection(keys):
    plain = study_over_default(mine(**keys)).datasets["mine"].plain()
    assert {key: plain[key] for key in keys} == keys
    selection = Selection.of(plain)
    said = {key: value for key, value in keys.items() if key != "pixel_size"}
    assert {key: getattr(selection, key) for key in said} == said


def test_nothing_said_is_the_first_of_everything():
    plain = study_over_default(mine()).datasets["mine"].plain()
    assert Selection.of(plain) == Selection()


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"channels": 0}, "channels: 0 is too small"),
        ({"channels": 1.5}, "channels: 1.5 is no whole number"),
        ({"channels": True}, "channels: "),
        ({"channels": ["DAPI"]}, "channels: "),
        ({"channels": {}}, "channels: it is empty"),
        ({"channels": {"pink": 1}}, "channels.pink: .* Choose from red, green"),
        ({"channels": {"green": 0}}, "channels.green: 0 is too small"),
        ({"channels": {"green": ["GFP"]}}, "channels.green: "),
        ({"z": 0}, "z: 0 is too small"),
        ({"z": "min"}, r"z: min is not one of max, mean"),
        ({"z": "each"}, r"z: each is not one of max, mean"),
        ({"time": 0}, "time: 0 is too small"),
        ({"time": "max"}, "time: max will not do. Allowed: each"),
        ({"pixel_size": 0}, "pixel_size: 0 is too small"),
        ({"pixel_size": -1}, "pixel_size: -1 is too small"),
        ({"pixel_size": "0.5 um"}, "pixel_size: 0.5 um is no number"),
        ({"pages": "max", "z": "max"}, "pages: names planes, and so does z"),
        ({"pages": ["red"], "channels": 1}, "pages: names planes, and so does channels"),
    ],
)
def test_what_is_wrong_is_said_of_the_key(keys, message):
    with pytest.raises(InputError, match=rf"(?s)datasets\.mine\.{message}"):
        study_over_default(mine(**keys))
