"""Random generators that have names: one name is one stream, whatever runs beside it."""

import hashlib

import numpy as np


def rng(study_seed: int, *names: str | int) -> np.random.Generator:
    """Return the random generator that belongs to a name.

    The names are hashed into the entropy of a `numpy.random.SeedSequence`, so that a
    stream depends on its own name alone: not on the other seeds of a stack, on the order
    of the jobs or on the number of cores.

    Parameters
    ----------
    study_seed : int
        The study's ``seed``; another one gives an independent repetition of the study.
    *names : str or int
        What the numbers are for, from general to particular, for example
        ``"train", "snap29-sim", "deep", 3, "order"``.

    Returns
    -------
    numpy.random.Generator
        A PCG64 generator.

    Examples
    --------
    >>> rng(0, "split", "a").random() == rng(0, "split", "a").random()
    True
    >>> rng(0, "split", "a").random() == rng(0, "split", "b").random()
    False
    """
    # repr() keeps 1 and "1" apart, and the tuple keeps ("ab", "c") from ("a", "bc").
    digest = hashlib.sha256(repr((study_seed, *names)).encode()).digest()
    return np.random.default_rng(np.random.SeedSequence(list(digest)))
