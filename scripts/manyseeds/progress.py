"""Lines that tell how a long computation goes."""

import time
from collections.abc import Callable

PROGRESS_SECONDS = 10
"""Seconds between two lines."""


class Meter:
    """Says from time to time how training goes, how fast, and how long it will still take."""

    def __init__(self, total: int, progress: Callable[[str], None]):
        self.total, self.progress = total, progress
        self.before = self.done = self.done_then = 0
        self.started = self.then = time.perf_counter()

    def seen_before(self, images: int) -> None:
        """Count images that an earlier call trained on."""
        self.before += images
        self.done += images
        self.done_then += images

    def seen(self, images: int, describe: Callable[[], str]) -> None:
        """Count images trained on; if it is time, say so with what `describe` returns."""
        self.done += images
        now = time.perf_counter()
        if now - self.then < PROGRESS_SECONDS and self.done < self.total:
            return
        speed = (self.done - self.done_then) / (now - self.then)
        left = round(
            (now - self.started) / (self.done - self.before) * max(0, self.total - self.done)
        )
        self.progress(
            f"{describe()}; {speed:,.0f} images/s, {left // 60} min {left % 60:02d} s left"
        )
        self.then, self.done_then = now, self.done
