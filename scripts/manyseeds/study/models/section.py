"""What all sections of a study have in common."""

from pydantic import ConfigDict

from manyseeds.sources.keys import Keys

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
"""What studies and datasets may be called: they become folders."""
SPLIT = r"^(?!train$)[a-z][a-z0-9]*$"
"""What test splits may be called."""


class Section(Keys):
    """A mapping of the study whose keys are known; it cannot be changed once it is read."""

    # Patterns look ahead, which the other engine cannot.
    model_config = ConfigDict(regex_engine="python-re")
