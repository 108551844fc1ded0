"""The keys of a training, and the defaults of each architecture."""

from copy import copy
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, create_model

from manyseeds.networks.architectures import NAMES
from manyseeds.sources.keys import NUMBER, TEXT, by_type
from manyseeds.study.models.section import Section


class Training(Section):
    """How a network is trained. The defaults are those of the essays' deep networks."""

    optimizer: Literal["adam", "sgd"] = Field(
        "adam", description="`adam`, or `sgd`: stochastic gradient descent with momentum."
    )
    lr: float = Field(0.001, gt=0, description="Learning rate.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum of `sgd`.")
    decay: float = Field(
        0.0,
        ge=0,
        description="At step t the learning rate is divided by 1 + decay t, as by the older "
        "optimizers of Keras.",
    )
    l2: float = Field(
        0.0, ge=0, description="So many times the sum of the squared weights is added to the loss."
    )
    epochs: int = Field(9, ge=1, description="Epochs.")
    batch: int = Field(20, ge=1, description="Images of a minibatch.")
    images_per_epoch: Annotated[
        Annotated[Literal["all"], TEXT] | Annotated[int, Field(ge=1), NUMBER], by_type
    ] = Field(800, description="Images that a seed sees in an epoch, or `all`.")
    images_drawn: Literal["each_epoch", "once"] = Field(
        "each_epoch",
        description="Whether a seed draws its images for each epoch again, or once for its whole "
        "training, as the documents' own scripts do.",
    )
    initial_weights: Literal["he", "glorot"] = Field(
        "he",
        description="Distribution of the initial weights: `he` suits rectified units, `glorot` is "
        "the default of Keras.",
    )
    head: Literal["logits", "softmax", "sigmoid"] = Field(
        "logits",
        description="What the cross-entropy is given in training: the `logits`, or the logits "
        "through a `softmax` or a `sigmoid`, as in the documents' own PyTorch scripts.",
    )


def _with_defaults(name: str, meaning: str, **defaults: Any) -> type[Training]:
    """Return `Training` with other defaults."""
    fields: dict[str, Any] = {}
    for key, default in defaults.items():
        field = copy(Training.model_fields[key])
        field.default = default
        fields[key] = (field.annotation, field)
    return create_model(name, __base__=Training, __doc__=meaning, __module__=__name__, **fields)


TrainingOfAlexNet = _with_defaults(
    "TrainingOfAlexNet",
    "As the essays train AlexNet. At a constant rate of 0.01 it ends in chance.",
    optimizer="sgd",
    lr=0.01,
    decay=0.3,
    l2=0.0005,
    initial_weights="glorot",
)
TrainingOfLecture = _with_defaults(
    "TrainingOfLecture",
    "As the lecture trains.",
    epochs=5,
    batch=4,
    images_per_epoch="all",
)
OTHERS = {
    "alexnet": TrainingOfAlexNet,
    **dict.fromkeys(("logistic", "linear_relu", "convnet"), TrainingOfLecture),
}
"""Architectures whose defaults are not those of `Training`."""


class _Trainings(Section):
    """How each architecture is trained, unless an experiment says otherwise."""


_FIELDS: dict[str, Any] = {
    name: (kind, kind()) for name in NAMES for kind in [OTHERS.get(name, Training)]
}
Trainings = create_model(
    "Trainings",
    __base__=_Trainings,
    __doc__=_Trainings.__doc__ or "",
    __module__=__name__,
    **_FIELDS,
)


def _without_defaults(schema: dict[str, Any]) -> None:
    """Leave the defaults out of a schema: what is not named here is not changed."""
    for key in schema["properties"].values():
        key.pop("default", None)


class TrainingChanges(Training):
    """Settings for one experiment alone, laid over those of its architectures."""

    model_config = ConfigDict(json_schema_extra=_without_defaults)

    def named(self) -> dict[str, Any]:
        """Return the keys that the study names."""
        return self.model_dump(mode="json", exclude_unset=True)
