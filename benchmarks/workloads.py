"""What is measured, and the ratios asked of it.

The peers read it, too, in an environment of their own: it needs the standard library alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Steady:
    """Training alone, in a process that is warm: images a second.

    Attributes
    ----------
    name : str
    architecture : str
    shape : tuple of int
        (height, width, channels) of an image.
    classes : int
    training : mapping
        Optimizer and learning rate, as a study spells them.
    images : int
        Of an epoch, all in memory.
    epochs, our_epochs : int
        Epochs measured of the peers and of ours, after one epoch of warm-up. Ours has more, so that
        it is measured for some seconds, too.
    seeds : int or None
        How many seeds ours trains, spread over one process a core. None is one seed a core. Peers
        train one seed after the other, so that one seed gives their rate.
    asked : mapping
        Least ratio of our rate to that of a peer.
    asked_share : float, optional
        Least share of the machine's matrix rate.
    peers : tuple of str
    batch : int
    """

    name: str
    architecture: str
    shape: tuple[int, int, int]
    classes: int
    training: Mapping
    images: int
    epochs: int
    our_epochs: int
    seeds: int | None = None
    asked: Mapping[str, float] = field(default_factory=dict)
    asked_share: float | None = None
    peers: tuple[str, ...] = ("keras", "plain", "lightning")
    batch: int = 20

    def quick(self) -> "Steady":
        """Return the workload for trying it out: few images."""
        return replace(self, images=40, epochs=1, our_epochs=1)


@dataclass(frozen=True)
class Study:
    """A whole study of one dataset and network, from the packs to the evaluation: wall seconds.

    Attributes
    ----------
    name : str
    file : str
        The study, beside this module.
    asked : mapping
        As of `Steady`.
    peers : tuple of str
    """

    name: str
    file: str
    asked: Mapping[str, float] = field(default_factory=dict)
    peers: tuple[str, ...] = ("keras",)


Workload = Steady | Study

ADAM = {"optimizer": "adam", "lr": 0.001}

WORKLOADS: dict[str, Workload] = {
    workload.name: workload
    for workload in (
        Steady(
            "deep_50-256", "deep_50", (256, 256, 3), 2, ADAM,
            images=200, epochs=2, our_epochs=10, asked={"keras": 4, "plain": 10},
        ),
        Steady(
            "alexnet-256", "alexnet", (256, 256, 3), 2,
            # With the essays' 0.01, without its decay, some runs diverge on images of noise.
            {"optimizer": "sgd", "lr": 0.001, "momentum": 0.9, "l2": 0.0005},
            images=200, epochs=2, our_epochs=8, asked={"keras": 2.8}, asked_share=0.7,
        ),
        Steady(
            "deep_50-28", "deep_50", (28, 28, 1), 10, ADAM,
            images=4000, epochs=2, our_epochs=2, seeds=12, asked={"keras": 3.5},
        ),
        Study("snf7-study", "study.yaml", asked={"keras": 3}),
    )
}  # fmt: skip
