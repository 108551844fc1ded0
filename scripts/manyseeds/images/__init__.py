"""Reading any image, and bringing its intensities to 8 bits.

Knows modes, bit depths, pages and the ranges of a dataset.
May import `machine`.
"""
