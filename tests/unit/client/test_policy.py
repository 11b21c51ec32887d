"""Which rows are kept while a queue is full."""

from typing import Any

import numpy as np
import pytest

from iotflow.batches import decode_batch, encode_batch
from iotflow.policy import Sampler, kept_of, only_rows


@pytest.mark.parametrize(
    ("used", "step"),
    [(0, 1), (499, 1), (500, 2), (749, 2), (750, 4), (874, 4), (875, 8), (999, 8), (1000, 0), (2000, 0)],
)
def test_the_fuller_the_queue_the_fewer_rows_are_kept(used: int, step: int) -> None:
    assert kept_of(used, 1_000) == step


def test_sampling_counts_over_batches_of_one_row() -> None:
    sampler, batch = Sampler(), encode_batch([1], {"a": [1.0]})
    kept = [sampler.thinned(batch, 500, 1_000) is not None for _ in range(10)]
    assert sum(kept) == 5


def test_a_full_queue_keeps_no_row() -> None:
    assert Sampler().thinned(encode_batch([1, 2], {"a": [1.0, 2.0]}), 1_000, 1_000) is None


def test_a_part_of_a_batch_has_the_values_of_its_rows() -> None:
    columns: dict[str, Any] = {
        "a": [1.0, None, 3.0, None],
        "b": ["x", "y", "z", None],
        "c": np.array([1, 2, 3, 4], np.int32),
    }
    batch = encode_batch([10, 20, 30, 40], columns, device_id=7)
    times, found = decode_batch(only_rows(batch, [1, 2]))
    assert times.tolist() == [20, 30]
    assert {name: column.tolist() for name, column in found.items()} == {
        "a": [None, 3.0],
        "b": ["y", "z"],
        "c": [2, 3],
    }


def test_a_part_of_a_batch_of_many_devices_keeps_them() -> None:
    batch = encode_batch([1, 2, 3], {"a": [1.0, 2.0, 3.0]})
    batch.device_ids.extend([5, 6, 7])
    assert only_rows(batch, [0, 2]).device_ids == [5, 7]
