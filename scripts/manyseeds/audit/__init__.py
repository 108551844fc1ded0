"""Whether the splits of a dataset can be trusted.

Knows duplicates, shares of classes, and what a file's properties tell of its class.
May import `statistics`, `networks`, `machine` and `tables`.
"""
