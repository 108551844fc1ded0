"""Where images come from: one object a kind of source.

Knows folders, archives, repositories and arrays, what is wrong with them, and what to do about it.
All that is known of a kind lies in its module of `kinds`; the rest is what kinds share.
May import `images`, `simulation`, `machine` and `tables`.
"""
