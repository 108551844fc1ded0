import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from manyseeds.images import jpeg, reading

NOISE = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def saved(quality, **options):
    """Return a JPEG as Pillow (that is, libjpeg) writes it."""
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, "JPEG", quality=quality, **options)
    return file.getvalue()


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"subsampling": 0}])
def test_the_quality_is_the_one_it_was_saved_with(options):
    for quality in range(1, 101):
        facts = reading.inspect("a.jpg", data=saved(quality, **options))[0]
        assert (facts["quality"], facts["format"]) == (quality, "JPEG")


def test_gray_jpegs_too():
    for quality in (10, 75, 95):
        file = io.BytesIO()
        Image.fromarray(NOISE[..., 0]).save(file, "JPEG", quality=quality)
        assert reading.inspect("a.jpg", data=file.getvalue())[0]["quality"] == quality


@pytest.mark.parametrize("form", ["PNG", "TIFF", "BMP", "GIF", "WEBP"])
def test_others_have_none(form):
    file = io.BytesIO()
    Image.fromarray(NOISE).save(file, form)
    facts = reading.inspect("a", data=file.getvalue())[0]
    assert (facts["quality"], facts["format"]) == (0, form)


@given(st.integers(1, 100), st.lists(st.integers(-1, 1), min_size=64, max_size=64))
@settings(max_examples=50)
def test_tables_of_other_programs_get_an_estimate(quality, changes):
    """A table that hardly differs from that of a quality gets an estimate near that quality."""
    with Image.open(io.BytesIO(saved(quality))) as image:
        table = np.clip(np.array(image.quantization[0]) + changes, 1, 255)
    assert abs(jpeg.quality(table) - quality) <= 2
