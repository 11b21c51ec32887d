"""Behavior of the IoTDB store only."""

import dataclasses
from pathlib import Path

import pytest

from iotflow.words import Aggregation
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.journal import JournaledWriter
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.iotdb import IotdbAddress, IotdbStore
from tests.contract.readings import INT32, TEXT, Clock, batch, chunks, column, contents, contents_of, doubles, named

HOUR = 3_600_000


async def opened(address: IotdbAddress, clock: Clock) -> IotdbStore:
    store = IotdbStore(address, clock=clock)
    await store.start()
    return store


async def test_an_unstorable_batch_affects_no_other(iotdb_address: IotdbAddress, clock: Clock) -> None:
    store = await opened(iotdb_address, clock)
    answers = await store.write(
        [
            doubles(1, {1: 1.0}),
            doubles(1, {2: 2.0}, "new\nline"),
            batch(2, [1], column("t", TEXT, ["half a pair: \ud800"]), column("m", INT32, [1])),
            doubles(1, {3: 3.0}),
        ]
    )
    assert [named(one) for one in answers] == [[], [("", 0, 1, "UNSTORABLE")], [("", 0, 1, "UNSTORABLE")], []]
    assert await contents(store, 1) == {("m", 1): 1.0, ("m", 3): 3.0}
    assert await store.measurements(2) == {}
    await store.close()


async def test_names_reserved_by_iotdb(iotdb_address: IotdbAddress, clock: Clock) -> None:
    store = await opened(iotdb_address, clock)
    names = ["time", "Time", "TIMESTAMP", "__endTime", "%time", "%%", "%"]
    await store.write([batch(1, [1], *(column(name, INT32, [row]) for row, name in enumerate(names)))])
    assert await contents(store, 1) == {(name, 1): row for row, name in enumerate(names)}
    assert contents_of(await chunks(store, 1, measurements=names)) == await contents(store, 1)
    assert {one.column.measurement for one in (await store.latest([1]))[1]} == set(names)
    await store.close()


async def test_expired_readings_are_accepted_and_not_returned(iotdb_address: IotdbAddress, clock: Clock) -> None:
    store = await opened(iotdb_address, clock)
    await store.set_retention(1, HOUR)
    old = clock.now - 10_000 * HOUR
    assert await store.write([doubles(1, {old: 1.0, clock.now: 2.0}), doubles(2, {old: 3.0})]) == [(), ()]
    assert await store.write([doubles(1, {old: 1.0}), doubles(2, {old + 1: 3.0})]) == [(), ()]
    assert await contents(store, 1) == {("m", clock.now): 2.0}
    assert await contents(store, 2) == {("m", old): 3.0, ("m", old + 1): 3.0}
    await store.close()


async def test_a_retention_rule_applies_to_other_stores(iotdb_address: IotdbAddress, clock: Clock) -> None:
    store, other = await opened(iotdb_address, clock), IotdbStore(iotdb_address, clock=clock, rules_seconds=0)
    await other.start()
    await store.write([doubles(1, {clock.now - 2 * HOUR: 1.0})])
    assert await other.count(1, Span()) == 1
    await store.set_retention(None, HOUR)
    assert await other.count(1, Span()) == 0
    await store.close()
    await other.close()


async def test_windows_far_apart_cost_nothing(iotdb_address: IotdbAddress, clock: Clock) -> None:
    store = await opened(iotdb_address, clock)
    await store.write([doubles(1, {-(2**60): 1.0, 0: 2.0, 1: 3.0, 2**60: 4.0})])
    found = await store.aggregate(1, Span(), 1000, [Aggregation.COUNT, Aggregation.MAX, Aggregation.STDDEV])
    assert found.times.tolist() == [-(2**60) // 1000 * 1000, 0, 2**60 // 1000 * 1000]
    await store.close()


async def test_a_span_of_many_thousand_years_costs_nothing(iotdb_address: IotdbAddress, clock: Clock) -> None:
    store, wide = await opened(iotdb_address, clock), Span(-(10**16), 10**16)
    await store.write([doubles(1, {1: 1.0, 2: 2.0}), doubles(2, {1: 1.0, 2**60: 2.0})])
    for device_id, times in ((1, [1, 2]), (2, [1]), (404, [])):
        assert [time for _, time in await contents(store, device_id, wide)] == times
        assert await store.count(device_id, wide) == len(times)
    assert (await store.aggregate(1, wide, 10, [Aggregation.COUNT])).times.tolist() == [0]
    await store.delete(2, wide)
    assert await contents(store, 2) == {("m", 2**60): 2.0}
    await store.close()


async def test_a_device_is_readable_after_all_its_readings_in_memory_were_deleted(
    iotdb_address: IotdbAddress, clock: Clock
) -> None:
    store = await opened(iotdb_address, clock)
    await store.write([doubles(1, {10: 1.0, 20: 2.0}), doubles(2, {10: 1.0})])
    await store.write([doubles(1, {5: 3.0})])
    await store.delete(1, Span())
    assert await contents(store, 1) == {}
    assert await store.count(1, Span()) == 0
    assert await store.latest([1]) == {}
    await store.close()


async def test_without_a_server_the_store_is_unavailable() -> None:
    store = IotdbStore(IotdbAddress(["127.0.0.1:1", "127.0.0.1:2"]))
    await store.start()
    with pytest.raises(Unavailable) as refusal:
        await store.check()
    assert refusal.value.reason == "STORE_UNAVAILABLE"
    await store.close()


async def test_a_refused_login_stops_the_start_with_a_clear_error(
    iotdb_address: IotdbAddress, clock: Clock, tmp_path: Path
) -> None:
    right = await opened(iotdb_address, clock)
    await right.check()
    await right.close()
    address = dataclasses.replace(iotdb_address, password="wrong")
    store = JournaledWriter(IotdbStore(address), tmp_path / "journals", start_seconds=60)
    with pytest.raises(Unavailable) as refusal:
        await store.start()
    assert refusal.value.reason == "STORE_LOGIN_REJECTED"
    assert "IOTFLOW_TELEMETRY" in refusal.value.message


async def test_long_texts_are_read_in_pages_that_fit(iotdb_address: IotdbAddress, clock: Clock) -> None:
    store = await opened(iotdb_address, clock)
    texts = {time: f"{time} " + "x" * 60_000 for time in range(480)}
    await store.write([batch(1, list(texts), column("t", TEXT, list(texts.values())))])
    epoch = store.epoch
    assert await contents(store, 1) == {("t", time): text for time, text in texts.items()}
    assert max([len(chunk.times) async for chunk in store.read(1, Span(), ["t"])]) < 480
    assert store.epoch == epoch
    await store.close()
