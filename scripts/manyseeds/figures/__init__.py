"""Figures: plots of tables, panels of images, drawings of networks.

Draws arrays, tables and layer descriptions and computes no result; never imports torch.
May import `statistics`, `audit.findings`, `tables`, and of `networks` what is free of torch.
"""

import os

# Figures go into files. matplotlib reads the variable when it is imported first, and fails if it
# names what is not installed, such as the backend of a notebook.
os.environ["MPLBACKEND"] = "agg"
