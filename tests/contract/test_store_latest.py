"""The newest values of many devices."""

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import TelemetryStore
from tests.contract.readings import BOOLEAN, INT64, TEXT, batch, column, doubles
from tests.support.latest import plain


async def fill(store: TelemetryStore) -> None:
    await store.write(
        [
            batch(
                1,
                [30, 10, 20],
                column("b", INT64, [None, 2**62 + 1, 7]),
                column("a", TEXT, ["newest", "x", None]),
                column("c", BOOLEAN, [None, True, None]),
            ),
            doubles(2, {-5: 1.0, -9: 2.0}),
            doubles(3, {5: 3.0}),
        ]
    )


async def test_each_measurement_has_its_own_newest_value(store: TelemetryStore) -> None:
    await fill(store)
    assert plain(await store.latest([1])) == {1: [("a", 30, "newest"), ("b", 20, 7), ("c", 10, True)]}


async def test_types_are_returned(store: TelemetryStore) -> None:
    await fill(store)
    found = (await store.latest([1]))[1]
    assert [one.column.type for one in found] == [ValueType.TEXT, ValueType.INT64, ValueType.BOOLEAN]
    assert all(one.column.values.dtype == one.column.type.dtype for one in found)
    assert all(one.column.values.shape == (1,) and one.column.valid is None for one in found)


async def test_many_devices_in_one_call(store: TelemetryStore) -> None:
    await fill(store)
    found = plain(await store.latest([3, 404, 2, 3]))
    assert found == {2: [("m", -5, 1.0)], 3: [("m", 5, 3.0)]}


async def test_the_requested_order(store: TelemetryStore) -> None:
    await fill(store)
    found = plain(await store.latest([1, 2], ["c", "nothing", "a", "c"]))
    assert found == {1: [("c", 10, True), ("a", 30, "newest")]}


async def test_no_devices_and_no_measurements(store: TelemetryStore) -> None:
    await fill(store)
    assert await store.latest([]) == {}
    assert await store.latest([1, 2], []) == {}


async def test_a_late_value_is_not_the_newest_and_an_overwritten_one_is_gone(store: TelemetryStore) -> None:
    await fill(store)
    await store.write([doubles(3, {4: 9.0}), doubles(2, {-5: 8.0})])
    assert plain(await store.latest([2, 3])) == {2: [("m", -5, 8.0)], 3: [("m", 5, 3.0)]}


async def test_ten_thousand_devices(store: TelemetryStore) -> None:
    await store.write([doubles(device_id, {1: float(device_id)}) for device_id in range(1, 10_001)])
    found = plain(await store.latest(range(1, 10_001)))
    assert found == {device_id: [("m", 1, float(device_id))] for device_id in range(1, 10_001)}
