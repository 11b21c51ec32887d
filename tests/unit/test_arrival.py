"""Times for readings that came without one, where the store cannot tell what it has."""

import asyncio
from pathlib import Path

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.arrival import AHEAD_MS, ArrivalClock, Given
from iotflow_server.telemetry.store import Latest
from iotflow_server.telemetry.stores.sqlite import SqliteStore

NOW = 1_767_225_600_000


class AwayStore(SqliteStore):
    """Takes no questions."""

    async def latest(self, *_: object) -> dict[int, tuple[Latest, ...]]:
        raise Unavailable("STORE_UNAVAILABLE", "away")


def test_no_time_of_the_process_before_is_given(tmp_path: Path) -> None:
    async def scenario() -> None:
        store = AwayStore(tmp_path / "readings.db")
        now = NOW

        def clock() -> int:
            return now

        before = ArrivalClock(Given(store, clock), clock)
        now += AHEAD_MS
        last = (await before.stamp(1, 10_000))[-1]
        after = ArrivalClock(Given(store, clock), clock)
        now += 1
        assert (await after.stamp(1, 1))[0] > last

    asyncio.run(scenario())
