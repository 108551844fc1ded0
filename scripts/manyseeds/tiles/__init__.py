"""From images to one packed array a split: slicing, rotating, splitting, packing.

Knows grids, angles and what must stay together.
May import `images`, `machine` and `tables`.
"""
