"""The peer `lightning`: a LightningModule and its Trainer, without logger and progress bar."""

import lightning
from torch import nn

from benchmarks.peers.torch_networks import count_parameters, loader, network, optimizer
from benchmarks.peers.worker import Clock, arguments
from benchmarks.workloads import Steady


class Classifier(lightning.LightningModule):
    """The network of a workload and how it is trained."""

    def __init__(self, workload: Steady):
        super().__init__()
        self.workload = workload
        self.network = network(workload)
        self.criterion = nn.CrossEntropyLoss()

    def training_step(self, minibatch, index):
        """Return the loss of a minibatch."""
        images, labels = minibatch
        loss = self.criterion(self.network(images), labels)
        self.last_loss = loss.detach()
        return loss

    def configure_optimizers(self):
        """Return the optimizer."""
        return optimizer(self.workload, self.network)


class AfterWarmUp(lightning.Callback):
    """Starts the clock when the first epoch is over."""

    def __init__(self, clock: Clock):
        self.clock = clock

    def on_train_epoch_start(self, trainer, module):
        """Start the clock with the second epoch; Lightning counts from 0."""
        if trainer.current_epoch == 1:
            self.clock.start()


def main() -> None:
    """Measure the epochs after the first."""
    workload = arguments().workload
    clock = Clock()
    module = Classifier(workload)
    trainer = lightning.Trainer(
        max_epochs=1 + workload.epochs,
        callbacks=[AfterWarmUp(clock)],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
    )
    trainer.fit(module, loader(workload))
    clock.stop(
        workload.epochs * workload.images,
        module.last_loss.item(),
        count_parameters(module.network),
        f"lightning {lightning.__version__}",
    )


if __name__ == "__main__":
    main()
