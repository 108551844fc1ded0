"""Simulated fields of cells whose true puncta are known.

Knows cells, their proteins and a microscope.
May import nothing of the library.
"""
