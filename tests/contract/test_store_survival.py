"""Survival of crashes of the IoTDB server, and the errors while it is away."""

import asyncio
import signal

import pytest

from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from tests.contract.readings import DOUBLE, Clock, contents, doubles
from tests.support.iotdb import until_it_takes_writes
from tools.iotdb_server import IotdbServer

HOUR = 3_600_000


async def test_flushed_readings_survive_a_crash_of_the_server_and_the_store_reconnects(
    iotdb_running: IotdbServer, iotdb_address: IotdbAddress, clock: Clock
) -> None:
    store = IotdbStore(iotdb_address, clock=clock)
    await store.start()
    written = {time: float(time) for time in range(20_000)}
    await asyncio.gather(*(store.write([doubles(device_id, written)]) for device_id in range(1, 9)))
    await store.set_retention(9, HOUR)
    await store.flush()
    iotdb_running.stop(signal.SIGKILL)
    for call in (store.check(), store.write([doubles(1, {-1: 1.0})]), store.count(1, Span())):
        with pytest.raises(Unavailable):
            await call
    iotdb_running.start()
    await until_it_takes_writes(store)
    assert [await store.count(device_id, Span()) for device_id in range(1, 9)] == [len(written)] * 8
    assert await contents(store, 8) == {("m", time): value for time, value in written.items()}
    await until_it_takes_other_weeks(store)
    await asyncio.gather(*(store.write([doubles(device_id, {-1: 1.0})]) for device_id in range(1, 9)))
    assert await store.measurements(1) == {"m": DOUBLE}
    await store.write([doubles(9, {clock.now - 2 * HOUR: 1.0})])
    assert await store.count(9, Span()) == 0
    await store.close()


async def until_it_takes_other_weeks(store: IotdbStore) -> None:
    """Wait until the server accepts readings of other weeks, which takes longer than for weeks that it has."""
    async with asyncio.timeout(30):
        while True:
            try:
                await store.write([doubles(1, {-1: 1.0})])
                return
            except Unavailable:
                await asyncio.sleep(0.1)


async def test_a_server_that_does_not_respond_is_unavailable_and_comes_back(
    iotdb_running: IotdbServer, iotdb_address: IotdbAddress, clock: Clock
) -> None:
    store = IotdbStore(iotdb_address, clock=clock, sessions=2, request_seconds=3)
    await store.start()
    await until_it_takes_writes(store)
    with iotdb_running.paused():
        ends = await asyncio.gather(
            *(store.write([doubles(1, {time: 1.0})]) for time in range(2)), return_exceptions=True
        )
        assert [type(end) for end in ends] == [Unavailable] * 2
    await until_it_takes_writes(store)
    await store.write([doubles(1, {2: 2.0})])
    assert ("m", 2) in await contents(store, 1)
    await store.close()
