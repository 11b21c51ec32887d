"""Timestamp allocation if the store does not respond."""

import itertools
from pathlib import Path

from iotflow_server.cluster.timestamps import FIRST, OTHERS, SHARED, own_stride
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import Latest
from iotflow_server.telemetry.stores.sqlite import SqliteStore
from iotflow_server.telemetry.timestamps import AHEAD_MS, LocalTimestampAllocator, NewestTimestamps

NOW = 1_767_225_600_000


class AwayStore(SqliteStore):
    """A store that answers no queries."""

    async def latest(self, *_: object, **__: object) -> dict[int, tuple[Latest, ...]]:
        raise Unavailable("STORE_UNAVAILABLE", "away")


def test_strides_of_all_processes_and_servers_are_disjoint() -> None:
    """For any number of processes per server."""
    seen: dict[int, tuple[int, int]] = {}
    for server, of in zip(range(1, len(FIRST) + OTHERS + 1), itertools.cycle((1, 3, 2)), strict=False):
        for number in range(1, of + 1):
            for time in itertools.takewhile(
                lambda time: time < NOW + 20_000, own_stride(number, of, server).after(NOW, 10_000)
            ):
                assert seen.setdefault(time, (server, number)) == (server, number)
                assert time % SHARED.step != SHARED.rest


async def test_no_timestamp_of_the_previous_process_is_allocated(tmp_path: Path) -> None:
    store = AwayStore(tmp_path / "readings.db")
    now = NOW

    def clock() -> int:
        return now

    before = LocalTimestampAllocator(NewestTimestamps(store, clock), clock)
    now += AHEAD_MS
    last = (await before.allocate(1, 10_000))[-1]
    after = LocalTimestampAllocator(NewestTimestamps(store, clock), clock)
    now += 1
    assert (await after.allocate(1, 1))[0] > last
