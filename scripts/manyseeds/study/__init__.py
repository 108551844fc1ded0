"""What a study says, checked before any work, as frozen objects.

Knows the keys of a study with their types, ranges and defaults, and what follows from them.
May import the names of the architectures and the light parts of `sources`. Only the Snakefile, the
rules and command-line entry points import it.
"""

from manyseeds.study.study import Study as Study
