"""The networks in Keras, as the essays write them."""

import keras
from keras import layers

from benchmarks.workloads import Steady

VERSION = f"keras {keras.__version__}"


def compiled(workload: Steady) -> keras.Model:
    """Return the model of a workload, ready for `fit`."""
    return compiled_as(workload.architecture, workload.shape, workload.classes, **workload.training)


def compiled_as(
    architecture: str,
    shape: tuple[int, int, int],
    classes: int,
    *,
    optimizer: str,
    lr: float,
    momentum: float = 0.0,
    l2: float = 0.0,
) -> keras.Model:
    """Return a model by its architecture's name, compiled with the settings of a study."""
    if architecture == "alexnet":
        model = alexnet(shape, classes, penalty=l2)
    else:
        model = deep_50(shape, classes)
    model.compile(
        optimizer=(
            keras.optimizers.Adam(learning_rate=lr)
            if optimizer == "adam"
            else keras.optimizers.SGD(learning_rate=lr, momentum=momentum)
        ),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def deep_50(shape: tuple[int, int, int], classes: int) -> keras.Model:
    """Return the essays' nine convolutions and two dense layers."""
    model = keras.Sequential([keras.Input(shape)])
    size = min(shape[:2])
    for number, channels in enumerate((16, 16, 16, 32, 32, 32, 64, 64, 64), start=1):
        model.add(layers.Conv2D(channels, 3, padding="same", activation="relu"))
        if number != 5 and size >= 2:
            model.add(layers.MaxPooling2D())
            size //= 2
    model.add(layers.Flatten())
    model.add(layers.Dense(512, activation="relu"))
    model.add(layers.Dense(50, activation="relu"))
    model.add(layers.Dense(classes, activation="softmax"))
    return model


def alexnet(shape: tuple[int, int, int], classes: int, penalty: float) -> keras.Model:
    """Return AlexNet as the essays have it, with an L2 penalty on its weights."""
    regular = {"kernel_regularizer": keras.regularizers.L2(penalty)}
    relu = {"activation": "relu", **regular}
    model = keras.Sequential(
        [
            keras.Input(shape),
            layers.Conv2D(96, 11, strides=4, **relu),
            layers.MaxPooling2D(3, strides=2),
            layers.BatchNormalization(),
            layers.Conv2D(256, 5, padding="same", **relu),
            layers.MaxPooling2D(3, strides=2),
            layers.BatchNormalization(),
            layers.Conv2D(384, 3, padding="same", **relu),
            layers.Conv2D(384, 3, padding="same", **relu),
            layers.Conv2D(256, 3, padding="same", **relu),
            layers.MaxPooling2D(3, strides=2),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(2048, **relu),
            layers.Dropout(0.5),
            layers.Dense(2048, **relu),
            layers.Dense(classes, activation="softmax", **regular),
        ]
    )
    if (shape, classes) == ((256, 256, 3), 2) and model.count_params() != 26_825_474:
        raise AssertionError(f"not the essays' AlexNet: {model.count_params()} parameters")
    return model
