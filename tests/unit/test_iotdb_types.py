"""The types of the measurements of devices: queried for many devices together, and not again while they are cached."""

import re

import numpy as np
import pytest

from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.stores.iotdb.blocks import QueryResult, ResultColumn
from iotflow_server.telemetry.stores.iotdb.schema import Paths
from iotflow_server.telemetry.stores.iotdb.type_cache import TypeCache, types_of
from tests.contract.readings import BOOLEAN, DOUBLE, INT64, TEXT
from tests.support.iotdb_session import MemorySession

PATHS = Paths("root.iotflow")


class SchemaSession(MemorySession):
    """Answers with the columns of the named devices, of which all but some have measurements."""

    def __init__(self, *without: int) -> None:
        super().__init__(self._columns)
        self._without = without

    def queried(self) -> list[list[int]]:
        """The devices of each query since the last call."""
        found = [[int(one) for one in re.findall(r"device_(\d+)", statement)] for statement in self.statements]
        self.statements.clear()
        return found

    def _columns(self, statement: str) -> QueryResult:
        devices = [int(one) for one in re.findall(r"device_(\d+)", statement) if int(one) not in self._without]
        names: dict[str, ValueType] = {"b": TEXT, "a": DOUBLE}
        found = {
            f"{PATHS.device(device_id)}.{name}": ResultColumn(kind, np.empty(0, kind.dtype), np.empty(0, np.bool_))
            for device_id in devices
            for name, kind in names.items()
        }
        return QueryResult(np.empty(0, np.int64), found)


@pytest.fixture
def session() -> SchemaSession:
    return SchemaSession(9)


@pytest.fixture
def cache() -> TypeCache:
    """For two devices with two measurements each."""
    return TypeCache(PATHS, capacity=6, most=10)


def test_the_types_of_a_device_are_sorted_by_name(session: SchemaSession) -> None:
    found = types_of(session, PATHS, [1, 9])
    assert found == {1: {"a": DOUBLE, "b": TEXT}, 9: {}}
    assert list(found[1]) == ["a", "b"]


@pytest.mark.parametrize(("devices", "queries"), [(0, []), (200, [200]), (201, [200, 1]), (400, [200, 200])])
def test_two_hundred_devices_are_queried_together(session: SchemaSession, devices: int, queries: list[int]) -> None:
    asked = list(range(1_000, 1_000 + devices))
    assert list(types_of(session, PATHS, asked)) == asked
    queried = session.queried()
    assert [len(one) for one in queried] == queries
    assert [one for devices_of_query in queried for one in devices_of_query] == asked


def test_cached_devices_are_not_queried_until_they_are_forgotten(session: SchemaSession, cache: TypeCache) -> None:
    known = cache.of(session, [1, 2])
    assert known == {device_id: {"a": DOUBLE, "b": TEXT} for device_id in (1, 2)}
    assert cache.of(session, [2, 1]) == known
    assert session.queried() == [[1, 2]]
    cache.forget([1, 7])
    assert cache.of(session, [1, 2]) == known
    assert session.queried() == [[1]]


def test_the_device_that_was_used_least_recently_is_evicted(session: SchemaSession, cache: TypeCache) -> None:
    cache.of(session, [1, 2])
    cache.of(session, [1])
    cache.of(session, [3])
    session.queried()
    cache.of(session, [1, 3])
    assert session.queried() == []
    cache.of(session, [2])
    assert session.queried() == [[2]]


def test_a_device_without_measurements_takes_room_too(session: SchemaSession) -> None:
    cache = TypeCache(PATHS, capacity=3, most=10)
    cache.of(session, [9])
    cache.of(session, [1])
    session.queried()
    cache.of(session, [9])
    assert session.queried() == [[9]]


def test_a_device_larger_than_the_cache_stays_until_the_next(session: SchemaSession) -> None:
    cache = TypeCache(PATHS, capacity=1, most=10)
    for device_id in (1, 1, 2, 2, 1):
        cache.of(session, [device_id])
    assert session.queried() == [[1], [2], [1]]


def test_new_measurements_are_created_by_one_call_and_cached(session: SchemaSession, cache: TypeCache) -> None:
    known = cache.of(session, [1, 2])
    session.queried()
    cache.add(session, known, {1: {"c": INT64, "d": BOOLEAN}, 2: {}})
    assert session.statements == [
        "CREATE ALIGNED TIMESERIES root.iotflow.devices.device_1 "
        "(`c` INT64 ENCODING=TS_2DIFF COMPRESSOR=LZ4, `d` BOOLEAN ENCODING=RLE COMPRESSOR=LZ4)"
    ]
    session.queried()
    assert cache.of(session, [1]) == {1: {"a": DOUBLE, "b": TEXT, "c": INT64, "d": BOOLEAN}}
    cache.add(session, known, {2: {}})
    assert session.statements == []


def test_readings_are_written_to_files_before_and_after_their_measurement_is_dropped(
    session: SchemaSession, cache: TypeCache
) -> None:
    cache.of(session, [1])
    session.queried()
    cache.drop(session, 1, ["a", "time"])
    assert session.statements == [
        "FLUSH root.iotflow",
        "DELETE TIMESERIES root.iotflow.devices.device_1.`a`, root.iotflow.devices.device_1.`%time`",
        "FLUSH root.iotflow",
    ]
    session.queried()
    cache.of(session, [1])
    assert session.queried() == [[1]]
