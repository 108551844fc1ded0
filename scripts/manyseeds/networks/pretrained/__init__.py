"""Networks that others trained on ImageNet, opened as plain differentiable PyTorch networks.

Knows four small networks, their weights and the 1000 classes they tell apart.
Importing it costs nothing: torch and torchvision are imported when a network is opened.
"""

from manyseeds.networks.pretrained.classes import class_index, class_names
from manyseeds.networks.pretrained.opening import NAMES, open_pretrained

__all__ = ["NAMES", "class_index", "class_names", "open_pretrained"]
