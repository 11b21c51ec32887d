"""Behavior of the SQLite store only: isolation of bad batches, survival of kills, removal of expired readings."""

import asyncio
import errno
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from iotflow.words import Aggregation
from iotflow_server.errors import Unavailable
from iotflow_server.telemetry.batch import ValueType
from iotflow_server.telemetry.ports import Span
from iotflow_server.telemetry.stores.sqlite import SqliteStore, connections, retention, schema, writing
from iotflow_server.telemetry.stores.sqlite.series import SeriesCache
from tests.contract.readings import DOUBLE, INT32, TEXT, Clock, batch, chunks, column, contents, doubles, named

# Writes continuously and prints each acknowledged time.
WRITER = """
import asyncio, sys
from pathlib import Path
import numpy as np
from iotflow_server.telemetry.batch import Batch, Column, ValueType
from iotflow_server.telemetry.stores.sqlite import SqliteStore

async def main():
    store = SqliteStore(Path(sys.argv[1]))
    await store.start()
    for time in range(1_000_000):
        values = np.array([float(time)])
        await store.write([Batch(1, np.array([time]), (Column("m", ValueType.DOUBLE, values),))])
        print(time, flush=True)

asyncio.run(main())
"""
UNSTORABLE = "\ud800"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "readings.db"


def rows(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        return int(connection.execute("SELECT count(*) FROM reading").fetchone()[0])


async def test_an_unstorable_value_rejects_its_own_batch_only(path: Path) -> None:
    store = SqliteStore(path)
    await store.start()
    answers = await store.write(
        [
            doubles(1, {1: 1.0}),
            batch(1, [2, 3], column("m", DOUBLE, [2.0, 3.0]), column("t", TEXT, ["fine", UNSTORABLE])),
            batch(1, [4], column("t", INT32, [4])),
        ]
    )
    assert [named(one) for one in answers] == [[], [("", 0, 2, "UNSTORABLE")], []]
    assert await contents(store, 1) == {("m", 1): 1.0, ("t", 4): 4}
    assert await store.measurements(1) == {"m": DOUBLE, "t": INT32}
    await store.close()


def write_until_killed(path: Path) -> set[int]:
    """Returns the acknowledged times."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        acknowledged = [int(writer.stdout.readline()) for _ in range(200)]
        writer.kill()
        acknowledged += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    return set(acknowledged)


async def test_a_killed_process_loses_nothing_it_acknowledged(path: Path) -> None:
    acknowledged = write_until_killed(path)
    store = SqliteStore(path)
    await store.start()
    assert {time for _, time in await contents(store, 1)} >= acknowledged
    await store.close()


async def test_a_locked_file_is_unavailable_without_the_message_of_the_driver(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(schema, "BUSY_SECONDS", 0.01)
    store = SqliteStore(path)
    await store.start()
    await store.check()
    await store.write([doubles(2, {1: 1.0})])
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("BEGIN IMMEDIATE")
        for call in (
            store.check,
            lambda: store.write([doubles(1, {1: 1.0})]),
            lambda: store.delete(2, Span()),
            lambda: store.drop(2, "m"),
            lambda: store.retype(2, "m", TEXT),
            lambda: store.set_retention(2, 1_000),
            store.expire,
        ):
            with pytest.raises(Unavailable) as refusal:
                await call()
            assert "lock" not in str(refusal.value)
            assert refusal.value.reason == "STORE_UNAVAILABLE"
    await store.check()
    assert await store.write([batch(1, [1], column("m", TEXT, ["x"]))]) == [()]
    assert await store.measurements(1) == {"m": TEXT}
    assert await contents(store, 2) == {("m", 1): 1.0}
    await store.close()


async def test_a_file_of_another_format_is_unavailable_and_unchanged(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"no database at all" * 100)
    store = SqliteStore(path)
    with pytest.raises(Unavailable):
        await store.start()
    await store.close()
    assert path.read_bytes() == b"no database at all" * 100


def connect_small_writer(path: Path) -> sqlite3.Connection:
    """A connection to which the disk seems full when the file has some pages."""
    connection = schema.connect_writer(path)
    connection.execute("PRAGMA max_page_count=20").fetchall()
    return connection


async def test_a_full_disk_is_unavailable_and_acknowledged_readings_stay(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "connect_writer", connect_small_writer)
    store = SqliteStore(path)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])
    with pytest.raises(Unavailable, match="disk of the telemetry store is full"):
        await store.write([doubles(1, {time: float(time) for time in range(50_000)}, "large")])
    assert await store.measurements(1) == {"m": DOUBLE}
    assert await store.write([batch(1, [2], column("large", TEXT, ["x"]))]) == [()]
    assert await contents(store, 1) == {("m", 1): 1.0, ("large", 2): "x"}
    await store.close()


def failed(code: int) -> sqlite3.Error:
    """An error of SQLite with this code."""
    error = sqlite3.OperationalError("not for senders")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (failed(sqlite3.SQLITE_FULL), "disk of the telemetry store is full"),
        (OSError(errno.ENOSPC, "not for senders"), "disk of the telemetry store is full"),
        (OSError(errno.EDQUOT, "not for senders"), "disk of the telemetry store is full"),
        (failed(sqlite3.SQLITE_CANTOPEN), "cannot open its files"),
        (failed(sqlite3.SQLITE_CANTOPEN_ISDIR), "cannot open its files"),
        (OSError(errno.EMFILE, "not for senders"), "cannot open its files"),
        (OSError(errno.ENFILE, "not for senders"), "cannot open its files"),
        (failed(sqlite3.SQLITE_IOERR_WRITE), "see the server's log"),
        (OSError(errno.EIO, "not for senders"), "see the server's log"),
    ],
)
async def test_a_failed_deletion_names_the_cause_and_deletes_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, problem: str
) -> None:
    store = SqliteStore(path)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])

    def fail(*_: object) -> None:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(retention, "remove_slice", fail)
        with pytest.raises(Unavailable, match=problem) as refusal:
            await store.delete(1, Span())
    assert "not for senders" not in str(refusal.value)
    assert await contents(store, 1) == {("m", 1): 1.0}
    await store.delete(1, Span())
    assert await contents(store, 1) == {}
    await store.close()


async def test_expired_readings_are_removed_while_the_store_is_open(path: Path, clock: Clock) -> None:
    store = SqliteStore(path, clock=clock, expiry_seconds=0.01)
    await store.start()
    start, length = clock.now, 50_000
    await store.write([doubles(1, {start + time: 1.0 for time in range(length)}), doubles(2, {start: 1.0})])
    await store.set_retention(1, 1000)
    clock.now += length

    async def removed() -> None:
        while rows(path) > 1001:
            await store.check()

    await asyncio.wait_for(removed(), 30)
    clock.now -= length
    assert await store.count(1, Span()) == 1000
    assert await store.count(2, Span()) == 1
    await store.close()


async def test_a_reader_sees_whole_batches_and_holds_no_lock_between_chunks(path: Path) -> None:
    store = SqliteStore(path)
    await store.start()
    values = [1.0] * 10

    async def grow() -> None:
        for start in range(0, 2000, 10):
            times = range(start, start + 10)
            await store.write([batch(1, times, column("a", DOUBLE, values), column("b", DOUBLE, values))])

    growing = asyncio.create_task(grow())
    while not growing.done():
        for chunk in await chunks(store, 1):
            assert [one.present for one in chunk.columns] == [len(chunk.times)] * 2
            assert len(chunk.times) % 10 == 0
    reading = store.read(1, Span(), chunk_rows=1)
    await anext(reading)
    with closing(sqlite3.connect(path)) as other:
        busy, logged, brought_in = other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    assert (busy, logged, brought_in) == (0, 0, 0)
    await reading.aclose()
    await store.close()
    assert os.listdir(path.parent) == [path.name]


def test_the_catalogue_evicts_the_least_recent_writers(path: Path) -> None:
    lookups: list[str] = []
    with closing(schema.connect_writer(path)) as connection:
        connection.set_trace_callback(lookups.append)
        series_cache = SeriesCache(6)
        for device_id in (1, 2, 3):
            series_cache.add(connection, device_id, {"a": DOUBLE, "b": TEXT})
        lookups.clear()

        def wanted(device_id: int) -> dict[str, ValueType]:
            return series_cache.of(connection, device_id).types

        assert [wanted(device_id) for device_id in (2, 3)] == [{"a": DOUBLE, "b": TEXT}] * 2
        assert lookups == []
        assert wanted(1) == {"a": DOUBLE, "b": TEXT}
        assert len(lookups) == 1
        assert wanted(3) == {"a": DOUBLE, "b": TEXT}
        assert len(lookups) == 1
        series_cache.add(connection, 3, dict.fromkeys("cdef", DOUBLE))
        lookups.clear()
        assert wanted(1) == {"a": DOUBLE, "b": TEXT}
        assert len(lookups) == 1, "further series of a device take the place of another"


def test_devices_that_are_forgotten_repeatedly_leave_the_capacity_as_it_is(path: Path) -> None:
    lookups: list[str] = []
    with closing(schema.connect_writer(path)) as connection:
        series_cache = SeriesCache(6)
        for _ in range(10):
            series_cache.add(connection, 1, {})
            series_cache.forget([1, 2, 3])
        for device_id in (1, 2):
            series_cache.add(connection, device_id, {"a": DOUBLE, "b": TEXT})
        connection.set_trace_callback(lookups.append)
        for device_id in (1, 2):
            series_cache.of(connection, device_id)
        assert lookups == [], "both fit"
        series_cache.add(connection, 3, {"a": DOUBLE})
        lookups.clear()
        series_cache.of(connection, 1)
        assert len(lookups) == 1, "the third takes the place of the first"


@pytest.mark.parametrize("count", [0, 1, 2**31 - 1])
def test_a_dropped_series_is_noticed_by_other_processes_only(path: Path, count: int) -> None:
    """count: number of series dropped or retyped before."""
    with closing(schema.connect_writer(path)) as one, closing(schema.connect_writer(path)) as other:
        one.execute(f"PRAGMA user_version={count}")
        dropping, noticing = SeriesCache(6), SeriesCache(6)
        for connection, cache in ((one, dropping), (other, noticing)):
            writing.write(connection, cache, [doubles(1, {1: 1.0}, name) for name in "mno"], None)
        # Twice, because a count that returns to its value would hide both.
        writing.drop(one, dropping, 1, "m")
        writing.drop(one, dropping, 1, "o")
        lookups: list[str] = []
        for connection, cache in ((one, dropping), (other, noticing)) * 2:
            connection.set_trace_callback(
                lambda statement: lookups.append(statement) if "series" in statement else None
            )
            with schema.transaction(connection):
                cache.refresh(connection)
                assert cache.of(connection, 1).types == {"n": DOUBLE}
        assert len(lookups) == 1, "only the other process queries the series again, and once"


def contents_of_file(path: Path) -> bytes:
    return path.read_bytes()


def turned_over(path: Path, page: int) -> bytes:
    """The content of the file with the first 400 bytes of a page inverted."""
    content = bytearray(path.read_bytes())
    start = page * 4096 if page > 0 else len(content) - 4096
    content[start : start + 400] = bytes(byte ^ 0xFF for byte in content[start : start + 400])
    path.write_bytes(content)
    return bytes(content)


@pytest.mark.parametrize("page", [1, 3, 20, -1])
async def test_a_damaged_file_is_an_error_and_never_an_empty_result(path: Path, page: int) -> None:
    """400 bytes of a page are inverted; the file is not written to any more."""
    store = SqliteStore(path)
    await store.start()
    await store.write([doubles(device_id, dict.fromkeys(range(2000), 0.5)) for device_id in range(1, 6)])
    await store.close()
    content = turned_over(path, page)
    store = SqliteStore(path)
    await store.start()
    for call in (
        store.check,
        lambda: store.write([doubles(1, {1: 1.0})]),
        lambda: chunks(store, 1),
        lambda: store.latest([1]),
        lambda: store.count(1, Span()),
        lambda: store.measurements(1),
        lambda: store.aggregate(1, Span(0, 10), 10, [Aggregation.COUNT]),
    ):
        with pytest.raises(Unavailable) as refusal:
            await call()
        assert refusal.value.reason == "STORE_DAMAGED"
        assert path.name in refusal.value.message
        assert ".recover" in refusal.value.message
    await store.close()
    assert contents_of_file(path) == content


async def test_damage_found_later_ends_the_use_of_the_file(path: Path) -> None:
    store = SqliteStore(path)
    await store.start()
    await store.write([doubles(1, {1: 1.0})])

    path.write_bytes(b"x" * 100_000)
    path.with_name(path.name + "-wal").write_bytes(b"")
    with pytest.raises(Unavailable):
        await contents(store, 1)
    with pytest.raises(Unavailable) as refusal:
        await store.check()
    assert refusal.value.reason == "STORE_DAMAGED"
    await store.close()


async def test_series_dropped_or_retyped_by_another_process_are_not_written_to(path: Path) -> None:
    """Both processes have the series in their caches."""
    one, other = SqliteStore(path), SqliteStore(path)
    await one.start()
    await other.start()
    first = batch(1, [1], column("m", TEXT, ["1.5"]), column("n", INT32, [1]))
    await one.write([first])
    await other.write([first])
    await one.drop(1, "m")
    await one.retype(1, "n", DOUBLE)
    assert await other.write([batch(1, [2], column("m", DOUBLE, [2.5]), column("n", DOUBLE, [0.5]))]) == [()]
    await one.expire()
    for store in (one, other):
        assert await contents(store, 1) == {("m", 2): 2.5, ("n", 1): 1.0, ("n", 2): 0.5}
        assert await store.measurements(1) == {"m": DOUBLE, "n": DOUBLE}
        await store.close()
    assert rows(path) == 3


def deny_count(action: int, name: str | None, value: str | None, *_: object) -> int:
    """Let the change of the count of dropped and retyped series fail."""
    is_count = action == sqlite3.SQLITE_PRAGMA and name == "user_version" and value is not None
    return sqlite3.SQLITE_DENY if is_count else sqlite3.SQLITE_OK


@pytest.mark.parametrize(
    "change",
    [
        lambda connection, cache: writing.drop(connection, cache, 1, "m"),
        lambda connection, cache: writing.retype(connection, cache, 1, "m", TEXT),
    ],
    ids=["drop", "retype"],
)
def test_a_failed_change_of_a_series_hides_no_change_of_another_process(
    path: Path, change: Callable[[sqlite3.Connection, SeriesCache], None]
) -> None:
    with closing(schema.connect_writer(path)) as one, closing(schema.connect_writer(path)) as other:
        failing, changing = SeriesCache(6), SeriesCache(6)
        writing.write(one, failing, [doubles(1, {1: 1.0}), doubles(2, {1: 1.0})], None)
        one.set_authorizer(deny_count)
        with pytest.raises(sqlite3.DatabaseError):
            change(one, failing)
        one.set_authorizer(None)
        # The other process reaches the count that the failed change would have had.
        writing.drop(other, changing, 2, "m")
        with schema.transaction(one):
            failing.refresh(one)
            assert failing.of(one, 2).types == {}
            assert failing.of(one, 1).types == {"m": DOUBLE}
