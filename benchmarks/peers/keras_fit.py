"""The peer `keras`: compile and fit, as the essays do."""

import keras
import numpy as np

from benchmarks.peers.keras_networks import VERSION, compiled
from benchmarks.peers.worker import Clock, arguments, as_floats, made_up_images


class AfterWarmUp(keras.callbacks.Callback):
    """Starts the clock when the first epoch, with its tracing, is over."""

    def __init__(self, clock: Clock):
        super().__init__()
        self.clock = clock

    def on_epoch_begin(self, epoch, logs=None):
        """Start the clock with the second epoch; Keras counts from 0."""
        if epoch == 1:
            self.clock.start()


def main() -> None:
    """Measure the epochs after the first."""
    workload = arguments().workload
    images, labels = made_up_images(workload)
    images = as_floats(images)
    model = compiled(workload)
    clock = Clock()
    history = model.fit(
        images,
        labels,
        epochs=1 + workload.epochs,
        batch_size=workload.batch,
        callbacks=[AfterWarmUp(clock)],
        verbose=0,
    )
    parameters = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    clock.stop(workload.epochs * workload.images, history.history["loss"][-1], parameters, VERSION)


if __name__ == "__main__":
    main()
