"""The weights of a network before training."""

from collections.abc import Sequence

import numpy as np

from manyseeds.networks.layers import PlacedLayer


def initial_weights(
    layers: Sequence[PlacedLayer], generator: np.random.Generator, distribution: str = "he"
) -> dict[str, np.ndarray]:
    """Draw one seed's weights before training: uniform in [-a, a], biases zero.

    Batch normalisation starts as the identity: scale 1, shift 0, mean 0, variance 1.

    He's a = sqrt(6 / fan_in) keeps the size of the activations from layer to layer of rectified
    units. Glorot's a = sqrt(6 / (fan_in + fan_out)) is the default of Keras, with which the
    essays train; their nine convolutions then shrink a dim image to next to nothing, and now
    and then a network falls silent before it begins to learn.

    Parameters
    ----------
    layers : sequence of PlacedLayer
        As from `manyseeds.networks.architectures.build`.
    generator : numpy.random.Generator
        The seed's own.
    distribution : "he" or "glorot"

    Returns
    -------
    dict of str to numpy.ndarray
        float32 arrays named ``conv1.weight``, ``conv1.bias``, ... in the order of the layers.

    References
    ----------
    He et al. (2015), Delving deep into rectifiers, equation 10.
    Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward
    neural networks, equation 16.
    """
    weights = {}
    for placed in layers:
        for part, shape in placed.weight_shapes.items():
            if len(shape) > 1:
                receptive_field = int(np.prod(shape[2:]))
                fan_out, fan_in = shape[0] * receptive_field, shape[1] * receptive_field
                limit = np.sqrt(6 / {"he": fan_in, "glorot": fan_in + fan_out}[distribution])
                values = generator.uniform(-limit, limit, shape)
            else:
                values = np.full(shape, part in ("weight", "variance"))
            weights[f"{placed.name}.{part}"] = values.astype("float32")
    return weights
