"""Figures: plots of tables, panels of images, drawings of networks.

Draws arrays, tables and layer descriptions and computes no result; never imports torch.
May import `statistics`, `audit.findings`, `tables`, and of `networks` what is free of torch.
"""
