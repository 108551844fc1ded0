"""Scores of what networks predict.

Knows accuracy, loss and calibration.
May import `networks` and `statistics`.
"""
