"""The number of measurements of a device is limited; further ones are rejected and affect nothing else."""

import pytest

from iotflow_server.telemetry.ports import TelemetryStore
from tests.contract.conftest import Opening
from tests.contract.readings import DOUBLE, INT32, TEXT, batch, column, contents, doubles, named

MOST = 3


@pytest.fixture
def most_measurements() -> int:
    return MOST


async def test_a_name_beyond_the_limit_is_rejected_and_known_ones_are_stored(store: TelemetryStore) -> None:
    await store.write([doubles(1, {1: 1.0}, "a"), doubles(1, {1: 1.0}, "b")])
    (refused,) = await store.write(
        [batch(1, [2, 3], *(column(name, DOUBLE, [2.0, None]) for name in ("a", "c", "d", "e")))]
    )
    assert named(refused) == [("d", 0, 1, "TOO_MANY_NAMES"), ("e", 0, 1, "TOO_MANY_NAMES")]
    assert "IOTFLOW_MAX_DEVICE_MEASUREMENTS" in refused[0].message
    assert not refused[0].retryable
    assert await contents(store, 1) == {("a", 1): 1.0, ("b", 1): 1.0, ("a", 2): 2.0, ("c", 2): 2.0}
    assert await store.measurements(1) == {"a": DOUBLE, "b": DOUBLE, "c": DOUBLE}
    assert await store.write([doubles(2, {1: 1.0}, "of another device")]) == [()]


async def test_the_limit_holds_within_one_call_and_after_reopening(make_store: Opening, store: TelemetryStore) -> None:
    answers = await store.write([doubles(1, {number: 1.0}, f"m{number}") for number in range(MOST + 2)])
    assert [len(one) for one in answers] == [0] * MOST + [1, 1]
    await store.close()
    again = make_store()
    await again.start()
    (refused,) = await again.write([batch(1, [9], column("m0", DOUBLE, [9.0]), column("new", TEXT, ["x"]))])
    assert named(refused) == [("new", 0, 1, "TOO_MANY_NAMES")]
    assert (await contents(again, 1))["m0", 9] == 9.0
    await again.close()


async def test_an_atomic_batch_with_a_name_too_many_stores_nothing(store: TelemetryStore) -> None:
    columns = [column(f"m{number}", INT32, [1]) for number in range(MOST + 1)]
    (refused,) = await store.write([batch(1, [1], *columns, atomic=True)])
    assert named(refused) == [(f"m{MOST}", 0, 1, "TOO_MANY_NAMES")]
    assert await store.measurements(1) == {}
