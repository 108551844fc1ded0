"""Heads: what makes outputs of a network's logits, and the loss by which it is trained.

The usual head is called "logits": the loss is the cross-entropy of the logits, and the outputs are
their softmax. The scripts that made the essays' pictures have a softmax, or for five flowers a
sigmoid, as the network's last layer, and then take the cross-entropy of its outputs *as if they
were logits*: softmax is applied a second time. Outputs between 0 and 1 cannot be far apart, so that
this loss has a floor, ln(1 + (K - 1) / e) with K classes: 0.313 with 2, 0.905 with 5, 1.461 with
10. Gradients fade where the outputs saturate.
"""

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor

_softmax = partial(torch.softmax, dim=-1)
_OUTPUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "logits": _softmax,
    "softmax": _softmax,
    "sigmoid": torch.sigmoid,
}

HEADS = tuple(_OUTPUTS)
"""Names of the heads. All give the largest output to the class with the largest logit, except where
sigmoids of large logits round to the same number."""


def head_outputs(logits: Tensor, head: str = "logits") -> Tensor:
    """Return what a network with this head puts out.

    Parameters
    ----------
    logits : Tensor
        (..., classes), of any floating type.
    head : "logits", "softmax" or "sigmoid"

    Returns
    -------
    Tensor
        (..., classes), 0 to 1, of the same type: for "logits" and "softmax" the softmax, which
        adds up to 1; for "sigmoid" each class's sigmoid, which does not. In float32 a sigmoid is
        exactly 1 from a logit of about 17 on, so that two classes can share the largest output.
    """
    return _OUTPUTS[head](logits)


def head_loss(logits: Tensor, labels: Tensor, head: str = "logits") -> Tensor:
    """Return the loss that training through this head minimises, image by image.

    Parameters
    ----------
    logits : Tensor
        (..., classes), of any floating type.
    labels : Tensor
        int64 (...), 0 to classes - 1.
    head : "logits", "softmax" or "sigmoid"

    Returns
    -------
    Tensor
        (...), in nats: the cross-entropy of the logits; with another head that of its outputs,
        taken as if they were logits. That is never below ln(1 + (classes - 1) / e).
    """
    taken_as_logits = logits if head == "logits" else head_outputs(logits, head)
    losses = F.cross_entropy(taken_as_logits.flatten(0, -2), labels.flatten(), reduction="none")
    return losses.view_as(labels)
