import math

import pytest

from manyseeds.study.scalars import as_number, meaning


@pytest.mark.parametrize(
    ("word", "value"),
    [
        # The examples of the core schema of YAML 1.2, chapter 10.3.
        ("null", None), ("~", None), ("", None),
        ("true", True), ("False", False),
        ("0", 0), ("-19", -19), ("+12", 12), ("0o7", 7), ("0x3A", 58),
        ("0.", 0.0), ("-0.0", 0.0), (".5", 0.5), ("+12e03", 12000.0), ("-2E+05", -200000.0),
        (".inf", math.inf), ("-.Inf", -math.inf),
        # What YAML 1.1 reads otherwise.
        ("no", "no"), ("yes", "yes"), ("on", "on"), ("Off", "Off"),
        ("1e-3", 0.001), ("007", 7), ("1:30", "1:30"), ("2024-01-01", "2024-01-01"),
        ("1_000", "1_000"), ("0,5", "0,5"), ("tRUE", "tRUE"), ("=", "="),
        ("9" * 5000, math.inf),
    ],
)  # fmt: skip
def test_a_word_means_what_yaml_1_2_says(word, value):
    assert meaning(word) == value
    assert type(meaning(word)) is type(value)


def test_not_a_number_is_none():
    assert math.isnan(meaning(".nan"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0,5", "0.5"), ("-1,25", "-1.25"), ("1_000", "1000"), ("10'000", "10000"),
        ("1 000 000", "1000000"), ("20%", "0.2"), ("2.5 %", "0.025"), ("12", "12"),
        ("1e-5", "0.00001"),
        # A thousand or one and a part?
        ("1,000", ""),
        ("twelve", ""), ("", ""), ("true", ""), ("day3", ""), ("1,2,3", ""),
    ],
)  # fmt: skip
def test_a_number_that_is_meant_is_written_out(text, number):
    assert as_number(text) == number
