"""What limits a workload: the operations of our training steps, sorted by their time."""

from torch.profiler import ProfilerActivity, profile

from benchmarks.peers.ours import train
from benchmarks.peers.worker import arguments


def main() -> None:
    """Print the operations of one epoch after the first."""
    given = arguments()
    profiler = profile(activities=[ProfilerActivity.CPU])

    def on_order(seed: int, epoch: int) -> None:
        if seed == given.seeds[0] and epoch == 2:
            profiler.start()

    train(given.workload, given.seeds, 2, on_order)
    profiler.stop()
    print(profiler.key_averages().table(sort_by="self_cpu_time_total", row_limit=25))


if __name__ == "__main__":
    main()
