"""Means with their intervals, and differences between networks.

Knows what varies between the numbers that are averaged.
May import `tables`.
"""
