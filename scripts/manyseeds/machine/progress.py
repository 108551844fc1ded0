"""Lines that tell how a long computation goes."""

import time
from collections.abc import Callable

PROGRESS_SECONDS = 10
"""Seconds between two lines."""


class Meter:
    """Reports from time to time how training goes, how fast, and how long it will still take."""

    def __init__(self, total: int, progress: Callable[[str], None]) -> None:
        self.total, self.progress = total, progress
        self.done_before = self.done = self.done_at_last_line = 0
        self.started = self.last_line = time.perf_counter()

    def seen_before(self, images: int) -> None:
        """Count images that an earlier call trained on."""
        self.done_before += images
        self.done += images
        self.done_at_last_line += images

    def seen(self, images: int, describe: Callable[[], str]) -> None:
        """Count images trained on; if it is time, report what `describe` returns."""
        self.done += images
        now = time.perf_counter()
        if now - self.last_line < PROGRESS_SECONDS and self.done < self.total:
            return
        speed = (self.done - self.done_at_last_line) / (now - self.last_line)
        seconds_an_image = (now - self.started) / (self.done - self.done_before)
        left = round(seconds_an_image * max(0, self.total - self.done))
        self.progress(
            f"{describe()}; {speed:,.0f} images/s, {left // 60} min {left % 60:02d} s left"
        )
        self.last_line, self.done_at_last_line = now, self.done
