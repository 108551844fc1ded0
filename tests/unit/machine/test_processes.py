import time
from functools import partial

import pytest

from manyseeds.errors import InputError
from manyseeds.machine.processes import in_parallel


def doubled(batch):
    return [2 * number for number in batch]


def refusing(batch):
    """Refuse 5 and 150, the first of them late."""
    for number in batch:
        if number == 5:
            time.sleep(0.2)
        if number in (5, 150):
            raise InputError(f"{number}: refused")
    return batch


@pytest.mark.parametrize("workers", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 3, 300])
def test_results_come_in_the_items_order(count, workers):
    batches = list(in_parallel(doubled, iter(range(count)), workers, "doubling"))
    assert all(len(batch) <= 64 for batch in batches)
    assert [number for batch in batches for number in batch] == list(range(0, 2 * count, 2))


def marking(batch, folder):
    (folder / str(batch[0])).touch()
    return batch


@pytest.mark.parametrize("workers", [1, 2])
def test_work_does_not_run_far_ahead_of_who_takes_its_results(tmp_path, workers):
    batches = in_parallel(partial(marking, folder=tmp_path), range(64 * 100), workers, "marking")
    assert next(batches)[0] == 0
    time.sleep(0.3)
    assert 1 <= len(list(tmp_path.iterdir())) <= 1 + 2 * workers
    assert sum(map(len, batches)) == 64 * 99
    assert len(list(tmp_path.iterdir())) == 100


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_error_in_the_items_order_is_raised(workers):
    with pytest.raises(InputError, match="5: refused"):
        list(in_parallel(refusing, range(200), workers, "refusing"))
