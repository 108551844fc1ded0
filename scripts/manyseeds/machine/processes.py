"""Work that several processes share."""

import math
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_parallel(
    function: Callable[[list[Item]], Result], items: Iterable[Item], workers: int, label: str
) -> Iterator[Result]:
    """Yield `function(batch)` for batches of items, in order, over several processes.

    If the work takes longer than two seconds, a progress bar appears on stderr (on a terminal).
    The first error, in the items' order, stops the rest and is raised.

    Parameters
    ----------
    function : callable
        Takes a list of at most 64 items; must be importable (a partial of a module's own).
    items : iterable
        Small and picklable, as paths or rows are.
    workers : int
        Processes; with 1 the work is done in this one.
    label : str
        What the progress bar says.
    """
    from tqdm import tqdm

    items = list(items)
    length = min(64, max(1, math.ceil(len(items) / (4 * workers))))
    batches = [items[i : i + length] for i in range(0, len(items), length)]
    workers = min(workers, len(batches))
    bar = tqdm(total=len(items), desc=label, unit="", delay=2, file=sys.stderr, disable=None)
    with bar:
        if workers <= 1:
            for batch in batches:
                yield function(batch)
                bar.update(len(batch))
            return
        with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
            waiting = iter(batches)
            # Only some batches at once. The results of all would pile up until they are taken.
            running = deque(
                (batch, pool.submit(function, batch)) for batch in islice(waiting, 2 * workers)
            )
            try:
                while running:
                    batch, future = running.popleft()
                    result = future.result()
                    running.extend(
                        (later, pool.submit(function, later)) for later in islice(waiting, 1)
                    )
                    yield result
                    bar.update(len(batch))
            finally:
                pool.shutdown(cancel_futures=True)
