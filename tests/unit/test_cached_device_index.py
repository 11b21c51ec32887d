"""The devices of the shared index of newest values that a process knows."""

import pytest

from iotflow_server.cluster.latest.entries import INDEX_SECONDS
from iotflow_server.cluster.latest.values import CachedDeviceIndex

ALL = {1, 2, 3, 4}


class Timer:
    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def timer() -> Timer:
    return Timer()


@pytest.fixture
def index(timer: Timer) -> CachedDeviceIndex:
    return CachedDeviceIndex(timer)


def test_nothing_is_known_at_first(index: CachedDeviceIndex) -> None:
    assert index.known == (b"", b"")
    assert index.indexed(ALL) == set()


@pytest.mark.parametrize("next_generation", [b"f", b"h"])
def test_members_are_added_within_a_generation_and_replaced_by_another(
    index: CachedDeviceIndex, next_generation: bytes
) -> None:
    index.update(b"g", b"1", [b"1", b"2"])
    assert index.indexed({2, 3}) == {2}
    index.update(b"g", b"2", [b"3", b"not a device"])
    assert index.known == (b"g", b"2")
    assert index.indexed(ALL) == {1, 2, 3}
    index.update(next_generation, b"1", [b"4"])
    assert index.known == (next_generation, b"1")
    assert index.indexed(ALL) == {4}


def test_a_member_is_indexed_for_a_limited_time_since_it_was_last_added(index: CachedDeviceIndex, timer: Timer) -> None:
    index.update(b"g", b"1", [b"1", b"2"])
    timer.now += 1.0
    index.update(b"g", b"2", [b"2"])
    timer.now += INDEX_SECONDS - 1.5
    assert index.indexed(ALL) == {1, 2}
    timer.now += 0.5
    assert index.indexed(ALL) == {2}
    index.update(b"g", b"3", [])
    timer.now += 0.5
    assert index.indexed(ALL) == {2}
    timer.now += 0.5
    assert index.indexed(ALL) == set()
