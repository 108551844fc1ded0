"""Training many seeds: the loop, a step, its settings, and what is kept on the way.

Knows minibatches, optimizers, checkpoints and snapshots.
May import `networks`, `machine` and `tables`.
"""
