import time

import pytest

from manyseeds.errors import InputError
from manyseeds.parallel import in_parallel


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


@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_error_in_the_items_order_is_raised(workers):
    with pytest.raises(InputError, match="5: refused"):
        list(in_parallel(refusing, range(200), workers, "refusing"))
